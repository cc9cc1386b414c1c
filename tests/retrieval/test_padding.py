"""Batches of like length: every text once, little padding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.padding import like_lengths

LENGTHS = st.lists(st.integers(1, 300), max_size=60)


@given(LENGTHS, st.integers(1, 20), st.integers(0, 200))
def test_every_text_is_in_one_batch_and_none_is_padded_by_more_than_was_allowed(
    lengths: list[int], most: int, padding: int
) -> None:
    batches = list(like_lengths(lengths, most, padding))
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        own = [lengths[number] for number in batch]
        assert 1 <= len(batch) <= most and own == sorted(own)
        assert len(own) * max(own) - sum(own) <= padding


@given(LENGTHS, st.integers(1, 20))
def test_texts_of_one_length_fill_their_batches(lengths: list[int], most: int) -> None:
    same = [7] * len(lengths)
    assert len(list(like_lengths(same, most, 0))) == -(-len(same) // most)


def test_a_batch_ends_where_a_longer_text_would_pad_it_too_much() -> None:
    assert list(like_lengths([30, 10, 11, 12, 31], 4, 5)) == [[1, 2, 3], [0, 4]]
