"""The records that everything else points into: a document, its pages, its chunks.

Offsets are character offsets into `Document.text`, the cleaned text; a citation is a pair of them. Records are
frozen: changed content is a new document with a new id, so an old citation can never point at new words.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `text[start:end]` of its document. Formats without pages have a single page 1.

    Raises ValueError if the number is below 1 or the interval is reversed.
    """

    number: int
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.number < 1 or not 0 <= self.start <= self.end:
            raise ValueError(f"not a page: number={self.number}, start={self.start}, end={self.end}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read.

    id: the first 16 hex digits of `sha256`. sha256: of the cleaned text, so the same content met at two places is
    one document with two `sources` (paths or URLs, sorted). language: "ru", "en" or another ISO 639-1 code.
    pages: in order, covering the text without overlap.
    """

    id: str
    title: str
    sources: tuple[str, ...]
    language: str
    sha256: str
    pages: tuple[Page, ...]
    text: str

    def page(self, number: int) -> Page | None:
        """The page of that number; None if there is none."""
        return next((page for page in self.pages if page.number == number), None)

    def page_of(self, offset: int) -> int:
        """Number of the page that holds the character at `offset`."""
        starts = [page.start for page in self.pages]
        return self.pages[max(0, bisect_right(starts, offset) - 1)].number


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of a document, small enough for the embedder: `document.text[start:end] == text`, always.

    id: `document_id:start-end`. headings: the titles above the chunk, outermost first (document title not included).
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.end - self.start != len(self.text):
            raise ValueError(f"chunk {self.id}: {self.end - self.start} characters claimed, {len(self.text)} held")


def document_hash(text: str) -> str:
    """SHA-256 of the cleaned text in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chunk_id(document_id: str, start: int, end: int) -> str:
    """The chunk's content-derived name: it survives re-ingestion and never needs a counter."""
    return f"{document_id}:{start}-{end}"
