"""Do two arms differ? Paired tests on the same questions, resampled by clusters, corrected for how many were made.

The unit of questions (the note they are about) is the cluster: its questions share its luck, and both languages of a
question lie in it. For each pair of arms and figure there are

- the difference of the two shares with a 95 % percentile interval from resampling whole clusters, both arms together
  (paired cluster bootstrap: Efron & Tibshirani 1993, chapter 16; Field & Welsh 2007). Each arm keeps its own
  denominator, so "wrong among answered" may be compared although the arms abstain on different questions; where both
  answer the same ones this is `retrieval.metrics.paired_bootstrap`. Of fewer than `retrieval.metrics.FEWEST_CLUSTERS`
  clusters there is none; where no cluster differs from another it is that of `retrieval.metrics.without_spread`;
- the p-value of a sign-flip permutation test by cluster (Fisher 1935; Good 2005): what each cluster adds to the
  difference, measured from the share common to both arms, could as well have had the other sign were there none. The
  bootstrap's own p-value declares 6 to 8 % false differences at 24 clusters, this one 5 % or fewer (`python -m
  tests.bench.bench_false_alarms`), so the interval comes from one and the p-value from the other: close to 0.05 they
  may disagree. Where fewer than six questions could tell, p is 1: resampling cannot see what has not happened yet. Such
  are those on which the arms differ, and of the answers that one arm alone gave those that, by the common share, are
  to be expected with the rarer outcome;
- McNemar's exact test (McNemar 1947) on the questions where the figure is yes or no for both arms. It takes questions
  as independent; where arms differ by note it declares differences that are not there. For comparison with what is
  usually published; nothing is declared by it.

Holm's correction (Holm 1979) covers all comparisons of an experiment.

Shapes: N questions, U clusters.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.metrics import FEWEST_CLUSTERS, NO_SPREAD, without_spread

RESAMPLES = 10_000
LEVEL = 0.05
FEWEST = 6  # five questions that differ cannot be told from chance by McNemar's test either: 2 / 2^5 > 0.05

_BATCH = 500  # resamples held at a time: 500 x U numbers

Values = Sequence[float | None]
Floats = NDArray[np.float64]
_Row = tuple[float | None, float | None, Hashable]  # first arm, second arm, cluster


@dataclass(frozen=True, slots=True)
class McNemar:
    """only_first, only_second: questions where the figure is 1 for that arm alone. p_value: exact, two-sided."""

    only_first: int
    only_second: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Share of the first arm less that of the second. low, high: the 95 % interval, None of few clusters. questions:
    those with a value for either arm. clusters: U. mcnemar: None for figures that are not yes or no. tested: whether
    enough questions could tell for a test; else p_value is 1."""

    difference: float
    low: float | None
    high: float | None
    p_value: float
    questions: int
    clusters: int
    mcnemar: McNemar | None
    tested: bool


def compare(
    first: Values, second: Values, clusters: Sequence[Hashable], *, resamples: int = RESAMPLES,
    drawn: int | None = None, seed: int = 0,
) -> Comparison | None:
    """Compare two arms on N questions; None is "does not apply" (an abstention has no right or wrong).

    first, second, clusters: [N]. drawn: resamples of the interval, where they are to be fewer. None if an arm has no
    value at all or there is one cluster: nothing can be said then. Raises ValueError if the lengths differ.
    """
    rows = list(zip(first, second, clusters, strict=True))
    rows = [row for row in rows if row[0] is not None or row[1] is not None]
    table = _by_cluster(rows)
    n_clusters = len(table) // 2
    if n_clusters < 2 or not table[:n_clusters, 1].sum() or not table[n_clusters:, 1].sum():
        return None
    numbers = np.arange(n_clusters)
    difference = float(_difference(table, numbers, numbers + n_clusters))
    low, high = None, None
    if n_clusters >= FEWEST_CLUSTERS:
        low, high = _interval(table, difference, resamples if drawn is None else drawn, seed)
    tested = _telling(rows) >= FEWEST
    p_value = _p_value(table, resamples, seed) if tested else 1.0
    return Comparison(difference, low, high, p_value, len(rows), n_clusters, _mcnemar_of(rows), tested)


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """McNemar's exact test on N paired yes-or-no values. Raises ValueError if the lengths differ."""
    from statsmodels.stats.contingency_tables import mcnemar as test

    table = [[0, 0], [0, 0]]
    for one, other in zip(first, second, strict=True):
        table[not one][not other] += 1
    # Without a discordant question there is nothing to test, and the library divides by their number.
    p_value = float(test(table, exact=True).pvalue) if table[0][1] + table[1][0] else 1.0
    return McNemar(table[0][1], table[1][0], min(1.0, p_value))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; declare where one is at most LEVEL."""
    from statsmodels.stats.multitest import multipletests

    return [float(value) for value in multipletests(p_values, method="holm")[1]] if p_values else []


def _by_cluster(rows: Sequence[_Row]) -> Floats:
    """[2U, 2] sum and number of values: the clusters of the first arm, then, in the same order, of the second."""
    order = {cluster: n for n, cluster in enumerate(dict.fromkeys(row[2] for row in rows))}
    table = np.zeros((2 * len(order), 2))
    for one, other, cluster in rows:
        for value, at in ((one, order[cluster]), (other, order[cluster] + len(order))):
            if value is not None:
                table[at] += (value, 1.0)
    return table


def _difference(table: Floats, first: NDArray[Any], second: NDArray[Any]) -> Any:
    """Difference of the shares over the clusters whose row numbers are `first` and `second` [..., U]: [...].

    A draw in which an arm has no values (only where it seldom answers) counts as a share of 0.
    """
    shares = []
    for numbers in (first, second):
        sums = table[numbers.astype(np.int64)].sum(axis=-2)  # [..., U, 2] -> [..., 2]
        shares.append(sums[..., 0] / np.maximum(sums[..., 1], 1.0))
    return shares[0] - shares[1]


def _interval(table: Floats, difference: float, resamples: int, seed: int) -> tuple[float, float]:
    from scipy.stats import bootstrap

    numbers = np.arange(len(table) // 2)
    found = bootstrap(
        (numbers,),
        lambda drawn, axis: _difference(table, drawn, drawn + len(numbers)),  # noqa: ARG005 (scipy names the axis)
        n_resamples=resamples, batch=_BATCH, method="percentile", vectorized=True, rng=np.random.default_rng(seed),
    )  # fmt: skip
    low, high = float(found.confidence_interval.low), float(found.confidence_interval.high)
    return (low, high) if high - low > NO_SPREAD else without_spread(difference, len(numbers), least=-1.0)


def _p_value(table: Floats, resamples: int, seed: int) -> float:
    """Flips the signs of what the clusters add at random; in all ways where those are no more than `resamples`."""
    from scipy.stats import permutation_test

    first, second = np.split(table, 2)  # [U, 2] each
    share = table[:, 0].sum() / table[:, 1].sum()
    added = [(arm[:, 0] - share * arm[:, 1]) / arm[:, 1].sum() for arm in (first, second)]  # [U] each, from the share
    found = permutation_test(
        (added[0] - added[1],), np.sum, permutation_type="samples", n_resamples=resamples, batch=_BATCH,
        vectorized=True, rng=np.random.default_rng(seed),
    )  # fmt: skip
    return float(found.pvalue)


def _telling(rows: Sequence[_Row]) -> float:
    """How many questions could tell the arms apart: see above."""
    values = [value for row in rows for value in row[:2] if value is not None]
    share = sum(values) / len(values)
    differ = sum(one is not None and other is not None and one != other for one, other, _ in rows)
    alone = sum((one is None) != (other is None) for one, other, _ in rows)
    return differ + alone * min(share, 1 - share)


def _mcnemar_of(rows: Sequence[_Row]) -> McNemar | None:
    both = [(one, other) for one, other, _ in rows if one is not None and other is not None]
    if not both or not {value for pair in both for value in pair} <= {0.0, 1.0}:
        return None
    return mcnemar([bool(one) for one, _ in both], [bool(other) for _, other in both])
