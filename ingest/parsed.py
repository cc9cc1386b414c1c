"""What a parser returns, and the builder with which parsers put clean text together and keep offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.clean import clean_line, clean_lines
from ingest.document import Document, Page, document_hash
from ingest.language import detect_language
from ingest.structure import Heading, find_headings

_MAX_TITLE_CHARS = 300
_BETWEEN_BLOCKS = "\n\n"
_WORDLESS = re.compile(r"[\W_]*")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's content. text: clean. pages: in order, covering the text; formats without pages have one.

    headings: with their offsets in `text`. warnings: one line each, for what could not be read.
    """

    title: str
    text: str
    pages: tuple[Page, ...]
    language: str
    headings: tuple[Heading, ...] = ()
    warnings: tuple[str, ...] = ()

    def document(self, *sources: str) -> Document:
        """The document with this content; its id is the content's hash."""
        sha256 = document_hash(self.text)
        return Document(sha256[:16], self.title, tuple(sorted(sources)), self.language, sha256, self.pages, self.text)

    def as_json(self) -> dict[str, Any]:
        """Plain values, the form in which it leaves the parser process (never a pickle)."""
        return {
            "title": self.title,
            "text": self.text,
            "pages": [[page.number, page.start, page.end] for page in self.pages],
            "language": self.language,
            "headings": [[h.start, h.end, h.level, h.title] for h in self.headings],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Parsed:
        """The inverse of `as_json`. Raises ValueError, KeyError or TypeError for anything else."""
        parsed = cls(
            title=str(values["title"]),
            text=str(values["text"]),
            pages=tuple(Page(int(n), int(start), int(end)) for n, start, end in values["pages"]),
            language=str(values["language"]),
            headings=tuple(Heading(int(a), int(b), int(level), str(t)) for a, b, level, t in values["headings"]),
            warnings=tuple(str(warning) for warning in values["warnings"]),
        )
        ends = [page.end for page in parsed.pages] + [heading.end for heading in parsed.headings]
        if not parsed.pages or max(ends) > len(parsed.text):
            raise ValueError("offsets beyond the text")
        return parsed


@dataclass
class TextBuilder:
    """Collects blocks (paragraphs, headings, code) in order; `build` joins them by empty lines."""

    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _headings: list[Heading] = field(default_factory=list)

    def paragraph(self, text: str) -> None:
        """A block of running text: all its whitespace becomes single spaces."""
        self._add(clean_line(text))

    def lines(self, text: str) -> None:
        """A block whose line breaks and indentation mean something: a list, a table, code."""
        self._add(clean_lines(text))

    def heading(self, text: str, level: int) -> None:
        """A title line. Levels are brought into 1..9; a title without a letter or digit is dropped."""
        title = clean_line(text)
        if _WORDLESS.fullmatch(title):
            return
        start = self._add(title)
        self._headings.append(Heading(start, start + len(title), min(max(level, 1), 9), title))

    def _add(self, block: str) -> int:
        """Appends a block; returns where it starts. An empty block is nothing."""
        if not block.strip():
            return self._length
        start = self._length + (len(_BETWEEN_BLOCKS) if self._parts else 0)
        self._parts.append(block)
        self._length = start + len(block)
        return start

    def build(self, *, title: str, fallback_title: str, warnings: Sequence[str] = ()) -> Parsed:
        """The finished content as one page.

        title: as the format itself names it, "" if it does not; then the first heading of the highest level
        counts, then `fallback_title`. Without any heading, numbered ones are looked for in the text.
        """
        text = _BETWEEN_BLOCKS.join(self._parts)
        headings = tuple(self._headings) or find_headings(text)
        name = clean_line(title) or _top_heading(self._headings) or clean_line(fallback_title)
        return Parsed(
            title=name[:_MAX_TITLE_CHARS],
            text=text,
            pages=(Page(1, 0, len(text)),),
            language=detect_language(text),
            headings=headings,
            warnings=tuple(warnings),
        )


def _top_heading(headings: Sequence[Heading]) -> str:
    """The first heading of level 1, else the first of all, else ""."""
    top = next((heading for heading in headings if heading.level == 1), None)
    return (top or headings[0]).title if headings else ""
