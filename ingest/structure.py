"""Headings and the sections they make: which titles stand above a given offset of a document.

A parser that knows the headings (Markdown, HTML, DOCX, EPUB, notebooks) reports them with their offsets in
the cleaned text. For text without markup (PDF, plain text) `find_headings` finds the numbered ones ("3.2
Attention") and a few unnumbered names of paper sections ("Abstract", "References") on lines of their own:
cheap, and wrong rarely enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Heading:
    """A title line: `text[start:end] == title` in the cleaned text. level: from 1 (outermost) to 9.

    Raises ValueError if the interval is empty or the level is out of range.
    """

    start: int
    end: int
    level: int
    title: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or not 1 <= self.level <= 9:
            raise ValueError(f"not a heading: start={self.start}, end={self.end}, level={self.level}")


@dataclass(frozen=True, slots=True)
class Section:
    """The text under one heading, its line excluded, up to the next heading of any level.

    headings: the titles above it, outermost first, its own last.
    """

    start: int
    end: int
    headings: tuple[str, ...]


def sections(text: str, headings: Sequence[Heading], document_title: str = "") -> list[Section]:
    """Cuts `text` at its headings. A heading that equals the document's title counts as none.

    Together with the heading lines the sections cover the text; sections of whitespace only are left out,
    but a heading under which nothing stands at all (no text, no deeper heading) is its own section, so no
    title is lost.
    """
    found: list[Section] = []
    path: list[Heading] = []
    starts = [heading.start for heading in headings] + [len(text)]
    if text[: starts[0]].strip():
        found.append(Section(0, starts[0], ()))
    for position, heading in enumerate(headings):
        while path and path[-1].level >= heading.level:
            path.pop()
        if not _same_title(heading.title, document_title):
            path.append(heading)
        titles = tuple(above.title for above in path)
        end = starts[position + 1]
        if text[heading.end : end].strip():
            found.append(Section(heading.end, end, titles))
        elif position + 1 == len(headings) or headings[position + 1].level <= heading.level:
            found.append(Section(heading.start, end, titles[:-1]))
    return found


def headings_at(headings: Iterable[Heading], offset: int, document_title: str = "") -> tuple[str, ...]:
    """The titles above the character at `offset`, outermost first, without the document's own title."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start > offset:
            break
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
    return tuple(above.title for above in path if not _same_title(above.title, document_title))


def _same_title(heading: str, document_title: str) -> bool:
    return heading.strip().casefold() == document_title.strip().casefold()


# "3 Method", "3.2. Results", "A.1 Details": a number, then a capitalised title of at most nine words, no
# end stop.
_NUMBERED = re.compile(
    r"^(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.\d{1,2}){1,3})\.?[ \t]+"
    r"(?P<title>[^\W\d_a-zа-яё][^\n]{1,80})$",
    re.MULTILINE,
)
_NAMED = re.compile(
    r"^(?:Abstract|Introduction|Related Work|Conclusions?|Discussion|Acknowledge?ments?|References"
    r"|Bibliography|Appendix(?: [A-Z])?|Limitations|Аннотация|Введение|Заключение|Выводы|Обсуждение"
    r"|Благодарности|Список литературы|Литература|Приложение(?: [А-ЯA-Z])?)$",
    re.MULTILINE | re.IGNORECASE,
)
_MAX_TITLE_WORDS = 12


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A line that may be a heading. number: (3, 2) for "3.2", letters as their code points, () without a
    number.
    """

    heading: Heading
    number: tuple[int, ...]


def find_headings(text: str) -> tuple[Heading, ...]:
    """Numbered headings and common section names of a text without markup, in order.

    Numbers must grow as numbers of sections do ("2" or "1.1" after "1"; never "7" after "2"), which keeps
    out table rows and figures; numbered lines in a row are a list. Long numbered lists of short paragraphs
    remain a source of error.
    """
    candidates: list[_Candidate] = []
    for match in _NUMBERED.finditer(text):
        title = match["title"].rstrip()
        if len(title.split()) <= _MAX_TITLE_WORDS and not title.endswith((".", ",", ";", ":", "?", "!")):
            number = tuple(int(part) if part.isdigit() else ord(part) for part in match["number"].split("."))
            heading = Heading(match.start(), match.end(), len(number), match[0])
            candidates.append(_Candidate(heading, number))
    for match in _NAMED.finditer(text):
        candidates.append(_Candidate(Heading(match.start(), match.end(), 1, match[0]), ()))
    candidates.sort(key=lambda candidate: candidate.heading.start)
    found = _without_lists(text, _in_sequence(candidates))
    # A single number proves no order: "1. Watch the film" is more often an item than a section.
    is_numbered = sum(bool(candidate.number) for candidate in found) > 1
    return tuple(candidate.heading for candidate in found if is_numbered or not candidate.number)


def _in_sequence(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Those whose numbers follow one another, and all without a number."""
    found: list[_Candidate] = []
    last: tuple[int, ...] = (0,)
    for candidate in candidates:
        if not candidate.number:
            found.append(candidate)
        elif _follows(candidate.number, last):
            last = candidate.number
            found.append(candidate)
    return found


def _without_lists(text: str, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Drops neighbours of one level with nothing between them: numbered lines in a row are a list."""
    items = set()
    for first, second in pairwise(candidates):
        between = text[first.heading.end : second.heading.start]
        if first.number and len(first.number) == len(second.number) and not between.strip():
            items |= {first.number, second.number}
    return [candidate for candidate in candidates if candidate.number not in items]


def _follows(number: tuple[int, ...], last: tuple[int, ...]) -> bool:
    """Whether section `number` may come next after `last`: a first child, or one more at any level above."""
    if number == (*last, 1) or number[0] >= ord("A") > last[0]:
        return True
    depth = len(number)
    return depth <= len(last) and number[:-1] == last[: depth - 1] and 0 < number[-1] - last[depth - 1] <= 1
