"""The part of a file between two markers: read, renewed, and nothing else touched."""

from __future__ import annotations

from pathlib import Path

from corpus.marked import between, renew

BEGIN, END = "<!-- a: begin -->", "<!-- a: end -->"


def test_what_is_between_the_markers_is_renewed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"One.\n\n{BEGIN}\nold\n{END}\nTwo.", encoding="utf-8")
    assert between(path.read_text(encoding="utf-8"), BEGIN, END) == "old"
    for _ in range(2):  # again changes nothing
        assert renew(path, BEGIN, END, ["", "new", "er", ""])
        assert path.read_text(encoding="utf-8") == f"One.\n\n{BEGIN}\n\nnew\ner\n\n{END}\nTwo."


def test_without_both_markers_in_order_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    assert not renew(path, BEGIN, END, ["new"]) and not path.exists()
    for text in (BEGIN, END, f"{END}{BEGIN}", ""):
        path.write_text(text, encoding="utf-8")
        assert not renew(path, BEGIN, END, ["new"]) and path.read_text(encoding="utf-8") == text
        assert between(text, BEGIN, END) is None
