"""Reciprocal rank fusion, and the promise that it is no worse than BM25 where the encoder knows nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import K, fusion_weights, rrf
from tests.fakes import HashEncoder

RANKING = st.lists(st.integers(0, 60).map(str), unique=True, max_size=50)


def test_the_sum_of_the_paper() -> None:
    """Two rankings, k = 60: b stands at 2 and 1, a at 1 only, c at 2 only."""
    fused = rrf([["a", "b"], ["b", "c"]], [1.0, 1.0], k=60)
    assert [name for name, _ in fused] == ["b", "a", "c"]
    assert [score for _, score in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_weights_scale_rankings() -> None:
    assert [name for name, _ in rrf([["a"], ["b"]], [1.0, 2.0])] == ["b", "a"]


def test_a_weight_for_each_ranking() -> None:
    with pytest.raises(ValueError):
        rrf([["a"]], [1.0, 1.0])


@given(RANKING)
def test_one_ranking_keeps_its_order(ranking: list[str]) -> None:
    assert [name for name, _ in rrf([ranking], [1.0])] == ranking


@given(RANKING, RANKING)
def test_fusion_holds_every_id_once_and_falls(first: list[str], second: list[str]) -> None:
    fused = rrf([first, second], [1.0, 1.0])
    assert sorted(name for name, _ in fused) == sorted({*first, *second})
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)


@given(RANKING, RANKING)
def test_the_order_of_equal_rankings_does_not_matter(first: list[str], second: list[str]) -> None:
    assert rrf([first, second], [1.0, 1.0]) == rrf([second, first], [1.0, 1.0])


@given(RANKING, RANKING)
def test_in_an_unknown_language_fusion_begins_with_all_of_bm25(bm25: list[str], dense: list[str]) -> None:
    """So recall@k, MRR and nDCG of fusion are BM25's own for every k up to the length of its list."""
    weights = fusion_weights("ru", HashEncoder(languages=frozenset({"en"})))
    fused = [name for name, _ in rrf([bm25, dense], [weights.bm25, weights.dense])]
    assert fused[: len(bm25)] == bm25
    assert fused[len(bm25) :] == [name for name in dense if name not in bm25]


def test_the_follower_follows_as_deep_as_anyone_searches() -> None:
    deep = [str(i) for i in range(1000)]
    weights = fusion_weights("ru", HashEncoder(languages=frozenset({"en"})))
    fused = [name for name, _ in rrf([deep, deep[::-1]], [weights.bm25, weights.dense])]
    assert fused == deep


@pytest.mark.parametrize("language", ["en", "ru"])
def test_in_known_languages_both_count(language: str) -> None:
    weights = fusion_weights(language, HashEncoder(languages=frozenset({"en", "ru"})))
    assert 0.5 <= weights.dense <= weights.bm25 == 1.0


def test_two_good_rankings_agree_on_what_neither_has_first() -> None:
    fused = rrf([["a", "x"], ["b", "x"]], [1.0, 1.0])
    assert fused[0][0] == "x"
    assert K > 0
