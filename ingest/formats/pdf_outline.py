"""What a PDF says about itself: its outline (bookmarks) and its title; both are often missing or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from pypdf import PdfReader
from pypdf.generic import Destination

from ingest.clean import clean_line

_MAX_ENTRIES = 2_000
_MAX_DEPTH = 6
_LEAST_LETTERS = 4
_FIRST_LINES, _MAX_TITLE_CHARS = 25, 250
_ABSTRACT = re.compile(r"abstract|аннотация|summary|摘要", re.IGNORECASE)
# Titles that programs write when nobody gave one.
_NO_TITLE = re.compile(
    r"untitled|title|microsoft (?:word|powerpoint).*|.*\.(?:dvi|docx?|tex|pdf|indd|pptx?|ps|qxd)|\W*"
    r"|<[0-9a-f]+>|arxiv:.*|slide 1|preprint.*|published as a conference paper.*",
    re.IGNORECASE,
)


def outline_titles(reader: PdfReader) -> list[tuple[str, int, int]]:
    """(title, level from 1, page index) of the outline's entries; empty if there is none or it is broken."""
    try:
        return [entry for _, entry in zip(range(_MAX_ENTRIES), _walk(reader, reader.outline, 1), strict=False)]
    except Exception:  # an outline is a convenience: whatever is wrong with it, the text can still be read
        return []


def _walk(reader: PdfReader, entries: Any, level: int) -> Iterator[tuple[str, int, int]]:
    for entry in entries:
        if isinstance(entry, list):
            if level < _MAX_DEPTH:
                yield from _walk(reader, entry, level + 1)
        elif isinstance(entry, Destination):
            page = reader.get_destination_page_number(entry)
            title = clean_line(str(entry.title or ""))
            if page is not None and title:
                yield title, level, page


class TypeSizes:
    """Listens to pypdf while it reads a page (`visitor_text`); notes the size of type of each line."""

    def __init__(self) -> None:
        self._runs: list[tuple[str, float]] = []

    def visit(self, text: str, user: list[float], matrix: list[float], _font: Any, size: float) -> None:
        """A run of text and the two matrices that place it, as pypdf calls it; sizes come out in points."""
        upright = abs(matrix[1]) < 1e-3 and abs(user[1]) < 1e-3  # the stamp of arXiv stands on its side
        self._runs.append((text, size * abs(matrix[3]) * abs(user[3]) if upright else 0.0))

    def lines(self) -> list[tuple[str, float]]:
        """(clean line, size of its largest type), empty lines left out."""
        found = [("", 0.0)]
        for text, size in self._runs:
            first, *others = text.split("\n")
            found[-1] = (found[-1][0] + first, max(found[-1][1], size if first.strip() else 0.0))
            found += [(other, size) for other in others]
        return [(clean_line(line), size) for line, size in found if line.strip()]


def title_of(reader: PdfReader, first_page: TypeSizes) -> list[str]:
    """The lines of the title: in the file's metadata if a person wrote it, else as on page 1, else none."""
    stated = ""
    with suppress(Exception):  # a broken metadata dictionary is no reason to fail
        stated = clean_line(str((reader.metadata.title if reader.metadata else "") or ""))
    return [stated] if _could_be_title(stated) else _largest_lines(first_page.lines())


def _largest_lines(lines: Sequence[tuple[str, float]]) -> list[str]:
    """The lines above the abstract in the largest type; small capitals count with their large ones."""
    abstract = next((i for i, (line, _) in enumerate(lines) if _ABSTRACT.fullmatch(line)), _FIRST_LINES)
    top = [(line, size) for line, size in lines[:abstract] if _could_be_title(line)]
    if not top:
        return []
    largest = max(size for _, size in top)
    title = [line for line, size in top if size > 0.95 * largest]
    return title if sum(map(len, title)) <= _MAX_TITLE_CHARS else []


def _could_be_title(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= _LEAST_LETTERS and not _NO_TITLE.fullmatch(text)
