"""Retrieval metrics, and how sure one may be of them.

A ranking is a list of ids, best first; `gains` says what each relevant id is worth (1 where relevance is yes
or no) and omits the rest. All three metrics lie in 0..1 and are means over questions:

- recall@k: the share of relevant ids among the first k (Manning, Raghavan & Schuetze 2008, chapter 8);
- MRR@k: one over the rank of the first relevant id, 0 beyond k (Voorhees 1999, TREC-8 question answering);
- nDCG@k: gain / log2(rank + 1), summed, over the best possible sum (Jarvelin & Kekalainen 2002; gains are
  linear, as in trec_eval's ndcg_cut).

Questions on one document share its luck, as do the two languages of one question: intervals resample such
clusters, not questions (Field & Welsh 2007, "Bootstrapping clustered data"). Comparisons resample the paired
differences (Efron & Tibshirani 1993, chapter 16; Sakai 2006 for retrieval). Resampling cannot show what never happened
and knows little from few clusters: see `without_spread` and `FEWEST_CLUSTERS`.

Shapes: N questions, U clusters, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
# Of fewer clusters no interval is shown: resampled, it would be much too narrow (Cameron, Gelbach & Miller 2008).
FEWEST_CLUSTERS = 6
NO_SPREAD = 1e-12  # ends of an interval that are apart by rounding alone
_BLOCK = 1_000  # resamples drawn at a time: 1,000 x U numbers


def recall_at_k(ranking: Sequence[str], gains: Mapping[str, float], k: int) -> float:
    """Share of the ids with a positive gain that stand among the first `k`. ValueError if there are none."""
    relevant = _relevant(gains)
    return len(relevant.intersection(ranking[:k])) / len(relevant)


def reciprocal_rank(ranking: Sequence[str], gains: Mapping[str, float], k: int = 10) -> float:
    """1 / rank of the first id with a positive gain among the first `k`, else 0."""
    relevant = _relevant(gains)
    return next((1 / rank for rank, name in enumerate(ranking[:k], start=1) if name in relevant), 0.0)


def ndcg(ranking: Sequence[str], gains: Mapping[str, float], k: int = 10) -> float:
    """Discounted gain of the first `k` over that of the best order. An id that comes twice counts once."""
    _relevant(gains)
    distinct = list(dict.fromkeys(ranking))
    ideal = _discounted(sorted((gain for gain in gains.values() if gain > 0), reverse=True)[:k])
    return _discounted([max(0.0, gains.get(name, 0.0)) for name in distinct[:k]]) / ideal


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def _relevant(gains: Mapping[str, float]) -> frozenset[str]:
    relevant = frozenset(name for name, gain in gains.items() if gain > 0)
    if not relevant:
        raise ValueError("no relevant ids: leave unanswerable questions out of retrieval metrics")
    return relevant


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with the ends of its confidence interval. questions: N; clusters: U."""

    mean: float
    low: float
    high: float
    questions: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of `first - second` on the same questions, its interval, and the two-sided p-value."""

    mean: float
    low: float
    high: float
    p_value: float


def bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Mean of `values` [N] with a percentile interval from resampling whole clusters; where values of 0..1 show no
    spread, that of `without_spread`.

    clusters: [N], what each value shares its luck with (its note, its document). Raises ValueError if there
    are no values or the lengths differ.
    """
    sums, counts = _by_cluster(values, clusters)
    means = _resampled_means(sums, counts, resamples, seed)
    low, high = map(float, np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))
    mean = float(sums.sum() / counts.sum())
    if high - low < NO_SPREAD and min(values) >= 0 and max(values) <= 1:
        low, high = without_spread(mean, len(sums), level=level)
    return Estimate(mean, low, high, len(values), len(sums))


def without_spread(mean: float, clusters: int, *, least: float = 0.0, level: float = 0.95) -> tuple[float, float]:
    """The interval of a mean that all U clusters have in common, of values that lie in `least`..1.

    Others may exist of which none was drawn: at most the share whose exact binomial interval (Clopper & Pearson 1934)
    still holds "none of U". They count with the least and the greatest value that there is.
    """
    from scipy.stats import binomtest

    others = float(binomtest(0, clusters).proportion_ci(level, method="exact").high)
    return (1 - others) * mean + others * least, (1 - others) * mean + others


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Difference of the means of `first` and `second`, measured on the same N questions.

    The p-value asks how often a mean as far from 0 comes out of differences shifted to have mean 0; it counts
    the observed one too, so it is never 0. Raises ValueError as `bootstrap` does.
    """
    differences = [one - other for one, other in zip(first, second, strict=True)]
    sums, counts = _by_cluster(differences, clusters)
    mean = float(sums.sum() / counts.sum())
    means = _resampled_means(sums, counts, resamples, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    # Rounding must not decide whether a tie counts as "as far".
    as_far = int((np.abs(means - mean) >= abs(mean) - 1e-12).sum())
    return Difference(mean, float(low), float(high), (as_far + 1) / (resamples + 1))


def _by_cluster(
    values: Sequence[float], clusters: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and number of the values of each cluster, [U] each."""
    if not values or len(values) != len(clusters):
        raise ValueError(f"{len(values)} values and {len(clusters)} clusters: one cluster per value is needed")
    numbers: dict[Hashable, int] = {}
    of_value = [numbers.setdefault(cluster, len(numbers)) for cluster in clusters]  # [N]
    sums = np.bincount(of_value, np.asarray(values, np.float64)).astype(np.float64)
    return sums, np.bincount(of_value).astype(np.float64)


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], resamples: int, seed: int
) -> NDArray[np.float64]:
    """Means over all questions of U clusters drawn with replacement, [R]."""
    random = np.random.default_rng(seed)
    n_clusters = len(sums)
    blocks = []
    for start in range(0, resamples, _BLOCK):
        drawn = random.integers(n_clusters, size=(min(_BLOCK, resamples - start), n_clusters))  # [block, U]
        blocks.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return np.concatenate(blocks)


def auroc(scored: Sequence[tuple[float, bool]]) -> float:
    """Probability that a true one has the higher score than a false one, ties half (Hanley & McNeil 1982); 0.5 where
    one kind is missing."""
    from scipy.stats import mannwhitneyu

    true = [score for score, label in scored if label]
    false = [score for score, label in scored if not label]
    if not true or not false:
        return 0.5
    return float(mannwhitneyu(true, false, method="asymptotic").statistic / (len(true) * len(false)))
