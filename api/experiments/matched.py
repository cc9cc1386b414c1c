"""Risk at the same coverage: an arm that stays silent where it is unsure must not win by silence alone.

Each arm's surest answers are kept until as large a share of all questions is answered as another arm answers: a point
on its risk-coverage curve (El-Yaniv & Wiener 2010). Arms without confidence (a closed book has none) are equally sure
of everything: their risk is the same wherever the curve is cut, as if answers were dropped at random. An arm that
answers fewer questions than the coverage asks for has no figure there.

Intervals resample whole notes, all arms together, 95 % percentiles; the differences are paired. The coverage is a
share, kept in each resample.

Shapes: N questions, U notes, L levels of confidence, R resamples.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
SMALLEST = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Given:
    """One question by one arm. wrong: None where the arm abstained. confidence: None where it has none."""

    wrong: bool | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class At:
    """Share wrong, 0..1, with its interval, None where all questions are of one note; difference: the same of the first
    arm's risk less this one's, None for the first itself, where the first has no figure and where there is one note."""

    mean: float
    low: float | None
    high: float | None
    difference: tuple[float, float, float] | None


def coverage_of(arm: Sequence[Given]) -> float:
    """Share of the questions answered; 0 for none."""
    return sum(one.wrong is not None for one in arm) / len(arm) if arm else 0.0


def risks_at(
    arms: Mapping[str, Sequence[Given]], units: Sequence[Hashable], coverage: float, *, resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, At]:
    """Each arm's risk at `coverage`, 0..1, on the same N questions; arms that do not reach it are left out.

    arms: name -> [N], the first being the one compared with. units: [N].
    """
    if coverage <= 0 or not units:
        return {}
    order = {unit: n for n, unit in enumerate(dict.fromkeys(units))}
    of_question = np.array([order[unit] for unit in units])
    drawn = np.random.default_rng(seed).integers(len(order), size=(resamples, len(order)))
    times = np.stack([np.bincount(row, minlength=len(order)) for row in drawn]).astype(np.float64)  # [R, U]
    times = np.concatenate([np.ones((1, len(order))), times])  # the questions as they were asked come first
    wanted = coverage * times[:, of_question].sum(axis=1)  # [R + 1] answers
    found: dict[str, Floats] = {}
    for name, arm in arms.items():
        if coverage_of(arm) >= coverage - SMALLEST:
            found[name] = _risks(arm, times[:, of_question], wanted)
    if len(order) < 2:
        return {name: At(float(risks[0]), None, None, None) for name, risks in found.items()}
    first = next(iter(arms))
    return {name: _at(risks, found.get(first) if name != first else None) for name, risks in found.items()}


def _risks(arm: Sequence[Given], times: Floats, wanted: Floats) -> Floats:
    """Share wrong among the `wanted` [R] surest answers, where question n counts times[:, n] [R, N]: [R].

    Answers of one level of confidence have no order: of a level that is taken in part, the same part of its wrong ones
    is. A resample with fewer answers than wanted gives all it has.
    """
    answered = [n for n, one in enumerate(arm) if one.wrong is not None]
    sure = np.array([0.0 if (value := arm[n].confidence) is None else value for n in answered])
    wrong = np.array([float(bool(arm[n].wrong)) for n in answered])
    weight = times[:, answered]  # [R, answers]
    _, level = np.unique(-sure, return_inverse=True)  # surest first
    sums = np.zeros((len(answered), int(level.max()) + 1))
    sums[np.arange(len(answered)), level] = 1.0
    count = np.cumsum(weight @ sums, axis=1)  # [R, L] answers down to each level
    errors = np.cumsum((weight * wrong) @ sums, axis=1)  # [R, L]
    total = np.minimum(wanted, count[:, -1])
    rows = np.arange(len(count))
    at = np.minimum((count < total[:, None] - SMALLEST).sum(axis=1), count.shape[1] - 1)
    before, before_wrong = (np.where(at > 0, array[rows, at - 1], 0.0) for array in (count, errors))
    width = np.maximum(count[rows, at] - before, SMALLEST)
    part = np.clip((total - before) / width, 0.0, 1.0)
    taken = before_wrong + part * (errors[rows, at] - before_wrong)
    risks: Floats = taken / np.maximum(total, SMALLEST)
    return risks


def _at(risks: Floats, first: Floats | None) -> At:
    return At(*_estimate(risks), None if first is None else _estimate(first - risks))


def _estimate(values: Floats) -> tuple[float, float, float]:
    """(what was measured, low, high) of the value measured and those resampled [1 + R]."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(low), float(high)
