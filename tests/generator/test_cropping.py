"""Passages cut down for training: gold and span stay what they were, the rest is whole sentences."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from generator.memory import Passage
from generator.training.cropping import crop
from ingest.sentences import split_sentences

SENTENCES = (
    "Attention weighs values by keys.", "A cache keeps keys and values.", "It grows with every token.",
    "Queries are not kept.", "Heads may share keys.", "Memory falls by the number of groups.",
)
TEXT = " ".join(SENTENCES)
AT = [TEXT.index(sentence) for sentence in SENTENCES]


@given(st.integers(0, 5), st.integers(1, 400), st.integers(0, 10_000))
def test_gold_and_span_are_the_same_words(number: int, letters: int, seed: int) -> None:
    gold = (AT[number], AT[number] + len(SENTENCES[number]))
    span = (gold[0] + 2, gold[1] - 3)
    passage, (moved,), where = crop(Passage("t", TEXT), (gold,), span, letters, random.Random(seed))
    assert where is not None
    assert passage.text[slice(*moved)] == TEXT[slice(*gold)]
    assert passage.text[slice(*where)] == TEXT[slice(*span)]
    assert passage.title == "t" and passage.text in TEXT
    assert len(passage.text) <= max(letters, len(SENTENCES[number]))
    assert {passage.text[a:z] for a, z in split_sentences(passage.text)} <= set(SENTENCES)


def test_two_gold_sentences_keep_what_is_between() -> None:
    gold = ((AT[1], AT[1] + len(SENTENCES[1])), (AT[3], AT[3] + len(SENTENCES[3])))
    passage, moved, _ = crop(Passage("t", TEXT), gold, None, 10, random.Random(1))
    assert passage.text == " ".join(SENTENCES[1:4])
    assert [passage.text[slice(*interval)] for interval in moved] == [SENTENCES[1], SENTENCES[3]]


def test_any_sentence_can_be_what_is_left_where_there_is_no_gold() -> None:
    seen = {crop(Passage("", TEXT), (), None, 1, random.Random(seed))[0].text for seed in range(80)}
    assert seen == set(SENTENCES)


def test_what_is_short_stays() -> None:
    passage = Passage("t", TEXT)
    assert crop(passage, (), None, len(TEXT), random.Random(0)) == (passage, (), None)
