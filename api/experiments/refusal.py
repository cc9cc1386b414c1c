"""Grounded-refusal F1: does an arm refuse what has no answer, and only that? F1_GR of Trust-Score.

Song et al. 2024, "Measuring and Enhancing Trustworthiness of LLMs in RAG through Grounded Attributions and Learning to
Refuse", arXiv 2409.11242: the mean of the F1 of refusing (precision: of the questions refused, the unanswerable;
recall: of the unanswerable, the refused) and the F1 of answering (of the answered, the answerable; of the answerable,
the answered). There a question is answerable if the passages that were read answer it; here if the library does, so
that what a search misses counts against the arm and a closed book can be measured too.

It is a figure of a whole set of questions. The interval resamples whole notes, as everywhere.

Shapes: N questions, U notes, R resamples.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.metrics import NO_SPREAD, Estimate, without_spread

RESAMPLES = 10_000

Floats = NDArray[np.float64]


def grounded_refusal(
    answerable: Sequence[bool], answered: Sequence[float], units: Sequence[Hashable], *, resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate | None:
    """F1_GR of N questions; None without both kinds of question, where one of the two F1 says nothing.

    answered: [N] the share of the seeds with which each was answered, 0..1. units: [N] their notes. Raises
    ValueError if the lengths differ.
    """
    if not any(answerable) or all(answerable):
        return None
    order = {unit: n for n, unit in enumerate(dict.fromkeys(units))}
    counts = np.zeros((len(order), 4))  # [U, 4], see `_f1`
    for can, share, unit in zip(answerable, answered, units, strict=True):
        counts[order[unit], 0 if can else 2] += share
        counts[order[unit], 1 if can else 3] += 1.0 - share
    drawn = np.random.default_rng(seed).integers(len(order), size=(resamples, len(order)))
    times = np.stack([np.bincount(row, minlength=len(order)) for row in drawn]).astype(np.float64)  # [R, U]
    mean = float(_f1(counts.sum(axis=0)))
    low, high = map(float, np.nanquantile(_f1(times @ counts), [0.025, 0.975]))
    if high - low < NO_SPREAD:
        low, high = without_spread(mean, len(order))
    return Estimate(mean, low, high, len(units), len(order))


def _f1(counts: Floats) -> Floats:
    """F1_GR [...] of how many answerable questions were answered and refused, then unanswerable ones [..., 4]; nan
    where one of the two F1 is nothing over nothing."""
    answered, missed, taken, refused = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore"):  # nothing over nothing
        of_answers = 2 * answered / (2 * answered + missed + taken)
        of_refusals = 2 * refused / (2 * refused + missed + taken)
    both: Floats = (of_answers + of_refusals) / 2
    return both
