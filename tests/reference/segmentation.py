"""The slow twin of `ingest.splitters._best_segmentation`: every segmentation there is, costs from the definition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray


def best_segmentation_cost(
    vectors: NDArray[np.float64], tokens: Sequence[int], max_tokens: int, topic_cost: float
) -> float:
    """The least cost over all 2^(n-1) segmentations whose segments of two or more fit into `max_tokens`."""
    count = len(vectors)
    return min(
        segmentation_cost(vectors, starts, topic_cost)
        for cuts in range(count)
        for inner in combinations(range(1, count), cuts)
        if _fits(starts := [0, *inner], tokens, max_tokens)
    )


def segmentation_cost(vectors: NDArray[np.float64], starts: Sequence[int], topic_cost: float) -> float:
    """Squared distances of sentences to the mean of their segment, plus a fixed cost for each segment."""
    scatter = _spread(vectors) / len(vectors)
    segments = [vectors[a:b] for a, b in pairwise([*starts, len(vectors)])]
    return sum(_spread(segment) for segment in segments) + topic_cost * scatter * len(segments)


def _spread(vectors: NDArray[np.float64]) -> float:
    return float(np.sum((vectors - vectors.mean(axis=0)) ** 2))


def _fits(starts: Sequence[int], tokens: Sequence[int], max_tokens: int) -> bool:
    bounds = pairwise([*starts, len(tokens)])
    return all(b - a == 1 or sum(tokens[a:b]) <= max_tokens for a, b in bounds)
