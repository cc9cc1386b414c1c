"""Vectors of sentences, the last of them remembered: the same passages come up again and again, and their sentences are
compared with every question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class SentenceVectors:
    """`encode` with a memory. kept: how many texts' vectors stay (1.5 KB each). Threads may share it."""

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], kept: int = 16_384) -> None:
        self._encode, self._kept = encode, kept
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors [N, C] of norm 1, in the order of `texts`."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing or not texts:
            vectors = self._encode(missing)
            if not texts:
                return vectors
            # Copies: a view would keep its whole batch.
            found |= {text: vector.copy() for text, vector in zip(missing, vectors, strict=True)}
        with self._lock:
            for text in texts:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return np.stack([found[text] for text in texts])
