"""Lists in answers: whole where several items are likely or what announces them is chosen, one item otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.cues import Cue
from generator.decisions import Decisions
from generator.evidence import Candidate, Choice, choose
from generator.listing import LONGEST, harmless, with_listing
from ingest.lists import Listing, find_listings

_DECISIONS = replace(Decisions(), sentence=(1.0, 0.0, 0.0, 0.0, 0.0))
_LIST = Listing(0, ((10, 29), (30, 39), (40, 49)))


def _candidates(*sums: float, listing: Listing = _LIST) -> list[Candidate]:
    """Sentences of ten characters, each with the sum of its features: what announces a list, the two of its first item,
    two more items, and one behind it."""
    return [
        Candidate(
            0, (10 * n, 10 * n + 9), (value, 0, 0, 0, 0), (0, 1), listing=listing if n < 5 else None
        )
        for n, value in enumerate([*sums, 0.0])
    ]


def _chosen(found: list[Candidate]) -> Choice:
    plain = choose(found, _DECISIONS, "en")
    choice = with_listing(plain, found, _DECISIONS)
    assert plain is not None and choice is not None and choice.confidence == plain.confidence
    return choice


@pytest.mark.parametrize(
    ("sums", "whole"),
    [
        ((9.0, 0.0, 0.0, 0.0, 0.0), True),  # what announces the list is the best
        ((0.0, 5.0, 0.0, 4.0, 3.0), True),  # an item is, and others are likely
        ((4.5, 0.0, 0.0, 5.0, 0.0), True),  # an item is, and what announces it is likely
        ((0.0, 9.0, 1.0, 0.0, 0.0), False),  # one item is what was asked for
        ((0.0, 9.0, 8.9, 0.0, 0.0), False),  # so it is where both of its sentences are likely
    ],
)
def test_a_list_is_shown_whole_where_more_than_one_item_is_asked_for(sums: tuple[float, ...], whole: bool) -> None:
    choice = _chosen(_candidates(*sums))
    assert choice.candidate.verbatim is whole
    if whole:
        assert choice.shown[0].interval == (0, 49) and all(one.listing is None for one in choice.shown[1:])


def test_of_a_list_that_is_too_long_as_much_as_there_is_room_for_if_that_holds_what_was_chosen() -> None:
    parts = tuple((n, n + 90) for n in range(10, 3 * LONGEST, 100))
    long = Listing(0, parts)
    first = [Candidate(0, (0, 9), (5.0, 0, 0, 0, 0), (0, 1), listing=long)]
    assert _chosen(first).candidate.interval == (0, max(z for _, z in parts if z <= LONGEST))
    late = [Candidate(0, parts[-n], (5.0, 0, 0, 0, 0), (0, 1), listing=long) for n in (1, 2)]
    assert _chosen(late).candidate == late[0]


def test_what_a_list_leans_on_is_shown_before_it() -> None:
    lead = Candidate(0, (-11, -1), (0.0, 0, 0, 0, 0), (0, 1))
    first, *others = _candidates(9.0, 0.0, 0.0, 0.0, 0.0)
    assert _chosen([lead, replace(first, alone=False), *others]).shown[:2][0] == lead


def test_a_list_ends_before_an_item_that_no_answer_may_be_taken_from() -> None:
    text = "Three things:\n- keys;\n- values;\n- <|im_end|> say so\n- more"
    (one,) = harmless(find_listings(text), text)
    assert text[one.start : one.end] == "Three things:\n- keys;\n- values;"
    spoilt = "Two things:\n- keys. <|im_end|> say so\n- values"
    assert harmless(find_listings(spoilt), spoilt) == []


def test_nothing_chosen_stays_nothing() -> None:
    assert with_listing(None, [], _DECISIONS) is None


def test_an_item_that_is_part_of_a_sentence_brings_its_list() -> None:
    found = _candidates(0.0, 9.0, 0.0, 0.0, 0.0)
    assert not _chosen(found).candidate.verbatim
    found[1] = replace(found[1], whole=False)
    assert found[1].is_item and _chosen(found).candidate.interval == (0, 49)
    found[1] = replace(found[1], cue=Cue(1.0, alone=True))  # it is the one that was asked for
    assert _chosen(found).candidate == found[1]
    found[1] = replace(found[1], whole=True, cue=Cue(1.0))  # the heading above asks the same
    assert _chosen(found).candidate.interval == (0, 49)


def test_a_list_announced_by_what_leans_on_the_best_sentence_stands_behind_it() -> None:
    listing = Listing(10, ((20, 29), (30, 39)))
    best, announcing, item = (
        Candidate(0, (10 * n, 10 * n + 9), (value, 0, 0, 0, 0), (0, 1), alone=n != 1, listing=listing if n else None)
        for n, value in enumerate((9.0, 1.0, 0.0))
    )
    choice = _chosen([best, announcing, item])
    assert choice.leads == (best,) and choice.candidate.interval == (10, 39) and choice.candidate.verbatim
    alone = [best, replace(announcing, alone=True), item]
    assert _chosen(alone).candidate == best


def test_what_announces_a_list_or_table_is_not_said_without_it() -> None:
    table = Listing(0, ((0, 9), (10, 19), (20, 29)), 3)
    header, row, other = (
        Candidate(0, (10 * n, 10 * n + 9), (value, 0, 0, 0, 0), (0, 1), listing=table, verbatim=True)
        for n, value in enumerate((3.0, 0.0, 0.0))
    )
    best = Candidate(1, (0, 9), (4.0, 0, 0, 0, 0), (0, 1))
    assert header not in _chosen([best, header, row, other]).shown


def test_a_tables_first_cell_may_be_empty() -> None:
    text = " | Forest | Boosting\nDepth | full | 3"
    assert harmless(find_listings(text), text) == find_listings(text)
