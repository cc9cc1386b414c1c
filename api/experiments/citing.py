"""A citation of a place in a passage, for arms that do not get theirs from Lectern's decoder."""

from __future__ import annotations

from collections.abc import Sequence

from api.answer_json import first_source
from generator.answer import Citation
from ingest.document import Chunk, Document
from ingest.sentences import split_sentences
from retrieval.hit import Hit


def citation_of(
    document: Document, chunk: Chunk, interval: tuple[int, int], number: int, support: float | None = None
) -> Citation:
    """A citation of `interval` of the chunk's text. number, support: see Citation."""
    start, end = chunk.start + interval[0], chunk.start + interval[1]
    return Citation(
        number, chunk.id, document.id, document.title, first_source(document), document.page_of(start), start, end,
        document.text[start:end], support,
    )


def sentences_of(hits: Sequence[Hit]) -> list[tuple[Chunk, tuple[int, int]]]:
    """Every sentence of the passages, as (passage, interval of its text): what a citation could point to."""
    return [(hit.chunk, interval) for hit in hits for interval in split_sentences(hit.chunk.text)]
