"""FAISS behind `DenseIndex`: a matrix product while exact, near it as a graph, honest about removals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.dense import DenseIndex
from retrieval.errors import EncodingError, IndexDamaged
from tests.reference.exact_search import exact_search

DIMENSION = 16


def unit_vectors(n: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, DIMENSION)).astype(np.float32)
    normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def names(n: int, prefix: str = "c") -> list[str]:
    return [f"{prefix}{i:04d}" for i in range(n)]


def filled(n: int, *, exact_limit: int, seed: int = 0) -> DenseIndex:
    index = DenseIndex(DIMENSION, exact_limit=exact_limit)
    index.add(names(n), unit_vectors(n, seed))
    return index


def same(found: list[tuple[str, float]], expected: list[tuple[str, float]]) -> bool:
    """Same ids, scores up to rounding."""
    return [name for name, _ in found] == [name for name, _ in expected] and np.allclose(
        [score for _, score in found], [score for _, score in expected], atol=1e-5
    )


@given(n=st.integers(0, 40), top_k=st.integers(1, 50), seed=st.integers(0, 99))
def test_exact_search_is_a_matrix_product(n: int, top_k: int, seed: int) -> None:
    vectors, query = unit_vectors(n, seed), unit_vectors(1, seed + 100)[0]
    index = filled(n, exact_limit=1000, seed=seed)
    assert same(index.search(query, top_k), exact_search(names(n), vectors, query, top_k))


@given(n=st.integers(1, 40), seed=st.integers(0, 99), data=st.data(), exact_limit=st.sampled_from([0, 1000]))
def test_only_allowed_chunks_come_back_and_all_of_them(
    n: int, seed: int, data: st.DataObject, exact_limit: int
) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    vectors, query = unit_vectors(n, seed), unit_vectors(1, seed + 100)[0]
    chosen = [name for name, yes in zip(names(n), allowed, strict=True) if yes]
    found = filled(n, exact_limit=exact_limit, seed=seed).search(query, n, allowed)
    assert same(found, exact_search(chosen, vectors[allowed], query, n))


@pytest.mark.parametrize("exact_limit", [10, 1000], ids=["graph", "exact"])
@given(data=st.data())
@settings(max_examples=30)
def test_additions_and_removals_in_any_order(exact_limit: int, data: st.DataObject) -> None:
    """Against a dictionary. The graph finds everything here because it is small and looked at broadly."""
    index = DenseIndex(DIMENSION, exact_limit=exact_limit)
    held: dict[str, NDArray[np.float32]] = {}
    for step in range(data.draw(st.integers(1, 6))):
        remove: bool = data.draw(st.booleans())
        if held and remove:
            gone = data.draw(st.sets(st.sampled_from([*held, "unknown"])))
            index.remove(gone)
            held = {name: vector for name, vector in held.items() if name not in gone}
        else:
            new = [name for name in names(data.draw(st.integers(1, 15)), f"s{step}-")]
            vectors = unit_vectors(len(new), step)
            index.add(new, vectors)
            held |= dict(zip(new, vectors, strict=True))
    assert index.ids == list(held)
    query = unit_vectors(1, 77)[0]
    vectors = np.stack(list(held.values())) if held else np.zeros((0, DIMENSION), np.float32)
    assert same(index.search(query, 100), exact_search(list(held), vectors, query, 100))
    np.testing.assert_array_equal(index.vectors(), vectors)


def test_the_graph_finds_nearly_what_exact_search_finds() -> None:
    n, queries = 3000, unit_vectors(50, 1)
    graph, vectors = filled(n, exact_limit=100), unit_vectors(n)
    assert not graph.exact
    found = [{name for name, _ in graph.search(query, 10)} for query in queries]
    truth = [{name for name, _ in exact_search(names(n), vectors, query, 10)} for query in queries]
    recall = np.mean([len(one & other) / 10 for one, other in zip(found, truth, strict=True)])
    assert recall > 0.95


def test_exact_gives_way_to_the_graph_and_comes_back() -> None:
    index = filled(20, exact_limit=20)
    assert index.exact
    index.add(["one more"], unit_vectors(1, 5))
    assert not index.exact
    index.remove(names(12))
    assert index.exact
    assert len(index) == 9


def test_removed_vectors_leave_the_graph_when_they_are_many() -> None:
    index = filled(100, exact_limit=10)
    index.remove(names(20))
    assert (len(index), index.dead) == (80, 20)
    index.remove(names(30))
    assert (len(index), index.dead) == (70, 0)


def test_a_chunk_that_comes_back_has_its_new_vector() -> None:
    index = filled(100, exact_limit=10)
    index.remove(["c0003"])
    vector = unit_vectors(1, 9)
    index.add(["c0003"], vector)
    name, score = index.search(vector[0], 1)[0]
    assert name == "c0003" and score == pytest.approx(1.0, abs=1e-5)
    old = dict(index.search(unit_vectors(100)[3], 100))
    assert old["c0003"] < 0.99


@pytest.mark.parametrize("exact_limit", [10, 1000], ids=["graph", "exact"])
def test_saving_and_loading_changes_nothing(exact_limit: int, tmp_path: Path) -> None:
    index, query = filled(60, exact_limit=exact_limit), unit_vectors(1, 3)[0]
    index.remove(names(9))
    index.save(tmp_path / "dense.faiss")
    loaded = DenseIndex.load(tmp_path / "dense.faiss", index.ids, index.keys, DIMENSION, exact_limit=exact_limit)
    assert loaded.search(query, 20) == index.search(query, 20)
    for one in (index, loaded):
        one.add(["new"], unit_vectors(1, 4))
        one.remove(["c0030"])
    assert loaded.search(query, 20) == index.search(query, 20)
    assert loaded.keys.tolist() == index.keys.tolist()


def test_a_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path, index = tmp_path / "dense.faiss", filled(5, exact_limit=10)
    index.save(path)
    with pytest.raises(IndexDamaged, match="reindex"):
        DenseIndex.load(path, index.ids, index.keys, DIMENSION + 1)
    with pytest.raises(IndexDamaged, match="reindex"):
        DenseIndex.load(path, index.ids, index.keys + 100, DIMENSION)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(IndexDamaged, match="reindex"):
        DenseIndex.load(path, index.ids, index.keys, DIMENSION)


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((2, DIMENSION), np.float32),
        np.full((2, DIMENSION), np.nan, np.float32),
        unit_vectors(3),
        unit_vectors(2)[:, :-1],
    ],
    ids=["zero", "nan", "too many", "too short"],
)
def test_vectors_that_are_none_are_refused(vectors: NDArray[np.float32]) -> None:
    index = DenseIndex(DIMENSION)
    with pytest.raises(EncodingError, match="doctor"):
        index.add(["a", "b"], vectors)
    assert len(index) == 0
