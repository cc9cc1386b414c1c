"""Late interaction: what it prefers, what it leaves alone, and that remembering vectors changes no score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingest.document import Chunk
from retrieval.chunk_tokens import ChunkTokens
from retrieval.hit import Hit
from retrieval.rerank import LateInteraction, LateInteractionReranker, late_interaction
from tests.fakes import HashEncoder


def reranker(encoder: HashEncoder | None = None, *, candidates: int = 20, kept: int = 99) -> LateInteractionReranker:
    encoder = encoder or HashEncoder()
    tokens = ChunkTokens(encoder, lambda _: "", kept=kept)
    return LateInteractionReranker(LateInteraction(encoder, tokens), candidates=candidates)


def hit(text: str, rank: int, headings: tuple[str, ...] = (), **parts: float) -> Hit:
    return Hit(
        Chunk(f"doc{rank}:0-{len(text)}", f"doc{rank}", 0, len(text), text, headings),
        1 / rank,
        rank,
        "fused",
        parts,
    )


def texts(hits: Sequence[Hit]) -> list[str]:
    return [one.chunk.text for one in hits]


def unit(*rows: Sequence[float]) -> NDArray[np.float32]:
    vectors = np.array(rows, np.float32)
    normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def test_the_score_by_hand() -> None:
    """Token 1 is matched by chunk 1 only, token 2 by both: weights ln(1 + 2/1) and ln(1 + 2/2)."""
    question = unit([1, 0, 0], [0, 1, 0])
    chunks = [unit([1, 0, 0], [0, 1, 0]), unit([0, 0, 1], [0, 1, 0])]
    rare, common = np.log(3), np.log(2)
    expected = [1.0, common / (rare + common)]
    np.testing.assert_allclose(late_interaction(question, chunks), expected, rtol=1e-6)


def test_a_chunk_without_tokens_is_last() -> None:
    question = unit([1, 0])
    scores = late_interaction(question, [np.zeros((0, 2), np.float32), unit([-0.5, 0.5])])
    assert scores[0] == -1 < scores[1]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, 5), st.integers(0, 99))
def test_scores_are_means_of_cosines(token_counts: list[int], question_tokens: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    question = unit(*random.standard_normal((question_tokens, 4)))
    chunks = [unit(*random.standard_normal((n, 4))) if n else np.zeros((0, 4), np.float32) for n in token_counts]
    scores = late_interaction(question, chunks)
    assert scores.shape == (len(chunks),)
    assert np.all(np.abs(scores) <= 1 + 1e-6)


def test_the_hit_that_holds_the_words_rises() -> None:
    hits = [
        hit("prefix tuning adds vectors", 1),
        hit("rotary embeddings rotate queries and keys", 2),
        hit("the cache stores keys and values", 3),
    ]
    best = reranker().rerank("what does the cache store", hits, 2)
    assert best[0].chunk.text == "the cache stores keys and values"
    assert [one.rank for one in best] == [1, 2]
    assert best[0].stage == "reranked" and best[0].score == best[0].parts["reranked"]


def test_headings_are_read_too() -> None:
    hits = [hit("it is divided by the root", 1), hit("it is divided by the root", 2, headings=("Attention",))]
    best = reranker().rerank("attention divided", hits, 2)
    assert best[0].chunk.headings == ("Attention",)


def test_bm25_breaks_ties() -> None:
    hits = [hit("one two", 1, bm25=2.0), hit("two one", 2, bm25=4.0)]
    assert texts(reranker().rerank("one", hits, 2)) == ["two one", "one two"]


def test_equal_hits_keep_their_order() -> None:
    hits = [hit("same text", rank) for rank in range(1, 6)]
    best = reranker().rerank("same", hits, 5)
    assert [one.chunk.id for one in best] == [one.chunk.id for one in hits]


def test_only_candidates_are_looked_at() -> None:
    hits = [hit("nothing here", 1), hit("nor here", 2), hit("the very answer", 3)]
    ranks = reranker(candidates=2)
    best = ranks.rerank("the very answer", hits, 3)
    assert best[2].chunk.text == "the very answer"
    assert (best[2].rank, best[2].stage) == (3, "fused")


def test_an_unknown_language_keeps_the_order() -> None:
    hits = [hit("ничего", 1), hit("кэш ключей и значений", 2)]
    english = reranker(HashEncoder(languages=frozenset({"en"})))
    assert english.rerank("кэш ключей", hits, 5) == hits
    assert texts(reranker().rerank("кэш ключей", hits, 1)) == ["кэш ключей и значений"]


@pytest.mark.parametrize("query", ["?", "a question"])
def test_without_hits_or_words_nothing_happens(query: str) -> None:
    ranks = reranker()
    assert ranks.rerank(query, [], 5) == []
    one = [hit("text", 1)]
    assert texts(ranks.rerank(query, one, 5)) == ["text"]


def test_remembered_chunks_score_as_fresh_ones_and_are_not_encoded_again() -> None:
    class Counting(HashEncoder):
        calls = 0

        def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
            self.calls += len(texts)
            return super().token_vectors(texts)

    encoder = Counting()
    ranks = reranker(encoder, kept=3)
    hits = [hit(f"text number {rank}", rank) for rank in range(1, 4)]
    first = ranks.rerank("number 2", hits, 3)
    assert encoder.calls == 1 + 3
    assert ranks.rerank("number 2", hits, 3) == first
    assert encoder.calls == 2 + 3
    ranks.rerank("number 2", [hit("one more", 9)], 1)
    ranks.rerank("number 2", hits, 3)
    assert encoder.calls == 4 + 3 + 1 + 1  # "text number 1" had to make room
