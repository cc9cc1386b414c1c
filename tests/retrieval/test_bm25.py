"""Both scorers of `BM25Index` against the formula and against rank_bm25; updates against new indexes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from retrieval.bm25 import BM25Index, inverse_frequency
from retrieval.errors import IndexDamaged
from tests.reference.bm25 import bm25_scores, bm25_search

# Few words and short chunks: terms in more than half of the chunks (negative idf) are common.
WORDS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
CHUNKS = st.lists(st.lists(WORDS, max_size=8), min_size=1, max_size=12)
QUERY = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "unknown"]), max_size=6)
RANK_BM25, INVERTED = 10**9, 0
BOTH = pytest.mark.parametrize("limit", [RANK_BM25, INVERTED], ids=["rank_bm25", "inverted"])


def ids_of(chunks: list[list[str]]) -> list[str]:
    return [f"doc:{i}-{i + 1}" for i in range(len(chunks))]


def index_of(chunks: list[list[str]], limit: int) -> BM25Index:
    return BM25Index.build(ids_of(chunks), chunks, rank_bm25_limit=limit)


@BOTH
@given(chunks=CHUNKS, query=QUERY)
def test_scores_follow_the_formula(limit: int, chunks: list[list[str]], query: list[str]) -> None:
    scores = index_of(chunks, limit).scores(query)
    np.testing.assert_allclose(scores, bm25_scores(chunks, query), rtol=1e-5, atol=1e-6)


@BOTH
@given(chunks=CHUNKS, query=QUERY)
def test_scores_are_rank_bm25s(limit: int, chunks: list[list[str]], query: list[str]) -> None:
    """Wherever rank_bm25's own mean idf is positive: in all but the tiniest libraries."""
    if not any(chunks):
        return
    okapi = BM25Okapi(chunks)
    if okapi.average_idf <= 1e-9:
        return
    scores = index_of(chunks, limit).scores(query)
    np.testing.assert_allclose(scores, okapi.get_scores(query), rtol=1e-5, atol=1e-6)


@given(chunks=CHUNKS, query=QUERY, top_k=st.integers(1, 14))
def test_the_inverted_index_finds_the_best(chunks: list[list[str]], query: list[str], top_k: int) -> None:
    found = index_of(chunks, INVERTED).search(query, top_k)
    expected = bm25_search(ids_of(chunks), chunks, query, top_k)
    # Scores that differ in their last bit only may change places; the scores in order may not.
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)
    scores = dict(zip(ids_of(chunks), bm25_scores(chunks, query), strict=True))
    assert all(score == pytest.approx(scores[name], rel=1e-5) for name, score in found)


@BOTH
def test_a_frequent_term_gets_the_floor(limit: int) -> None:
    chunks = [["common", f"rare{i}"] for i in range(10)]
    index = index_of(chunks, limit)
    rare = math.log(9.5) - math.log(1.5)
    common = math.log(0.5) - math.log(10.5)
    floor = 0.25 * (10 * rare + common) / 11
    np.testing.assert_allclose(index.scores(["common"]), floor, rtol=1e-5)


@BOTH
def test_a_library_of_one_chunk_is_found(limit: int) -> None:
    assert index_of([["kv", "cache"]], limit).search(["cache"], 5) != []
    found = index_of([["kv", "cache", "cache"], ["kv", "other"]], limit).search(["cache"], 5)
    assert [name for name, _ in found] == ["doc:0-1"]


@BOTH
def test_only_matching_chunks_come_back(limit: int) -> None:
    index = index_of([["a"], ["b"], ["c"], ["d"]], limit)
    assert [name for name, _ in index.search(["a", "nothing"], 10)] == ["doc:0-1"]
    assert index.search(["nothing"], 10) == []
    assert index.search([], 10) == []


@BOTH
def test_equal_scores_come_in_the_order_of_ids(limit: int) -> None:
    index = BM25Index.build(["c", "a", "b", "z"], [["x"], ["x"], ["x"], ["y"] * 5], rank_bm25_limit=limit)
    assert [name for name, _ in index.search(["x"], 2)] == ["a", "b"]


@BOTH
def test_only_allowed_chunks_come_back(limit: int) -> None:
    index = index_of([["a"], ["a", "b"], ["a", "c"], ["d"], ["e"], ["f"], ["g"], ["h"]], limit)
    allowed = np.array([False, True, True] + [False] * 5)
    assert {name for name, _ in index.search(["a"], 5, allowed)} == {"doc:1-2", "doc:2-3"}
    assert len(index.search(["a"], 1, allowed)) == 1


@BOTH
@given(before=CHUNKS, after=CHUNKS, query=QUERY, data=st.data())
def test_an_updated_index_is_a_new_one(
    limit: int, before: list[list[str]], after: list[list[str]], query: list[str], data: st.DataObject
) -> None:
    old_ids, new_ids = [f"old{i}" for i in range(len(before))], [f"new{i}" for i in range(len(after))]
    removed = data.draw(st.sets(st.sampled_from([*old_ids, "unknown"])))
    old = BM25Index.build(old_ids, before, rank_bm25_limit=limit)
    scores_before = old.scores(query).copy()
    updated = old.changed(removed, new_ids, after)

    kept = [(name, terms) for name, terms in zip(old_ids, before, strict=True) if name not in removed]
    new = BM25Index.build(
        [name for name, _ in kept] + new_ids, [terms for _, terms in kept] + after, rank_bm25_limit=limit
    )
    assert list(updated.ids) == list(new.ids)
    np.testing.assert_array_equal(updated.scores(query), new.scores(query))
    np.testing.assert_array_equal(old.scores(query), scores_before)  # a reader's index does not change


@BOTH
@given(chunks=CHUNKS, query=QUERY)
def test_saving_and_loading_changes_nothing(
    limit: int, chunks: list[list[str]], query: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bm25") / "bm25.npz"
    index = index_of(chunks, limit)
    index.save(path)
    loaded = BM25Index.load(path, ids_of(chunks), rank_bm25_limit=limit)
    np.testing.assert_array_equal(loaded.scores(query), index.scores(query))
    assert loaded.search(query, 5) == index.search(query, 5)


@BOTH
def test_an_empty_index_finds_nothing_and_can_grow(limit: int, tmp_path: Path) -> None:
    empty = index_of([], limit)
    assert empty.search(["a"], 5) == []
    empty.save(tmp_path / "bm25.npz")
    grown = BM25Index.load(tmp_path / "bm25.npz", [], rank_bm25_limit=limit).changed([], ["x"], [["a"]])
    assert [name for name, _ in grown.search(["a"], 5)] == ["x"]


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bm25.npz"
    index_of([["a"], ["b"]], INVERTED).save(path)
    with pytest.raises(IndexDamaged, match="reindex"):
        BM25Index.load(path, ["only one id"])
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(IndexDamaged, match="reindex"):
        BM25Index.load(path, ["x", "y"])


def test_rank_bm25_does_the_scoring_up_to_its_limit() -> None:
    chunks = [["a"], ["b"], ["c"]]
    assert index_of(chunks, 3)._okapi is not None
    assert index_of(chunks, 2)._okapi is None


@given(st.integers(0, 2**32 - 1))
def test_the_shortcut_never_loses_a_chunk(seed: int) -> None:
    """`_least_score` is a lower bound; with many chunks and long lists it is often close to the true cut."""
    random = np.random.default_rng(seed)
    words = [f"w{i}" for i in range(30)]
    weights = 1 / np.arange(1, 31)
    chunks = [list(random.choice(words, random.integers(1, 12), p=weights / weights.sum())) for _ in range(120)]
    query = list(random.choice(words, 4))
    found = index_of(chunks, INVERTED).search(query, 5)
    expected = bm25_search(ids_of(chunks), chunks, query, 5)
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)


@BOTH
@given(chunks=CHUNKS, query=QUERY)
def test_coverage_is_the_share_of_the_idf_of_the_words_that_are_held(
    limit: int, chunks: list[list[str]], query: list[str]
) -> None:
    index = index_of(chunks, limit)
    vocabulary = sorted({term for chunk in chunks for term in chunk})
    frequency = np.array([sum(term in chunk for chunk in chunks) for term in vocabulary], np.int64)
    idf = dict(zip(vocabulary, inverse_frequency(frequency, len(chunks)).tolist(), strict=True))
    asked = set(query) & set(vocabulary)
    whole = sum(idf[t] for t in asked) or 1.0
    wanted = [sum(idf[t] for t in asked & set(chunk)) / whole for chunk in chunks]
    found = index.coverage(query, [*ids_of(chunks), "gone:0-1"])
    np.testing.assert_allclose(found, [*wanted, 0.0], rtol=1e-5, atol=1e-6)
