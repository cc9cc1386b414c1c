"""Metrics against sums done by hand; intervals against what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.metrics import bootstrap, ndcg, paired_bootstrap, recall_at_k, reciprocal_rank, without_spread

GAINS = {"a": 1.0, "b": 1.0, "zero": 0.0}


def test_recall_counts_relevant_ids_among_the_first() -> None:
    assert recall_at_k(["x", "a", "b"], GAINS, 2) == 0.5
    assert recall_at_k(["x", "a", "b"], GAINS, 3) == 1.0
    assert recall_at_k(["zero"], GAINS, 1) == 0.0


def test_reciprocal_rank_is_of_the_first_relevant_id() -> None:
    assert reciprocal_rank(["x", "a", "b"], GAINS) == 0.5
    assert reciprocal_rank(["x"] * 10 + ["a"], GAINS, 10) == 0.0


def test_ndcg_by_hand() -> None:
    """Gains 3 and 1; found at ranks 2 and 3: (3 / log2(3) + 1 / log2(4)) / (3 / log2(2) + 1 / log2(3))."""
    found = 3 / math.log2(3) + 1 / 2
    best = 3 + 1 / math.log2(3)
    assert ndcg(["x", "a", "b"], {"a": 3.0, "b": 1.0}) == pytest.approx(found / best)


def test_an_id_that_comes_twice_counts_once() -> None:
    assert ndcg(["a", "a", "b"], GAINS) == 1.0
    assert recall_at_k(["a", "a"], GAINS, 2) == 0.5


def test_a_question_without_relevant_ids_is_refused() -> None:
    with pytest.raises(ValueError, match="unanswerable"):
        recall_at_k(["a"], {}, 1)
    with pytest.raises(ValueError, match="unanswerable"):
        reciprocal_rank(["a"], {"a": 0.0})
    with pytest.raises(ValueError, match="unanswerable"):
        ndcg([], {})


@given(st.permutations(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]), st.integers(1, 12))
def test_metrics_lie_between_0_and_1_and_the_best_order_has_1(ranking: list[str], k: int) -> None:
    gains = {"a": 1.0, "b": 2.0, "c": 3.0}
    best = ["c", "b", "a", *["d", "e", "f", "g", "h", "i", "j", "k", "l"]]
    for value in (
        recall_at_k(ranking, gains, k),
        reciprocal_rank(ranking, gains, k),
        ndcg(ranking, gains, k),
    ):
        assert 0 <= value <= 1
    assert ndcg(best, gains, k) == pytest.approx(1.0)


def test_clusters_widen_the_interval() -> None:
    """Ten notes whose ten questions all share one fate tell no more than ten questions would."""
    values = [float(note % 2) for note in range(10) for _ in range(10)]
    apart = bootstrap(values, list(range(100)))
    together = bootstrap(values, [note for note in range(10) for _ in range(10)])
    assert apart.mean == together.mean == 0.5
    assert (together.questions, together.clusters) == (100, 10)
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_the_interval_is_the_textbooks() -> None:
    """Of a mean of 400 coins: 0.5 +- 1.96 * 0.5 / 20."""
    estimate = bootstrap([0.0, 1.0] * 200, range(400))
    assert estimate.low == pytest.approx(0.451, abs=0.006)
    assert estimate.high == pytest.approx(0.549, abs=0.006)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_rate_of_nothing_or_all_has_the_exact_interval(value: float) -> None:
    """None of 40 clusters: Clopper & Pearson end at 1 - 0.025 ^ (1 / 40), however many questions they hold."""
    estimate = bootstrap([value] * 120, [cluster for cluster in range(40) for _ in range(3)])
    other = 1 - 0.025 ** (1 / 40)
    assert estimate.mean == value
    assert (estimate.low, estimate.high) == pytest.approx((0, other) if value == 0 else (1 - other, 1))


@given(st.floats(0, 1), st.integers(1, 200))
def test_the_interval_without_spread_holds_the_mean_and_narrows_with_more_clusters(mean: float, clusters: int) -> None:
    low, high = without_spread(mean, clusters)
    assert -1e-12 <= low <= mean + 1e-12 and mean - 1e-12 <= high <= 1 + 1e-12
    wider = without_spread(mean, clusters, least=-1.0)
    assert wider[0] <= low and wider[1] == high
    more = without_spread(mean, clusters + 1)
    assert more[1] - more[0] < high - low


def test_a_seed_gives_the_same_interval() -> None:
    values = list(np.random.default_rng(0).random(50))
    assert bootstrap(values, range(50), seed=3) == bootstrap(values, range(50), seed=3)
    assert bootstrap(values, range(50), seed=3) != bootstrap(values, range(50), seed=4)


def test_means_weigh_questions_not_clusters() -> None:
    assert bootstrap([1.0, 1.0, 1.0, 0.0], ["note", "note", "note", "other"]).mean == 0.75


def test_pairing_sees_a_small_constant_gain() -> None:
    second = list(np.random.default_rng(0).random(100))
    first = [value + 0.01 for value in second]
    difference = paired_bootstrap(first, second, range(100))
    assert difference.mean == pytest.approx(0.01)
    assert difference.low > 0
    assert difference.p_value < 0.001


def test_no_difference_is_no_news() -> None:
    values = [0.0, 1.0, 1.0, 0.0]
    difference = paired_bootstrap(values, values, range(4))
    assert (difference.mean, difference.low, difference.high, difference.p_value) == (0, 0, 0, 1)


def test_the_difference_turns_with_its_sides() -> None:
    random = np.random.default_rng(0)
    first, second = list(random.random(30)), list(random.random(30))
    one, other = paired_bootstrap(first, second, range(30)), paired_bootstrap(second, first, range(30))
    assert one.mean == pytest.approx(-other.mean)
    assert one.low == pytest.approx(-other.high)
    assert one.p_value == other.p_value


def test_chance_is_called_chance_about_as_often_as_it_should_be() -> None:
    random = np.random.default_rng(1)
    p_values = [
        paired_bootstrap(list(random.random(40)), list(random.random(40)), range(40), resamples=500).p_value
        for _ in range(200)
    ]
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.11


def test_lengths_must_fit() -> None:
    with pytest.raises(ValueError):
        bootstrap([], [])
    with pytest.raises(ValueError):
        bootstrap([1.0], ["a", "b"])
    with pytest.raises(ValueError):
        paired_bootstrap([1.0], [1.0, 2.0], ["a"])
