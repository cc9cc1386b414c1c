"""What a search returns: a chunk, how well it did, and at which stage it was last scored."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.document import Chunk


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk.

    rank: from 1. stage: the stage that gave `score`: "bm25", "dense", "fused" or "reranked"; scores of
    different stages are not comparable. parts: the score of every stage the chunk passed, by the stage's name, or that
    of the chunk in another language whose place it took (`translations.py`); "coverage": the share of the question's
    words, by idf, that it holds; "document": how well its document fits the question; "foreign", 1, where that is in
    another language than the question.
    """

    chunk: Chunk
    score: float
    rank: int
    stage: str
    parts: dict[str, float] = field(default_factory=dict)
