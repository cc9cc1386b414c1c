"""Headings and sections."""

from __future__ import annotations

import pytest

from ingest.structure import Heading, find_headings, headings_at, sections

_TEXT = "Title\n\nintro\n\nA\n\nunder a\n\nB\n\nC\n\nunder c\n\nD"


def _heading(title: str, level: int) -> Heading:
    start = _TEXT.index(title)
    return Heading(start, start + len(title), level, title)


_HEADINGS = [_heading("Title", 1), _heading("A", 2), _heading("B", 2), _heading("C", 3), _heading("D", 2)]


def test_sections_carry_the_titles_above_them_without_the_document_title() -> None:
    found = [(_TEXT[s.start : s.end].strip(), s.headings) for s in sections(_TEXT, _HEADINGS, "title")]
    assert found == [("intro", ()), ("under a", ("A",)), ("under c", ("B", "C")), ("D", ())]


def test_headings_at_an_offset() -> None:
    assert headings_at(_HEADINGS, _TEXT.index("under c"), "Title") == ("B", "C")
    assert headings_at(_HEADINGS, _TEXT.index("under c"), "Other") == ("Title", "B", "C")
    assert headings_at(_HEADINGS, 0, "Title") == ()


def test_text_without_headings_is_one_section() -> None:
    assert [(s.start, s.end, s.headings) for s in sections("some text", [])] == [(0, 9, ())]


def test_numbered_headings_must_count_as_sections_do() -> None:
    text = "1 Introduction\n2 cats sat\n7 Table Row\n1.1 Motivation\ntext\n2 Method\n2.1 Data\n"
    text += "3.5 Loose Number\nReferences"
    assert [(h.title, h.level) for h in find_headings(text)] == [
        ("1 Introduction", 1),
        ("1.1 Motivation", 2),
        ("2 Method", 1),
        ("2.1 Data", 2),
        ("References", 1),
    ]


@pytest.mark.parametrize(
    "text", ["1. First item\n2. Second item\n3. Third item", "Steps\n1. Watch the film\nIt is long."]
)
def test_numbered_lists_are_no_headings(text: str) -> None:
    assert find_headings(text) == ()


def test_headings_are_slices_of_the_text() -> None:
    text = "Аннотация\nтекст\n1. Введение\nтекст\n2. Метод\nтекст"
    found = find_headings(text)
    assert [h.title for h in found] == ["Аннотация", "1. Введение", "2. Метод"]
    assert all(text[h.start : h.end] == h.title for h in found)


@pytest.mark.parametrize(("start", "end", "level"), [(2, 2, 1), (-1, 3, 1), (0, 3, 0), (0, 3, 10)])
def test_impossible_headings_are_refused(start: int, end: int, level: int) -> None:
    with pytest.raises(ValueError, match="not a heading"):
        Heading(start, end, level, "x")
