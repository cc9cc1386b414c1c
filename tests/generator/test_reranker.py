"""The reader as reranker: nothing is lost, halves by length read as one by one, scores are the weighted sum's."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from generator.decisions import RANKING, SIGNALS, Decisions, probability
from generator.engine import Engine
from generator.memory import Passage, Prompt
from generator.reranker import ReaderReranker
from ingest.document import Chunk
from retrieval.chunk_tokens import ChunkTokens
from retrieval.hit import Hit
from retrieval.rerank import LateInteraction
from tests.fakes import HashEncoder
from tests.generator.tiny import OTHER, PASSAGE, tiny_engine

TEXTS = [PASSAGE.text, OTHER.text, "Short.", "A longer passage about nothing at all, " * 5]


def hits() -> list[Hit]:
    return [
        Hit(Chunk(f"d{n}:0:1", f"d{n}", 0, len(text), text), 0.1, n + 1, "fused", {"bm25": 4.0 - n, "dense": 0.1 * n})
        for n, text in enumerate(TEXTS)
    ]


def late_interaction() -> LateInteraction:
    return LateInteraction(HashEncoder(), ChunkTokens(HashEncoder(), lambda _: ""))


def reranker(ranking: dict[str, float], *, candidates: int = 12, across: int = 0, read: int = 12) -> ReaderReranker:
    """Weights by name; the same before and after reading."""
    decisions = Decisions(
        signals=tuple(ranking.get(name, 0.0) for name in SIGNALS),
        ranking=tuple(ranking.get(name, 0.0) for name in RANKING),
    )
    late = late_interaction()
    return ReaderReranker(
        tiny_engine(), decisions, late, lambda name: f"Title {name}", candidates=candidates, across=across, read=read
    )


def test_passages_read_in_halves_score_as_one_by_one() -> None:
    engine: Engine = tiny_engine()
    together = reranker({"relevance": 1.0}).relevance("What is a cache?", hits())
    passages = [Passage(f"Title d{n}", text) for n, text in enumerate(TEXTS)]
    alone = [engine.relevance(Prompt("What is a cache?", (passage,)))[0] for passage in passages]
    assert together == pytest.approx(alone, abs=1e-3)


def test_the_order_is_that_of_the_weighted_sum_and_nothing_is_lost() -> None:
    one = reranker({"dense": 1.0})
    found = one.rerank("What is a cache?", hits(), 10)
    assert [hit.chunk.document_id for hit in found] == ["d3", "d2", "d1", "d0"]
    assert [hit.rank for hit in found] == [1, 2, 3, 4] and all(hit.stage == "reranked" for hit in found)
    assert found[0].score == found[0].parts["reranked"] == pytest.approx(probability(0.3))
    assert len(one.rerank("What is a cache?", hits(), 2)) == 2 and one.rerank("x", [], 3) == []


def test_what_is_not_looked_at_stays_behind_in_its_order() -> None:
    found = reranker({"dense": 1.0}, candidates=2).rerank("What is a cache?", hits(), 10)
    assert [hit.chunk.document_id for hit in found] == ["d1", "d0", "d2", "d3"]
    assert [hit.stage for hit in found] == ["reranked", "reranked", "fused", "fused"]


def test_those_beside_the_candidates_are_looked_at_too() -> None:
    found = reranker({"dense": 1.0}, candidates=2, across=1).rerank("What is a cache?", hits(), 10)
    assert [hit.chunk.document_id for hit in found] == ["d2", "d1", "d0", "d3"]


def test_what_is_not_read_stays_behind_in_the_order_of_the_first_look() -> None:
    found = reranker({"dense": 1.0}, read=2).rerank("What is a cache?", hits(), 10)
    assert [hit.chunk.document_id for hit in found] == ["d3", "d2", "d1", "d0"]
    assert [hit.stage for hit in found] == ["reranked", "reranked", "fused", "fused"]
    one = reranker({"dense": 1.0, "relevance": -1e6}, read=2)
    assert {hit.chunk.document_id for hit in one.rerank("What is a cache?", hits(), 2)} == {"d3", "d2"}


def test_signals_are_what_their_names_say() -> None:
    given = [replace(hit, parts={**hit.parts, "coverage": 0.25 * hit.rank, "document": 0.1 * hit.rank,
                                       **({"foreign": 1.0} if hit.rank == 2 else {})})
             for hit in hits()]
    rows = reranker({}).signals("What is a cache?", given)
    first, second = (dict(zip(SIGNALS, row, strict=True)) for row in rows[:2])
    assert first["bm25"] == 1.0 and second["bm25"] == 0.75 and second["dense"] == pytest.approx(0.1)
    assert first["order"] == 0.0 and second["order"] == pytest.approx(-math.log(2)) and second["coverage"] == 0.5
    assert second["document"] == pytest.approx(0.2) and (first["foreign"], second["foreign"]) == (0.0, 1.0)
    late = late_interaction().scores("What is a cache?", [hit.chunk for hit in given])
    assert [row[SIGNALS.index("late")] for row in rows] == pytest.approx(late.tolist())
