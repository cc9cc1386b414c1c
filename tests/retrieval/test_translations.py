"""A foreign chunk hands its place to its translation and to nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.translations import replaced, translations

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
NEARLY_EAST = [0.9, float(np.sqrt(0.19))]


def of(vectors: list[list[float]], own: list[bool]) -> dict[int, int]:
    return translations(np.array(vectors, np.float32), np.array(own))


def test_the_nearest_own_chunk_is_the_translation() -> None:
    assert of([EAST, NORTH, NEARLY_EAST, EAST], [False, True, True, True]) == {0: 3}


def test_what_is_not_near_enough_is_none() -> None:
    assert of([EAST, NORTH], [False, True]) == {}


@given(st.lists(st.floats(0, 6), min_size=1, max_size=10), st.booleans())
def test_in_one_language_there_are_none(angles: list[float], own: bool) -> None:
    assert of([[np.cos(angle), np.sin(angle)] for angle in angles], [own] * len(angles)) == {}


def test_the_translation_takes_the_place_and_the_foreign_chunk_goes_to_the_end() -> None:
    ranking = [("foreign", 0.9), ("other", 0.8), ("own", 0.5)]
    assert replaced(ranking, {"foreign": "own"}) == [("own", 0.9), ("other", 0.8), ("foreign", 0.5)]


def test_a_translation_that_another_search_found_comes_in() -> None:
    assert replaced([("foreign", 0.9)], {"foreign": "own"}) == [("own", 0.9), ("foreign", 0.9)]


def test_a_translation_that_is_ahead_anyway_keeps_its_place() -> None:
    ranking = [("own", 0.9), ("foreign", 0.8), ("other", -0.1)]
    assert replaced(ranking, {"foreign": "own"}) == [("own", 0.9), ("other", -0.1), ("foreign", -0.1)]


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(-1, 1)), max_size=12, unique_by=lambda row: row[0]))
def test_nothing_is_lost_or_twice_and_scores_fall(rows: list[tuple[int, float]]) -> None:
    ranking = [(str(number), score) for number, score in sorted(rows, key=lambda row: -row[1])]
    by = {name: str(int(name) - 1) for name, _ in ranking if int(name) % 3 == 1}
    found = replaced(ranking, by)
    names = [name for name, _ in found]
    assert len(set(names)) == len(names)
    assert set(names) == {name for name, _ in ranking} | {by[name] for name, _ in ranking if name in by}
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
