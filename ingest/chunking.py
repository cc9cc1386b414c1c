"""Documents become chunks: slices small enough for the embedder, with the headings above them.

`chunk_document` cuts the document into sections at its headings, lets a splitter (`ingest.splitters`)
choose the boundaries inside each, trims whitespace, and adds overlap. Two promises hold whatever the
splitter: a chunk's text is the document's own slice, `document.text[chunk.start:chunk.end] == chunk.text`,
and no chunk has more than `max_tokens` by the caller's `count_tokens`. Heading lines stand in
`chunk.headings`, not in the text, except with the two splitters that are blind to structure on purpose
("character", "recursive").
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from ingest.document import Chunk, Document, chunk_id
from ingest.errors import ChunkingError
from ingest.sentences import split_sentences
from ingest.splitters import (
    CountTokens,
    Embed,
    Interval,
    agentic_intervals,
    character_intervals,
    recursive_intervals,
    semantic_intervals,
    window_intervals,
)
from ingest.structure import Heading, Section, find_headings, headings_at, sections

Splitter = Literal["character", "recursive", "structure", "semantic", "agentic", "sentence_window"]
SPLITTERS: tuple[Splitter, ...] = get_args(Splitter)

_VERSION = 5  # raise it when parsers or splitters give other results, so that unchanged files are read anew


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How to cut. max_tokens, overlap_tokens: by the embedder's own count, special tokens included.

    The default, "structure", is recursive splitting inside the sections. overlap_tokens: how much of the
    text before it a chunk repeats, in whole sentences; not used by "sentence_window", whose windows overlap
    anyway.
    """

    splitter: Splitter = "structure"
    max_tokens: int = 240
    overlap_tokens: int = 0

    def __post_init__(self) -> None:
        if self.splitter not in SPLITTERS:
            raise ChunkingError(f"unknown splitter {self.splitter!r}: use one of {', '.join(SPLITTERS)}")
        if self.max_tokens < 8:
            raise ChunkingError(f"max_tokens={self.max_tokens} is too small: use 8 or more")
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise ChunkingError(f"overlap_tokens={self.overlap_tokens}: use 0 to {self.max_tokens // 2}, half a chunk")

    def digest(self) -> str:
        """A short hash of the settings: files ingested under another one are chunked anew."""
        values = sorted(asdict(self).items())
        return hashlib.sha256(f"{_VERSION} {values}".encode()).hexdigest()[:12]


def chunk_document(
    document: Document,
    *,
    splitter: Splitter = "structure",
    max_tokens: int,
    overlap_tokens: int = 0,
    count_tokens: CountTokens,
    embed: Embed | None = None,
    headings: Sequence[Heading] | None = None,
) -> list[Chunk]:
    """Cuts `document` into chunks, in order; all visible text outside heading lines is in one.

    headings: as the parser found them; None looks for numbered ones in the text. embed: texts -> [N, C]
    vectors, for "semantic" and "agentic" only. Raises ChunkingError if the settings cannot be met.
    """
    settings = ChunkSettings(splitter, max_tokens, overlap_tokens)
    if splitter in ("semantic", "agentic") and embed is None:
        raise ChunkingError(f"the {splitter} splitter needs an embedder: pass embed, or choose structure")
    known = tuple(find_headings(document.text) if headings is None else headings)
    count = _Memo(count_tokens)
    chunks: list[Chunk] = []
    for section in _sections_for(document, known, splitter):
        text = document.text[section.start : section.end]
        for start, end in _intervals(text, settings, count, embed):
            start, end = _trimmed(text, start, end)
            if start == end:
                continue
            start, end = section.start + start, section.start + end
            titles = section.headings or headings_at(known, start, document.title)
            chunks.append(
                Chunk(
                    chunk_id(document.id, start, end),
                    document.id,
                    start,
                    end,
                    document.text[start:end],
                    titles,
                )
            )
    return chunks


def _sections_for(document: Document, headings: Sequence[Heading], splitter: Splitter) -> list[Section]:
    if splitter in ("character", "recursive"):
        return [Section(0, len(document.text), ())]
    return sections(document.text, headings, document.title)


def _intervals(text: str, settings: ChunkSettings, count: CountTokens, embed: Embed | None) -> list[Interval]:
    """Intervals of `text`, overlap included, none above the limit."""
    if settings.splitter == "sentence_window":
        return window_intervals(text, settings.max_tokens, count)
    room = settings.max_tokens - settings.overlap_tokens
    if settings.splitter == "character":
        intervals = character_intervals(text, room, count)
    elif settings.splitter == "semantic" and embed is not None:
        intervals = semantic_intervals(text, room, count, embed)
    elif settings.splitter == "agentic" and embed is not None:
        intervals = agentic_intervals(text, room, count, embed)
    else:
        intervals = recursive_intervals(text, room, count)
    if not settings.overlap_tokens:
        return intervals
    return _with_overlap(text, intervals, settings, count)


def _with_overlap(
    text: str, intervals: Sequence[Interval], settings: ChunkSettings, count: CountTokens
) -> list[Interval]:
    """Moves each start back over whole sentences before it, while they fit in the overlap and the limit."""
    starts = [start for start, _ in split_sentences(text)]
    widened: list[Interval] = []
    position = 0
    for start, end in intervals:
        while position < len(starts) and starts[position] < start:
            position += 1
        best = start
        for candidate in reversed(starts[max(0, position - 20) : position]):
            if (
                count(text[candidate:start]) > settings.overlap_tokens
                or count(text[candidate:end]) > settings.max_tokens
            ):
                break
            best = candidate
        widened.append((best, end))
    return widened


def _trimmed(text: str, start: int, end: int) -> Interval:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


class _Memo:
    """`count_tokens` with a memory for one document: splitters ask for the same piece several times."""

    def __init__(self, count_tokens: CountTokens) -> None:
        self._count_tokens = count_tokens
        self._counts: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        count = self._counts.get(text)
        if count is None:
            count = self._counts[text] = self._count_tokens(text)
        return count
