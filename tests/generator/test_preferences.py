"""Samples are judged as a reader would judge them; pairs differ in what was judged and not in length."""

from __future__ import annotations

import random
from dataclasses import replace

from generator.memory import Prompt
from generator.pieces import Assembler, token_of
from generator.training.batches import Composed
from generator.training.preferences import (
    Judged,
    Preference,
    Quality,
    abstention,
    balanced,
    best,
    different,
    judge,
    preferences,
)
from generator.training.samples import Posed
from generator.training.targets import align
from generator.written import Generated, Written
from tests.generator.test_training import SENTENCE
from tests.generator.tiny import OTHER, PASSAGE, tiny_engine

PROMPT = Prompt("What does the KV cache store?", (OTHER, PASSAGE))
POSED = Posed("a", Composed(PROMPT, ((), (SENTENCE,)), (20, 35), 1, "The cache stores keys."), ("keys and values",))
UNANSWERABLE = Posed("b", Composed(PROMPT, ((), ()), None, -1, ""), ())
GOOD, WRONG = Quality(True, True, True), Quality(False, True, False)


def sample(text: str) -> Generated:
    """`text` as the decoder would have written it: copied where it can be, the rest from the vocabulary."""
    engine = tiny_engine()
    tokenizer = engine.encoder.tokenizer
    (sources,) = engine.encoder.batch([PROMPT]).sources
    steps = align(tokenizer, engine.vocabulary, sources, text, 1, 90)
    assert steps is not None
    assembler, pieces, last = Assembler(), [], -2
    for step in steps:
        source = sources[step.position] if step.position >= 0 else None
        token = token_of(tokenizer, step.id)
        before = len(assembler.text)
        assembler.add(
            token.removeprefix("##") if source is None else source.surface, continues=token.startswith("##"),
            gap=source.gap if source is not None and step.position == last + 1 else None,
        )
        last = step.position if step.position >= 0 else -2
        pieces.append(Written(before, len(assembler.text), source, -0.5))
    return Generated(assembler.text, tuple(pieces), True)


def judged(text: str, quality: Quality = GOOD, log_probability: float = -1.0) -> Judged:
    return Judged(text, quality, tuple(text.lower().split()), 1 if text else -1, log_probability)


def quality_of(text: str, posed: Posed = POSED) -> Quality:
    found = judge(posed, sample(text))
    assert found is not None
    return found.quality


def test_samples_are_judged_by_what_they_say_and_cite() -> None:
    assert quality_of("The KV cache stores keys and values.") == (True, True, True)
    assert quality_of("The KV cache stores keys and values in 4.") == (True, False, True)  # no such number there
    assert quality_of("The KV cache stores keys and values of past tokens.")[:2] == (True, False)  # nor such words
    assert quality_of("A token is a piece of a word.") == (False, True, False)
    assert quality_of("In 2017 it took 3.5 GB.") == (False, True, True)
    # The second sentence is about something else and copied from elsewhere.
    assert quality_of("The KV cache stores keys and values. A token is a piece of a word.") == (True, True, False)


def test_where_nothing_answers_silence_is_right() -> None:
    assert quality_of("The KV cache stores keys and values.", UNANSWERABLE) == (False, True, False)
    silent = Generated("", (), True)
    assert judge(UNANSWERABLE, silent) == abstention(UNANSWERABLE) and abstention(UNANSWERABLE).good
    assert judge(POSED, silent) == abstention(POSED) and not abstention(POSED).quality.right
    assert judge(POSED, replace(sample("It is a piece."), ended=False)) is None


def test_a_wording_counts_once_and_the_best_is_the_likeliest_of_the_good() -> None:
    wrong = [judged("a b", WRONG), judged("A B", WRONG, -0.1), None]
    found = different([*wrong, judged("c d", GOOD, -2.0), judged("e f", GOOD, -1.0)])
    assert len(found) == 3
    chosen = best(found)
    assert chosen is not None and chosen.text == "e f"
    assert best([judged("x", Quality(True, False, True)), judged("y", WRONG)]) is None


def test_only_what_is_right_and_grounded_is_preferred() -> None:
    ungrounded, wrong = judged("c d", Quality(True, False, True)), judged("e f", WRONG)
    assert preferences(0, [ungrounded, wrong], 3) == []
    pairs = preferences(0, [judged("a b"), ungrounded, wrong, judged("g h")], 3)
    assert {pair.difference for pair in pairs} == {"grounded", "right"}
    assert all(pair.chosen.good and pair.chosen.quality > pair.rejected.quality for pair in pairs)
    texts = [text for pair in pairs for text in (pair.chosen.text, pair.rejected.text)]
    assert len(texts) == len(set(texts)) == 4
    elsewhere = judged("i j", Quality(True, True, False))
    assert [pair.difference for pair in preferences(0, [judged("a b"), elsewhere], 3)] == ["cited"]
    assert len(preferences(0, [judged("a b"), judged("g h"), wrong, elsewhere], 1)) == 1


def test_length_alone_is_no_preference() -> None:
    right = judged("the cache stores keys and values")
    assert preferences(0, [right, judged("the cache stores keys", WRONG)], 3) == []  # one within the other
    assert preferences(0, [right, judged("a token", WRONG)], 3) == []  # three times as long
    assert preferences(0, [right, judged("it is slow today", GOOD)], 3) == []  # as good
    near, far = judged("one two three four five", WRONG), judged("one two three", WRONG, -0.1)
    (pair,) = preferences(0, [right, far, near], 3)
    assert pair.rejected == near


def test_lengths_and_abstentions_balance() -> None:
    rng = random.Random(1)
    pairs = [
        Preference(n, judged(" ".join("abcdefghijkl"[: rng.randint(6, 12)])), judged(" ".join("x" * 7), WRONG))
        for n in range(60)
    ]
    assert sum(pair.longer for pair in pairs) > 60
    kept = balanced(pairs, random.Random(2))
    assert abs(sum(pair.longer for pair in kept)) <= 1 and len(kept) > 20
    assert [pair.prompt for pair in kept] == sorted(pair.prompt for pair in kept)
    silent = [Preference(n, abstention(UNANSWERABLE), judged("a b", WRONG)) for n in range(3)]
    spoken = [Preference(n, judged("a b"), abstention(POSED)) for n in range(8)]
    both = balanced([*silent, *spoken], random.Random(3))
    assert len(both) == 6 and sum(not pair.chosen.text for pair in both) == 3
    assert balanced(spoken, random.Random(3)) == []


def test_an_abstention_is_weighed_against_the_likeliest_answer() -> None:
    rows = [judged("a b", WRONG, -3.0), judged("c d", WRONG, -1.0), abstention(UNANSWERABLE)]
    (pair,) = preferences(0, rows, 2)
    assert pair.chosen.text == "" and pair.rejected.text == "c d" and pair.difference == "right"
    (pair,) = preferences(0, [judged("a b"), abstention(POSED)], 2)
    assert pair.chosen.text == "a b" and pair.rejected.text == "" and pair.abstention
    assert preferences(0, [judged("a b", WRONG), abstention(POSED)], 2) == []
