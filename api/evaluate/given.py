"""Passages that are given rather than found, as the hits and documents that an answerer takes."""

from __future__ import annotations

from collections.abc import Sequence

from generator.memory import Passage
from ingest.document import Chunk, Document, Page, chunk_id, document_hash
from retrieval.hit import Hit

STAGE = "given"


def given(passages: Sequence[Passage], language: str) -> tuple[list[Hit], dict[str, Document]]:
    """(a hit for each passage, in their order; the documents by id): each passage is the whole of a document of one
    page. language: of the passages, ISO 639-1. All hits have the same score: no search has ranked them."""
    hits, documents = [], {}
    for rank, passage in enumerate(passages, start=1):
        length = len(passage.text)
        name = document_hash(f"{passage.title}\n{passage.text}")[:16]
        documents[name] = Document(
            name, passage.title, (), language, document_hash(passage.text), (Page(1, 0, length),), passage.text
        )
        hits.append(Hit(Chunk(chunk_id(name, 0, length), name, 0, length, passage.text), 1.0, rank, STAGE))
    return hits, documents
