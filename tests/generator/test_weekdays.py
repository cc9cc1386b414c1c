"""Days of the week in questions and in cells of tables."""

from __future__ import annotations

import pytest

from generator.weekdays import asked_days, days_of


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("When do you close on Fridays?", {4}), ("До скольки работает музей в среду?", {2}),
        ("Are you open on Saturday and Sunday?", {5, 6}), ("Who sat in the sun and wed?", set()),
        ("Что делать с ср. температурой?", set()), ("When do you open?", set()),
    ],
)  # fmt: skip
def test_days_that_a_question_names(question: str, days: set[int]) -> None:
    assert asked_days(question) == days


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("Friday", {4}), ("Вторник, среда, четверг", {1, 2, 3}), ("Mon–Fri", {0, 1, 2, 3, 4}), ("Пн-Чт", {0, 1, 2, 3}),
        ("с понедельника по среду", {0, 1, 2}), ("Sat to Mon", {5, 6, 0}), ("Weekends", {5, 6}),
        ("Будни", set(range(5))), ("ежедневно", set(range(7))), ("Monday, Thursday", {0, 3}),
        ("Adult ticket", set()), ("", set()),
    ],
)  # fmt: skip
def test_days_of_a_cell(cell: str, days: set[int]) -> None:
    assert days_of(cell) == days
