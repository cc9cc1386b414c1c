"""The vectors computed so far: given back as they were, apart by encoder, and no loss when damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from ingest.library import Library
from retrieval.embedding_cache import FILE as CACHE_FILE
from retrieval.embedding_cache import EmbeddingCache
from tests.retrieval.homes import numbered, open_store


def test_the_cache_gives_back_what_it_was_given(tmp_path: Path) -> None:
    vectors = {f"{i:064x}": np.random.default_rng(i).random(8, np.float32) for i in range(1200)}
    with EmbeddingCache(tmp_path, "f", 8) as cache:
        cache.keep(vectors, dict.fromkeys(vectors, b"code"))
    with EmbeddingCache(tmp_path, "f", 8) as cache:
        known = cache.find([*vectors, "f" * 64])
    assert known.keys() == vectors.keys()
    assert all(np.array_equal(known[key], vectors[key]) for key in vectors)


def test_the_cache_keeps_encoders_apart(tmp_path: Path) -> None:
    with EmbeddingCache(tmp_path, "one", 4) as cache:
        cache.keep({"0" * 64: np.ones(4, np.float32)}, {"0" * 64: b"code"})
    with EmbeddingCache(tmp_path, "other", 4) as cache:
        assert cache.find(["0" * 64]) == {}


def test_a_changed_vector_counts_as_absent(tmp_path: Path) -> None:
    with EmbeddingCache(tmp_path, "f", 4) as cache:
        cache.keep({"0" * 64: np.ones(4, np.float32)}, {"0" * 64: b"code"})
    connection = sqlite3.connect(tmp_path / CACHE_FILE)
    with connection:
        connection.execute("UPDATE embeddings SET vector = ?", (np.zeros(4, np.float32).tobytes(),))
    connection.close()
    with EmbeddingCache(tmp_path, "f", 4) as cache:
        assert cache.find(["0" * 64]) == {}


@pytest.mark.parametrize("size", [0, 5, 3000])
def test_a_damaged_cache_starts_anew(tmp_path: Path, library: Library, size: int) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 10)
    store.sync()
    path = store.folder / CACHE_FILE
    content = path.read_bytes()
    path.write_bytes(content[:size] + b"\x55" * (len(content) - size))
    assert store.sync(anew=True).embedded == 30
    assert store.sync(anew=True).embedded == 0


def test_unneeded_vectors_go_once_they_are_the_larger_half(tmp_path: Path) -> None:
    vectors = {f"{i:064x}": np.ones(1, np.float32) for i in range(2000)}
    needed = frozenset(list(vectors)[:100])
    with EmbeddingCache(tmp_path, "f", 1) as cache:
        cache.keep(vectors, dict.fromkeys(vectors, b"code"))
        cache.tidy(frozenset(list(vectors)[:600]))
        assert len(cache.find(list(vectors))) == 2000
        cache.tidy(needed)
        assert cache.find(list(vectors)).keys() == needed
