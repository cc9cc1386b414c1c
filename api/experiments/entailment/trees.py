"""Boosted regression trees as flat arrays: what was fitted elsewhere, evaluated here (Friedman 2001).

A tree is a run of nodes; a node that splits sends a row left where its feature is at most the threshold. The score is
the logistic function of the base and the leaves' sum. Shapes: N rows, F features, M nodes of all trees, B trees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Trees:
    """roots: [B] first node of each tree. feature, left, right: [M], feature -1 for a leaf. threshold, value: [M]."""

    base: float
    roots: Integers
    feature: Integers
    threshold: Floats
    left: Integers
    right: Integers
    value: Floats

    def score(self, rows: Floats) -> Floats:
        """Probability [N] of rows [N, F], all trees in step."""
        at = np.tile(self.roots, (len(rows), 1))  # [N, B]
        lines = np.arange(len(rows))[:, None]
        while (self.feature[at] >= 0).any():
            feature = self.feature[at]
            goes_left = rows[lines, np.maximum(feature, 0)] <= self.threshold[at]
            at = np.where(feature < 0, at, np.where(goes_left, self.left[at], self.right[at]))
        found: Floats = 1.0 / (1.0 + np.exp(-(self.base + self.value[at].sum(axis=1))))
        return found
