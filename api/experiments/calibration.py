"""Does an arm know when it is wrong? Confidence against rightness: AUROC, risk-coverage, reliability.

All over the answers given, so an arm that abstains has shown only the part of its curve that it dared; set
`abstain = false` to see the whole. Confidence that nobody gave (a closed book has none) has no figures.

- AUROC: the chance that a right answer is surer than a wrong one, ties half (Hanley & McNeil 1982: the Mann-Whitney
  statistic over the number of pairs).
- Risk-coverage: give only the k surest answers of N; risk is the share wrong among them (El-Yaniv & Wiener 2010). Its
  area AURC is the mean risk over k = 1..N (Geifman & El-Yaniv 2017, arXiv 1705.08500; Geifman et al. 2019). Answers
  that are equally sure have no order: each of them counts with their common share of wrong.
- Reliability: answers in ten bins of equal width by confidence; ECE is the mean distance of confidence and share right
  over bins, weighted by their numbers (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599).

Shapes: N answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval import metrics

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of one bin: their mean confidence, the share right, how many."""

    confidence: float
    right: float
    answers: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """auroc: None where all are right or all wrong. curve: (coverage, risk) for k = 1..N. bins: those with answers."""

    answers: int
    auroc: float | None
    aurc: float
    ece: float
    curve: tuple[tuple[float, float], ...]
    bins: tuple[Bin, ...]


def calibration(confidence: Sequence[float], right: Sequence[bool]) -> Calibration | None:
    """All figures of N answers; None for none. Raises ValueError if the lengths differ."""
    if len(confidence) != len(right):
        raise ValueError(f"{len(confidence)} confidences and {len(right)} answers: one for each is needed")
    if not confidence:
        return None
    sure, good = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    risks = risk_curve(sure, good)
    bins = _bins(sure, good)
    error = sum(abs(one.confidence - one.right) * one.answers for one in bins) / len(sure)
    curve = tuple(((k + 1) / len(risks), float(risk)) for k, risk in enumerate(risks))
    return Calibration(len(sure), auroc(sure, good), float(risks.mean()), float(error), curve, bins)


def auroc(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """The chance, 0..1, that a right answer [N] is surer than a wrong one; None without both."""
    if right.min() == right.max():
        return None
    return metrics.auroc(list(zip(confidence.tolist(), (right == 1).tolist(), strict=True)))


def risk_curve(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share wrong among the k surest answers, for k = 1..N: [N]."""
    _, of_answer = np.unique(-confidence, return_inverse=True)  # surest first
    shares = np.bincount(of_answer, 1.0 - right) / np.bincount(of_answer)  # [levels]
    risks: NDArray[np.float64] = np.cumsum(shares[np.sort(of_answer)]) / np.arange(1, len(confidence) + 1)
    return risks


def _bins(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[Bin, ...]:
    numbers = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)  # a confidence of 1 belongs to the last
    return tuple(
        Bin(float(confidence[numbers == n].mean()), float(right[numbers == n].mean()), int((numbers == n).sum()))
        for n in range(BINS)
        if (numbers == n).any()
    )
