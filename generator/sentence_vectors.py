"""Vectors of sentences, the last of them remembered: the same passages come up again and again, and their sentences are
compared with every question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.remembered import Remembered

Vectors = NDArray[np.float32]


class SentenceVectors:
    """`encode` with a memory. kept: how many texts' vectors stay (1.5 KB each). Threads may share it."""

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], kept: int = 16_384) -> None:
        self._encode = encode
        self._remembered: Remembered[str, Vectors] = Remembered(kept)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors [N, C] of norm 1, in the order of `texts`."""
        if not texts:
            return self._encode(texts)
        return np.stack(self._remembered.get(texts, self._computed))

    def _computed(self, texts: Sequence[str]) -> list[Vectors]:
        return [vector.copy() for vector in self._encode(texts)]  # a view would keep its whole batch
