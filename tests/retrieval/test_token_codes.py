"""Codes of token vectors: what they stand for, how far off, and that it does not matter where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.library import Library
from retrieval.chunk_tokens import ChunkTokens
from retrieval.embedding_cache import FILE, find_codes
from retrieval.token_codes import decode, encode, rotation, turned
from tests.fakes import HashEncoder
from tests.retrieval.homes import numbered, open_store


def unit_vectors(count: int, dimension: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def test_turning_keeps_products() -> None:
    vectors = unit_vectors(9, 384)
    np.testing.assert_allclose(turned(vectors) @ turned(vectors).T, vectors @ vectors.T, atol=1e-5)
    np.testing.assert_allclose(rotation(384) @ rotation(384).T, np.eye(384), atol=1e-5)


@pytest.mark.parametrize("dimension", [8, 30, 384])
def test_a_code_takes_a_bit_a_dimension_and_its_product_with_its_vector_is_one(dimension: int) -> None:
    vectors = unit_vectors(7, dimension)
    code = encode(vectors)
    assert len(code) == 7 * (-(-dimension // 8) + 2)
    products = (decode(code, dimension) * turned(vectors)).sum(axis=1)
    np.testing.assert_allclose(products, 1.0, atol=2e-3)


def test_products_with_other_vectors_are_estimated_without_bias_and_off_by_a_twentieth() -> None:
    tokens, others = unit_vectors(300, 384), unit_vectors(300, 384, seed=1)
    mixed = 0.6 * tokens + 0.8 * others
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    errors = (decode(encode(tokens), 384) * turned(mixed)).sum(axis=1) - (tokens * mixed).sum(axis=1)
    assert abs(float(errors.mean())) < 0.01 and float(errors.std()) < 0.05


def test_no_tokens_are_no_bytes_and_what_is_no_code_is_refused() -> None:
    nothing = np.zeros((0, 384), np.float32)
    assert encode(nothing) == b"" and decode(b"", 384).shape == (0, 384)
    with pytest.raises(ValueError, match="no codes of 384"):
        decode(b"x" * 51, 384)


class Counting(HashEncoder):
    """Counts the texts whose tokens are computed alone."""

    calls = 0

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.calls += len(texts)
        return super().token_vectors(texts)


def test_codes_kept_by_an_ingest_are_those_that_would_be_computed(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 3)
    store.sync()
    chunks = list(library.chunks())
    titles = {info.id: info.title for info in library.documents()}
    kept, computing = Counting(), Counting()
    found = ChunkTokens(kept, titles.__getitem__, store.folder)(chunks)
    computed = ChunkTokens(computing, titles.__getitem__)(chunks)
    assert all(np.array_equal(a, b) for a, b in zip(found, computed, strict=True))
    assert (kept.calls, computing.calls) == (0, len(chunks))


@pytest.mark.parametrize("damage", ["missing", "cut", "no database", "another encoder"])
def test_without_kept_codes_they_are_computed(tmp_path: Path, library: Library, damage: str) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 2)
    store.sync()
    chunks = list(library.chunks())
    encoder = Counting(seed="other" if damage == "another encoder" else "")
    path = store.folder / FILE
    if damage == "missing":
        path.unlink()
    elif damage != "another encoder":
        path.write_bytes(path.read_bytes()[:100] if damage == "cut" else b"nothing of the kind" * 99)
    assert find_codes(store.folder, encoder.fingerprint, ["0" * 64]) == {}
    found = ChunkTokens(encoder, lambda _: "", store.folder)(chunks)
    assert encoder.calls == len(chunks) and all(len(tokens) for tokens in found)


def test_an_index_without_codes_gets_them_when_it_is_made_anew(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 2)
    store.sync()
    chunks = len(list(library.chunks()))
    assert store.check() == []
    (store.folder / FILE).unlink()
    (problem,) = store.check()
    assert problem.behind and problem.message.startswith(f"{chunks} passages have no token vectors")
    assert store.sync(anew=True).embedded == chunks
    assert store.sync(anew=True).embedded == 0 and store.check() == []
