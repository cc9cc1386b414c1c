"""Nearest vectors by one matrix product: what FAISS is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def exact_search(
    ids: Sequence[str], vectors: NDArray[np.float32], query: NDArray[np.float32], top_k: int
) -> list[tuple[str, float]]:
    """The `top_k` (id, dot product) of `vectors` [N, C] nearest to `query` [C], equal ones by id."""
    scores = vectors @ query
    ranked = sorted(zip((-scores).tolist(), ids, strict=True))
    return [(name, -score) for score, name in ranked[:top_k]]
