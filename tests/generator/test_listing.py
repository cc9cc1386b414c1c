"""Lists in answers: whole where several items are likely or what announces them is chosen, one item otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.decisions import Decisions
from generator.evidence import Candidate, choose
from generator.listing import with_listing

_LIST = (0, 40)


def _candidates(announcing: float, *items: float) -> list[Candidate]:
    """What announces a list at 0, its items, and a sentence behind it, each with the sum of its features."""
    sums = [announcing, *items, 0.0]
    return [
        Candidate(
            0, (10 * n, 10 * n + 9), (value, 0, 1, 0, 0, 0), (0, 1), True, n > 0, _LIST if n <= len(items) else None
        )
        for n, value in enumerate(sums)
    ]


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        (_candidates(9.0, 0.0, 0.0, 0.0), True),  # what announces the list is the best
        (_candidates(0.0, 5.0, 4.0, 3.0), True),  # an item is, and others are likely
        (_candidates(4.5, 5.0, 0.0, 0.0), True),  # an item is, and what announces it is likely
        (_candidates(0.0, 9.0, 1.0, 0.0), False),  # one item is what was asked for
    ],
)
def test_a_list_is_shown_whole_where_more_than_one_item_is_asked_for(found: list[Candidate], whole: bool) -> None:
    decisions = replace(Decisions(), sentence=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    plain = choose(found, decisions, "en")
    choice = with_listing(plain, found, decisions)
    assert plain is not None and choice is not None and choice.confidence == plain.confidence
    assert choice.candidate.verbatim is whole
    assert (choice is not plain) is whole
    if whole:
        assert choice.shown[0].interval == _LIST and all(one.listed is None for one in choice.shown[1:])


def test_nothing_chosen_stays_nothing() -> None:
    assert with_listing(None, [], Decisions()) is None
