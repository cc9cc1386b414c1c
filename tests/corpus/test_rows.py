"""The rows written for shared sets and the glossary: what ships is clean, and each fault is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.check_rows import check_rows
from corpus.records import CorpusError
from corpus.rows import load_glossary, load_rows


def messages(root: Path) -> list[str]:
    return [finding.message for finding in check_rows(root)[1]]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_what_ships_is_clean_and_is_there() -> None:
    sizes, findings = check_rows(Path(__file__).parents[2] / "corpus")
    assert not findings
    assert sizes["answers"] > 1900 and sizes["translations"] > 1900 and sizes["glossary"] > 3000


def test_a_row_that_comes_twice_or_in_the_wrong_language_is_found(tmp_path: Path) -> None:
    write(
        tmp_path / "reading" / "answers" / "a.jsonl",
        '{"row": "1", "full": "It fell in 1453."}\n{"row": "1", "full": "Город пал в этом году."}\n',
    )
    write(tmp_path / "reading" / "translations" / "a.jsonl", '{"row": "1", "question_ru": "When did it fall?"}\n')
    found = " ".join(messages(tmp_path))
    assert "comes twice" in found and "language of answers" in found and "language of translations" in found


@pytest.mark.parametrize("line", ["token\tтокен", "token\tтокен\tword", "\tтокен\tterm"])
def test_a_glossary_line_of_another_shape_names_its_line(tmp_path: Path, line: str) -> None:
    write(tmp_path / "glossary.tsv", f"# english, russian, kind\nattention\tвнимание\tterm\n{line}\n")
    with pytest.raises(CorpusError, match=r"glossary\.tsv:3"):
        load_glossary(tmp_path)
    assert len(messages(tmp_path)) == 1


def test_an_unknown_field_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "reading" / "answers" / "a.jsonl", '{"row": "1", "ful": "It fell."}\n')
    with pytest.raises(CorpusError, match="ful"):
        load_rows("answers", tmp_path)
