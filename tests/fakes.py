"""Small real implementations of what is slow or large: deterministic, no files, no network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")


class HashEncoder:
    """An `Encoder` without a model: each word has a fixed random direction, a text is the sum of its words.

    Texts that share words are near each other; synonyms are not. A token is a word.
    """

    name = "hash"

    def __init__(
        self,
        *,
        dimension: int = 64,
        max_tokens: int = 256,
        languages: frozenset[str] = frozenset({"en", "ru"}),
        seed: str = "",
    ) -> None:
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.languages = languages
        self.fingerprint = f"hash-{dimension}-{max_tokens}-{seed}"
        self.encoded: list[str] = []  # every text that `encode` was given, for tests that count them
        self._seed = seed

    def count_tokens(self, text: str) -> int:
        """Words, and the two special tokens that a BERT would add."""
        return len(_WORD.findall(text)) + 2

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> NDArray[np.float32]:
        """Vectors [N, C] of norm 1; a text without words gets the direction of the empty word."""
        del batch_size  # there is nothing to batch
        self.encoded.extend(texts)
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        sums = np.stack([self._directions(text).sum(axis=0) for text in texts])
        vectors: NDArray[np.float32] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return vectors

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each text the directions of its words [S_i, C]."""
        return [self._directions(text) if _WORD.search(text) else self._directions(text)[:0] for text in texts]

    def encode_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Both."""
        return self.encode(texts), self.token_vectors(texts)

    def _directions(self, text: str) -> NDArray[np.float32]:
        words = _WORD.findall(text.lower())[: self.max_tokens - 2] or [""]
        return np.stack([self._direction(word) for word in words])

    def _direction(self, word: str) -> NDArray[np.float32]:
        digest = hashlib.blake2b((self._seed + word).encode(), digest_size=8).digest()
        vector = np.random.default_rng(int.from_bytes(digest, "little")).standard_normal(self.dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)
