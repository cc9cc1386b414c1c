"""Risk at the same coverage: an arm that stays silent where it is unsure must not win by silence alone.

Each arm's surest answers are kept until as large a share of all questions is answered as another arm answers: a point
on its risk-coverage curve (El-Yaniv & Wiener 2010). Arms without confidence (a closed book has none) are equally sure
of everything: their risk is the same wherever the curve is cut, as if answers were dropped at random. An arm that
answers fewer questions than the coverage asks for has no figure there.

Intervals resample whole notes, all arms together, 95 % percentiles; the differences are paired. The coverage is a
share, kept in each resample. Few notes, and figures without any spread, are treated as in `retrieval.metrics`.

Shapes: N questions, A answers of them, U notes, L levels of confidence, R resamples, B of them at a time.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.metrics import FEWEST_CLUSTERS, without_spread

RESAMPLES = 1_000
SMALLEST = 1e-9
_BLOCK = 100  # resamples at a time: B x A numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Given:
    """One question by one arm. wrong: None where the arm abstained. confidence: None where it has none."""

    wrong: bool | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class At:
    """Share wrong, 0..1, with its interval, None where there are too few notes; difference: the same of the first
    arm's risk less this one's, None for the first itself, where the first has no figure and of too few notes."""

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
    wanted = coverage * (times @ np.bincount(of_question))  # [R + 1] answers
    found: dict[str, Floats] = {}
    for name, arm in arms.items():
        if coverage_of(arm) >= coverage - SMALLEST:
            found[name] = _risks(arm, of_question, times, wanted)
    if len(order) < FEWEST_CLUSTERS:
        return {name: At(float(risks[0]), None, None, None) for name, risks in found.items()}
    first = next(iter(arms))
    return {
        name: _at(risks, found.get(first) if name != first else None, len(order)) for name, risks in found.items()
    }


def _risks(arm: Sequence[Given], of_question: NDArray[np.intp], times: Floats, wanted: Floats) -> Floats:
    """Share wrong among the `wanted` [R] surest answers, where note u counts times[:, u] [R, U]: [R].

    of_question: [N], the note of each.
    """
    answered = np.array([n for n, one in enumerate(arm) if one.wrong is not None])
    sure = np.array([0.0 if (value := arm[n].confidence) is None else value for n in answered])
    order = np.argsort(-sure, kind="stable")  # surest first
    last = np.flatnonzero(np.diff(sure[order], append=-np.inf))  # [L] the last answer of each level
    wrong = np.array([float(bool(arm[n].wrong)) for n in answered[order]])
    notes = of_question[answered[order]]
    blocks = []
    for start in range(0, len(times), _BLOCK):
        weight = times[start : start + _BLOCK][:, notes]  # [B, A]
        count, errors = (np.cumsum(of, axis=1)[:, last] for of in (weight, weight * wrong))  # [B, L]
        blocks.append(_taken(count, errors, wanted[start : start + _BLOCK]))
    return np.concatenate(blocks)


def _taken(count: Floats, errors: Floats, wanted: Floats) -> Floats:
    """Share wrong [B] of the `wanted` [B] surest, where `count` answers down to each level [B, L] hold `errors`.

    Answers of one level of confidence have no order: of a level that is taken in part, the same part of its wrong ones
    is. A resample with fewer answers than wanted gives all it has.
    """
    total = np.minimum(wanted, count[:, -1])
    rows = np.arange(len(count))
    at = np.minimum((count < total[:, None] - SMALLEST).sum(axis=1), count.shape[1] - 1)
    before, before_wrong = (np.where(at > 0, array[rows, at - 1], 0.0) for array in (count, errors))
    width = np.maximum(count[rows, at] - before, SMALLEST)
    part = np.clip((total - before) / width, 0.0, 1.0)
    taken = before_wrong + part * (errors[rows, at] - before_wrong)
    risks: Floats = taken / np.maximum(total, SMALLEST)
    return risks


def _at(risks: Floats, first: Floats | None, notes: int) -> At:
    return At(*_estimate(risks, notes, 0.0), None if first is None else _estimate(first - risks, notes, -1.0))


def _estimate(values: Floats, notes: int, least: float) -> tuple[float, float, float]:
    """(what was measured, low, high) of the value measured and those resampled [1 + R]; none is below `least`."""
    value, (low, high) = float(values[0]), np.quantile(values[1:], [0.025, 0.975])
    if high - low < SMALLEST:
        low, high = without_spread(value, notes, least=least)
    return value, float(low), float(high)
