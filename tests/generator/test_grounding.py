"""What constrained decoding promises: copies are the source's own text, numbers are whole and from passages."""

from __future__ import annotations

import math
import re

import pytest

from generator.grounding import Draft, draft_from, draft_sentence, sentence_ranges, support
from generator.memory import EVIDENCE, Prompt
from generator.sampling import SamplingOptions
from ingest.sentences import split_sentences
from tests.generator.tiny import prompts, tiny_engine


@pytest.mark.parametrize("seed", range(12))
def test_numbers_and_names_are_copied_whole_from_the_passages(seed: int) -> None:
    engine = tiny_engine()
    for prompt in prompts()[:2]:
        (written,) = engine.generate([prompt], SamplingOptions(temperature=3.0, seed=seed), 40)
        text = " ".join(f"{p.title} {p.text}" for p in prompt.passages)
        numbers = set(re.findall(r"\d+(?:[.,]\d+)*", text))
        assert set(re.findall(r"\d+(?:[.,]\d+)*", written.text)) <= numbers
        assert "1999" not in written.text and "?" not in written.text  # stand in the question alone


@pytest.mark.parametrize("seed", range(6))
def test_copied_pieces_show_their_own_characters(seed: int) -> None:
    engine = tiny_engine()
    prompt = prompts()[0]
    (written,) = engine.generate([prompt], SamplingOptions(temperature=2.0, seed=seed), 30)
    for piece in written.pieces:
        if piece.source is not None and piece.source.kind == EVIDENCE:
            shown = written.text[piece.start : piece.end].lstrip()
            source = prompt.passages[piece.source.passage].text
            original = source[piece.source.piece.start : piece.source.piece.end]
            assert shown.lower() == original.lower() and shown[1:] == original[1:]


@pytest.mark.parametrize("seed", range(6))
def test_of_a_text_in_focus_nothing_else_is_copied(seed: int) -> None:
    engine = tiny_engine()
    question, passages = prompts()[0].question, prompts()[0].passages
    (interval, *_) = split_sentences(passages[0].text)
    prompt = Prompt(question, passages, focus=((interval,), ()))
    (written,) = engine.generate([prompt], SamplingOptions(temperature=2.0, seed=seed), 30)
    copied = [p.source for p in written.pieces if p.source is not None and p.source.kind == EVIDENCE]
    assert all(source.passage == 0 and source.piece.start < interval[1] for source in copied)


def test_a_draft_knows_what_it_left_out() -> None:
    draft = Draft("Кэш хранит ключи.", 0, ((0, 40),), 1.0, True, -0.1)
    whole = "Кэш модели хранит ключи и значения прошлых токенов."
    assert draft_from(draft, 2, whole, "ключи и значения").kept == pytest.approx(1 / 2)
    made = draft_from(draft, 2, whole, "ключи")
    assert (made.passage, made.kept) == (2, 1.0) and made.brevity == pytest.approx(math.log(8 / 3))


def test_no_place_is_copied_twice() -> None:
    engine = tiny_engine()
    for seed in range(6):
        (written,) = engine.generate([prompts()[0]], SamplingOptions(temperature=2.0, seed=seed), 60)
        places = [
            (p.source.passage, p.source.kind, p.source.piece.start) for p in written.pieces if p.source is not None
        ]
        assert len(places) == len(set(places))


def test_a_citation_is_the_sentence_that_was_copied_from() -> None:
    engine = tiny_engine()
    prompt = prompts()[0]
    passages, titles = [p.text for p in prompt.passages], [p.title for p in prompt.passages]
    for seed in range(8):
        (written,) = engine.generate([prompt], SamplingOptions(temperature=2.0, seed=seed), 30)
        copied = [p for p in written.pieces if p.source is not None and p.source.kind == EVIDENCE]
        draft = draft_sentence(written.text, written.pieces, passages, titles, prompt.question)
        assert (draft is None) == (not copied or not written.text.strip())
        if draft is not None:
            assert all(passages[draft.passage][a:z].strip() for a, z in draft.intervals)


def test_support_is_by_lemma_and_numbers_have_to_stand_in_the_quote() -> None:
    share, holds = support("Кэша хранит 5 ключей.", "Кэш хранит ключи. Всего 7.", "")
    assert share == pytest.approx(3 / 4) and not holds
    assert support("The cache holds keys.", "The cache holds keys, 12 of them.", "") == (1.0, True)


def test_the_last_sentence_is_finished_only_at_the_end() -> None:
    text = "One is here. Two goes on"
    assert [text[a:z] for a, z in sentence_ranges(text, ended=False)] == ["One is here."]
    assert len(sentence_ranges(text, ended=True)) == 2
