"""Notes chunked as at ingest, and the chunks that hold the evidence of a question about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corpus.format import ROOT, Question
from ingest.chunking import ChunkSettings, chunk_document
from ingest.document import Chunk, Document
from ingest.formats import markdown
from ingest.limits import Limits

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chunked:
    """A note as the library would hold it."""

    document: Document
    chunks: tuple[Chunk, ...]


def load_notes(count_tokens: Callable[[str], int], root: Path = ROOT) -> dict[str, Chunked]:
    """Notes and material entries by path relative to the corpus (`notes/en/kv-cache.md`)."""
    settings = ChunkSettings()
    notes = {}
    for path in sorted([*root.glob("notes/*/*.md"), *root.glob("materials/*/*.md")]):
        parsed = markdown.parse(path.read_bytes(), path.name, Limits())
        name = path.relative_to(root).as_posix()
        document = parsed.document(name)
        chunks = chunk_document(
            document, splitter=settings.splitter, max_tokens=settings.max_tokens,
            overlap_tokens=settings.overlap_tokens, count_tokens=count_tokens, headings=parsed.headings,
        )
        notes[name] = Chunked(document, tuple(chunks))
    return notes


def gold_chunks(
    question: Question, notes: dict[str, Chunked]
) -> list[tuple[Document, Chunk, list[Interval]]] | None:
    """The chunks that hold the quotes, in order of the evidence, with the quotes' intervals; None if one is lost."""
    found: dict[str, tuple[Document, Chunk, list[Interval]]] = {}
    for evidence in question.evidence:
        note = notes.get(evidence.document)
        start = -1 if note is None else note.document.text.find(evidence.quote)
        if note is None or start < 0:
            return None
        end = start + len(evidence.quote)
        for chunk in note.chunks:
            a, b = max(start, chunk.start), min(end, chunk.end)
            if b - a >= 0.5 * len(evidence.quote):
                entry = found.setdefault(chunk.id, (note.document, chunk, []))
                entry[2].append((a - chunk.start, b - chunk.start))
    return list(found.values()) or None
