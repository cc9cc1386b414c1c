"""The tests on worked examples, against a second implementation, and on arms with no difference between them."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.experiments import statistics
from api.experiments.calibration import calibration
from api.experiments.statistics import compare, holm, mcnemar
from retrieval.metrics import FEWEST_CLUSTERS, paired_bootstrap
from tests.reference.simulated_arms import World, declared, outcomes


def test_mcnemar_by_hand() -> None:
    # 10 discordant questions, 1 against 9: two-sided binomial 2 * (C(10, 0) + C(10, 1)) / 2^10 = 22 / 1024.
    first = [True] * 20 + [True] + [False] * 9
    second = [True] * 20 + [False] + [True] * 9
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (1, 9)
    assert found.p_value == pytest.approx(22 / 1024)
    assert mcnemar([True, False], [True, False]).p_value == 1.0


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.2 times 4, 3, 2, 1, never below the one before.
    assert holm([0.03, 0.01, 0.2, 0.02]) == pytest.approx([0.06, 0.04, 0.2, 0.06])
    assert holm([]) == []


def test_shares_keep_their_own_denominators() -> None:
    found = compare([1.0, 0.0, None, None], [1.0, 1.0, 1.0, 0.0], ["a", "a", "b", "b"])
    assert found is not None and found.difference == pytest.approx(1 / 2 - 3 / 4)
    assert (found.questions, found.clusters) == (4, 2)
    assert found.mcnemar is not None and found.mcnemar.only_second == 1


def test_all_signs_of_few_clusters_by_hand() -> None:
    # Three notes, the first arm ahead by two questions in each: 2 of the 8 ways to give signs are as far from 0.
    found = compare([1.0] * 6, [0.0] * 6, ["a", "b", "c"] * 2)
    assert found is not None and found.p_value == pytest.approx(2 / 8)
    assert (found.difference, found.low, found.high) == (1.0, None, None)  # too few notes


def test_memory_is_that_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_BATCH", 20)
    notes = list(range(400))
    compare([0.0, 1.0] * 4, [1.0] * 8, notes[:8], resamples=50)  # what scipy loads stays
    tracemalloc.start()
    compare([0.0, 1.0] * 200, [1.0, 0.0, 1.0, 1.0] * 100, notes, resamples=2_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2_000 * len(notes)  # less than the numbers of the clusters drawn


def test_what_was_the_same_on_every_note_may_be_otherwise_on_others() -> None:
    notes = [note for note in range(40) for _ in range(2)]
    same = compare([1.0] * 80, [1.0] * 80, notes)
    assert same is not None and same.difference == 0 and same.low is not None and same.high is not None
    others = 1 - 0.025 ** (1 / 40)  # Clopper & Pearson's greatest share that still gives none of 40
    assert (same.low, same.high) == pytest.approx((-others, others))
    ahead = compare([1.0] * 80, [0.0] * 80, notes)
    assert ahead is not None and (ahead.low, ahead.high) == pytest.approx((1 - 2 * others, 1.0))


def test_batches_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    arms, notes = outcomes(World(units=8, pairs=4), np.random.default_rng(3))
    found = compare(arms[0], arms[1], notes, resamples=300)
    monkeypatch.setattr(statistics, "_BATCH", 7)
    assert compare(arms[0], arms[1], notes, resamples=300) == found


def test_too_few_telling_questions_declare_nothing() -> None:
    notes = list(range(40))
    same = [0.0] * 38 + [1.0] * 2
    refusing = [None if note < 30 else value for note, value in zip(notes, same, strict=True)]
    found = compare(same, refusing, notes)  # 30 refused, 2 of 50 right: between 1 and 2 of the 30 could have been
    assert found is not None and found.difference < 0 and found.p_value == 1.0
    five = compare([1.0] * 5 + [0.0] * 35, [0.0] * 40, notes)
    six = compare([1.0] * 6 + [0.0] * 34, [0.0] * 40, notes)
    assert five is not None and five.p_value == 1.0
    assert six is not None and six.p_value == pytest.approx(2 / 2**6, abs=0.01)


def test_on_the_same_questions_the_interval_is_that_of_the_paired_bootstrap() -> None:
    random = np.random.default_rng(1)
    first, second = ([float(x) for x in random.random(200) < share] for share in (0.6, 0.5))
    notes = [int(note) for note in random.integers(12, size=200)]
    found, other = compare(first, second, notes), paired_bootstrap(first, second, notes)
    assert found is not None
    assert (found.difference, found.low, found.high) == pytest.approx((other.mean, other.low, other.high), abs=0.005)


def test_nothing_is_said_about_an_arm_that_never_answers_or_about_one_note() -> None:
    assert compare([None, None], [1.0, 0.0], ["a", "b"]) is None
    assert compare([1.0, 0.0], [0.0, 0.0], ["a", "a"]) is None
    with pytest.raises(ValueError):
        compare([1.0], [0.0, 1.0], ["a", "b"])


@given(st.integers(0, 2**31))
def test_swapping_the_arms_swaps_the_sign(seed: int) -> None:
    arms, notes = outcomes(World(units=6, pairs=4), np.random.default_rng(seed))
    there, back = (compare(a, b, notes, resamples=50) for a, b in ((arms[0], arms[1]), (arms[1], arms[0])))
    assert there is not None and back is not None
    assert there.difference == pytest.approx(-back.difference)
    assert there.p_value == pytest.approx(back.p_value)
    if there.clusters < FEWEST_CLUSTERS:  # on some notes neither arm may have said anything
        assert there.low is None and there.high is None
    else:
        assert there.low is not None and there.high is not None and there.low <= there.high


def test_without_a_true_difference_few_are_declared_and_a_large_one_is_found() -> None:
    random, world = np.random.default_rng(0), World(units=20, pairs=8, answered=(0.7, 0.9))
    false = sum(any(declared(world, random, resamples=199)) for _ in range(100))
    assert false <= 12  # 5 are expected; 13 or more come by chance once in 700 times at a true 5 %
    found = sum(declared(world, random, gain=2.0, resamples=199)[0] for _ in range(10))
    assert found >= 9


def test_risk_coverage_by_hand() -> None:
    # Surest first: right, wrong, right, wrong. Risks 0, 1/2, 1/3, 2/4; their mean is the area.
    found = calibration([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
    assert found is not None
    assert [coverage for coverage, _ in found.curve] == [0.25, 0.5, 0.75, 1]
    assert [risk for _, risk in found.curve] == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.auroc == pytest.approx(3 / 4)  # of the four pairs right-wrong, only (0.7, 0.8) is the wrong way


def test_reliability_by_hand() -> None:
    # Bin 0.1-0.2: mean 0.15, half right; bin 0.9-1: mean 0.95, all right. ECE (2 * 0.35 + 2 * 0.05) / 4.
    found = calibration([0.1, 0.2 - 1e-9, 0.9, 1.0], [True, False, True, True])
    assert found is not None and [one.answers for one in found.bins] == [2, 2]
    assert found.ece == pytest.approx((2 * 0.35 + 2 * 0.05) / 4)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=20), st.randoms())
def test_equally_sure_answers_have_no_order(answers: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (calibration([c for c, _ in rows], [r for _, r in rows]) for rows in (answers, shuffled))
    assert one is not None and other is not None
    assert one.aurc == pytest.approx(other.aurc)
    assert one.curve[-1][1] == pytest.approx(sum(not right for _, right in answers) / len(answers))
    assert 0 <= one.ece <= 1 and (one.auroc is None or 0 <= one.auroc <= 1)


def test_no_answers_have_no_calibration_and_one_kind_has_no_auroc() -> None:
    assert calibration([], []) is None
    only = calibration([0.3, 0.4], [True, True])
    assert only is not None and only.auroc is None and only.aurc == 0
    with pytest.raises(ValueError):
        calibration([0.1], [])
    assert not math.isnan(only.ece)
