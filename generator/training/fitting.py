"""Fits the few weights of `generator.decisions`: choosing one of many, and being right or wrong.

Both are convex; torch's L-BFGS finds the optimum in a fraction of a second. Features are divided by their standard
deviations while fitting, so that one penalty suits all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

Features = Sequence[Sequence[float]]


def _minimise(loss: Callable[[torch.Tensor], torch.Tensor], size: int, penalty: float) -> torch.Tensor:
    weights = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        value = loss(weights) + penalty * weights.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights.detach()


def _scale(features: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each column; 1 for a constant one, which has none to divide by."""
    deviations = features.std(0)
    return torch.where(deviations > 1e-6, deviations, torch.ones_like(deviations))


def fit_choice(groups: Sequence[tuple[Features, Sequence[bool]]], penalty: float = 1e-3) -> tuple[float, ...]:
    """Weights under which a right candidate of each group gets most of the softmax (conditional logit: McFadden 1974).

    groups: (features [n, F], which are right [n]); groups without a right candidate, or with no wrong one, are left
    out. Raises ValueError if none is left.
    """
    usable = [(torch.tensor(f, dtype=torch.float64), torch.tensor(r)) for f, r in groups if any(r) and not all(r)]
    if not usable:
        raise ValueError("no question has both a right and a wrong candidate")
    scale = _scale(torch.cat([features for features, _ in usable]))

    def loss(weights: torch.Tensor) -> torch.Tensor:
        parts = []
        for features, right in usable:
            scores = (features / scale) @ weights
            parts.append(scores.logsumexp(0) - scores[right].logsumexp(0))
        return torch.stack(parts).mean()

    return tuple((_minimise(loss, len(scale), penalty) / scale).tolist())


def fit_probability(features: Features, right: Sequence[bool], penalty: float = 1e-3) -> tuple[float, ...]:
    """Weights of a logistic regression; the last feature is the constant 1, which has no penalty worth naming.

    Raises ValueError if all are right or all are wrong.
    """
    if all(right) or not any(right):
        raise ValueError("right and wrong answers are both needed")
    X = torch.tensor(features, dtype=torch.float64)
    y = torch.tensor(right, dtype=torch.float64)
    scale = _scale(X)

    def loss(weights: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits((X / scale) @ weights, y)

    return tuple((_minimise(loss, X.shape[1], penalty) / scale).tolist())
