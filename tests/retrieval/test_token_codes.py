"""Codes of token vectors: what they stand for, how far off, and that it does not matter where they come from."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.document import Chunk
from ingest.library import Library
from retrieval.chunk_tokens import ChunkTokens
from retrieval.embedding_cache import FILE, EmbeddingCache, count_codes, find_codes
from retrieval.rerank import LateInteraction
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


def test_the_rotation_is_the_one_that_kept_codes_were_made_with() -> None:
    """If this fails, NumPy draws other numbers: raise CODES_VERSION, so that codes are made anew."""
    assert rotation(384)[0, :4] == pytest.approx([6.12e-05, 0.01546, -0.01475, -0.05055], abs=1e-4)
    assert rotation(8)[0, :4] == pytest.approx([0.00066, 0.12415, -0.10583, -0.59913], abs=1e-4)


def test_a_vector_of_zeros_has_a_code() -> None:
    assert np.isfinite(decode(encode(np.zeros((2, 8), np.float32)), 8)).all()


@pytest.mark.parametrize("dimension", [8, 30, 384])
def test_a_code_takes_a_bit_a_dimension_and_its_product_with_its_vector_is_one(dimension: int) -> None:
    vectors = unit_vectors(7, dimension)
    code = encode(vectors)
    assert len(code) == 7 * (-(-dimension // 8) + 2)
    products = (decode(code, dimension) * turned(vectors)).sum(axis=1)
    np.testing.assert_allclose(products, 1.0, atol=2e-3)


def test_products_with_other_vectors_are_estimated_without_bias_and_off_by_a_twentieth() -> None:
    # Two strong coordinates that all have in common, as states of a BERT do: without the rotation they are lost.
    common = np.zeros(384, np.float32)
    common[[3, 200]] = 0.6, -0.4
    tokens, others = unit_vectors(300, 384) + common, unit_vectors(300, 384, seed=1) + common
    tokens /= np.linalg.norm(tokens, axis=1, keepdims=True)
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
    found = ChunkTokens(kept, titles.__getitem__, store.folder)(chunks, 64)
    computed = ChunkTokens(computing, titles.__getitem__)(chunks, 64)
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
    found = ChunkTokens(encoder, lambda _: "", store.folder)(chunks, 64)
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


class Wide(HashEncoder):
    """Its token vectors are wider than its vectors of texts, as where a layer follows the pooling."""

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [np.hstack([tokens, tokens]) / np.sqrt(2) for tokens in super().token_vectors(texts)]


def test_token_vectors_may_be_wider_than_vectors_of_texts() -> None:
    encoder = Wide()
    chunk = Chunk("d:0-15", "d", 0, 15, "keys and values")
    late = LateInteraction(encoder, ChunkTokens(encoder, lambda _: ""))
    same, other = late.scores("What are keys and values?", [chunk, replace(chunk, text="cats and badger")])
    assert same > other


def test_a_damaged_code_counts_as_absent_and_is_made_anew(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 2)
    store.sync()
    with contextlib.closing(sqlite3.connect(store.folder / FILE)) as connection, connection:
        connection.execute("UPDATE tokens SET vector = x'00' WHERE rowid = 2")
    (problem,) = store.check()
    assert problem.message.startswith("1 passages have no token vectors")
    assert store.sync(anew=True).embedded == 1 and store.check() == []


def test_codes_of_another_version_go_and_those_of_another_encoder_stay(tmp_path: Path) -> None:
    texts = [f"{n:064x}" for n in range(450)]
    vectors, codes = dict.fromkeys(texts, np.ones(4, np.float32)), dict.fromkeys(texts, b"code")
    for fingerprint in ("f", "other"):
        with EmbeddingCache(tmp_path, fingerprint, 4) as cache:
            cache.keep(vectors, codes)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE tokens SET fingerprint = 'f/0' WHERE fingerprint LIKE 'f/%'")
    with EmbeddingCache(tmp_path, "f", 4) as cache:
        assert cache.find(texts) == {}
        cache.tidy(texts)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM tokens WHERE fingerprint = 'f/0'").fetchone() == (0,)
    assert count_codes(tmp_path, "other", texts) == 450


def test_unneeded_codes_go_with_their_vectors(tmp_path: Path) -> None:
    texts = [f"{n:064x}" for n in range(1500)]
    with EmbeddingCache(tmp_path, "f", 1) as cache:
        cache.keep(dict.fromkeys(texts, np.ones(1, np.float32)), dict.fromkeys(texts, b"code"))
        cache.tidy(frozenset(texts[:100]))
    assert count_codes(tmp_path, "f", texts) == 100


def test_who_asks_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    text = "0" * 64
    with EmbeddingCache(tmp_path, "f", 1) as cache:
        cache.keep({text: np.ones(1, np.float32)}, {text: b"code"})
    assert find_codes(tmp_path, "f", [text]) == {text: b"code"}
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert find_codes(tmp_path, "f", [text]) == {}
