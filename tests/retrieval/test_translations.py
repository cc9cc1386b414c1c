"""A foreign chunk steps behind its translation and behind nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.translations import behind_translations, order

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
NEARLY_EAST = [0.9, float(np.sqrt(0.19))]


def ranked(scores: list[float], vectors: list[list[float]], own: list[bool]) -> list[int]:
    mask = np.array(own)
    return order(behind_translations(np.array(scores), np.array(vectors, np.float32), mask), mask)


def test_a_foreign_chunk_steps_behind_its_translation() -> None:
    assert ranked([0.9, 0.8, 0.5], [EAST, NORTH, NEARLY_EAST], [False, True, True]) == [1, 2, 0]


def test_it_steps_behind_the_best_of_several() -> None:
    assert ranked([0.9, 0.7, 0.6, 0.5], [EAST, NEARLY_EAST, NORTH, EAST], [False, True, True, True]) == [1, 0, 2, 3]


def test_without_a_translation_it_keeps_its_place() -> None:
    assert ranked([0.9, 0.8], [EAST, NORTH], [False, True]) == [0, 1]


def test_a_translation_that_is_ahead_anyway_changes_nothing() -> None:
    assert ranked([0.9, 0.8], [EAST, EAST], [True, False]) == [0, 1]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 6), st.booleans()), min_size=1, max_size=10))
def test_own_chunks_keep_score_and_order_and_nothing_rises(rows: list[tuple[float, float, bool]]) -> None:
    scores = np.array([score for score, _, _ in rows])
    vectors = np.array([[np.cos(angle), np.sin(angle)] for _, angle, _ in rows], np.float32)
    own = np.array([mine for _, _, mine in rows])
    lowered = behind_translations(scores, vectors, own)
    assert np.all(lowered <= scores)
    np.testing.assert_array_equal(lowered[own], scores[own])
    assert sorted(order(lowered, own)) == list(range(len(rows)))


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=10), st.booleans())
def test_in_one_language_nothing_changes(values: list[float], own: bool) -> None:
    scores, mask = np.array(values), np.full(len(values), own)
    vectors = np.tile(np.array(EAST, np.float32), (len(values), 1))
    np.testing.assert_array_equal(behind_translations(scores, vectors, mask), scores)
