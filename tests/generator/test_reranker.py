"""The reader as reranker: nothing is lost, halves by length read as one by one, scores are the weighted sum's."""

from __future__ import annotations

import math

import pytest

from generator.decisions import probability
from generator.engine import Engine
from generator.memory import Passage, Prompt
from generator.reranker import ReaderReranker
from ingest.document import Chunk
from retrieval.hit import Hit
from tests.generator.tiny import OTHER, PASSAGE, tiny_engine

TEXTS = [PASSAGE.text, OTHER.text, "Short.", "A longer passage about nothing at all, " * 5]


def hits() -> list[Hit]:
    return [
        Hit(Chunk(f"d{n}:0:1", f"d{n}", 0, len(text), text), 0.1, n + 1, "fused", {"bm25": 4.0 - n, "dense": 0.1 * n})
        for n, text in enumerate(TEXTS)
    ]


def reranker(*weights: float, candidates: int = 12) -> ReaderReranker:
    return ReaderReranker(tiny_engine(), weights, lambda name: f"Title {name}", candidates=candidates)


def test_passages_read_in_halves_score_as_one_by_one() -> None:
    engine: Engine = tiny_engine()
    passages = [Passage("T", text) for text in TEXTS]
    together = reranker(1.0, 0.0, 0.0, 0.0).relevance("What is a cache?", passages)
    alone = [engine.relevance(Prompt("What is a cache?", (passage,)))[0] for passage in passages]
    assert together == pytest.approx(alone, abs=1e-3)


def test_the_order_is_that_of_the_weighted_sum_and_nothing_is_lost() -> None:
    one = reranker(0.0, 0.0, 1.0, 0.0)
    found = one.rerank("What is a cache?", hits(), 10)
    assert [hit.chunk.document_id for hit in found] == ["d3", "d2", "d1", "d0"]
    assert [hit.rank for hit in found] == [1, 2, 3, 4] and all(hit.stage == "reranked" for hit in found)
    assert found[0].score == found[0].parts["reranked"] == pytest.approx(probability(0.3))
    assert len(one.rerank("What is a cache?", hits(), 2)) == 2 and one.rerank("x", [], 3) == []


def test_what_is_not_looked_at_stays_behind_in_its_order() -> None:
    found = reranker(0.0, 0.0, 1.0, 0.0, candidates=2).rerank("What is a cache?", hits(), 10)
    assert [hit.chunk.document_id for hit in found] == ["d1", "d0", "d2", "d3"]
    assert [hit.stage for hit in found] == ["reranked", "reranked", "fused", "fused"]


def test_features_are_what_their_names_say() -> None:
    first, second, *_ = reranker(0.0, 0.0, 0.0, 0.0).features("What is a cache?", hits())
    assert first[1] == 1.0 and second[1] == 0.75 and second[2] == pytest.approx(0.1)
    assert first[3] == 0.0 and second[3] == pytest.approx(-math.log(2))
