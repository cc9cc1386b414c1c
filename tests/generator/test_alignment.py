"""A claim beside a passage, counted by hand."""

from __future__ import annotations

import pytest

from generator.alignment import Alignment, align, read_text
from generator.memory import Passage

ENGLISH = Passage("Ada", "Ada Lovelace met Charles Babbage in 1833. She wrote 7 notes. It was not printed before 1843.")
RUSSIAN = Passage(
    "Ада", "Ада Лавлейс встретила Чарльза Бэббиджа в 1833 году. Она написала 7 заметок. Их не печатали до 1843 года."
)


def english(claim: str, question: str = "") -> Alignment:
    return align(question, claim, ENGLISH)


def russian(claim: str, question: str = "") -> Alignment:
    return align(question, claim, RUSSIAN)


def test_a_copied_sentence_is_all_there() -> None:
    for found in (english("She wrote 7 notes."), russian("Она написала 7 заметок.")):
        assert found == Alignment(1, found.interval, 1.0, 1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, True)
    assert ENGLISH.text[slice(*english("She wrote 7 notes.").interval)] == "She wrote 7 notes."


def test_words_are_found_in_another_inflection() -> None:
    assert english("Ada Lovelace was meeting Charles Babbage.").in_sentence == pytest.approx(4 / 5)  # met is irregular
    assert russian("Лавлейс и Чарльз Бэббидж.").in_sentence == 1.0


def test_what_the_passage_lacks_is_counted_where_it_lacks() -> None:
    changed = english("Ada Lovelace met Charles Babbage in 1843.")
    assert (changed.sentence, changed.numbers_missing, changed.numbers_unknown) == (0, 1, 0)
    assert (changed.exchanged_numbers, changed.exchanged_names, changed.exchanged_words) == (1, 0, 1)
    unknown = english("Ada Lovelace met Charles Babbage in 1838.")
    assert (unknown.numbers_missing, unknown.numbers_unknown) == (1, 1)
    named = english("Ada Lovelace met Charles Dickens in 1833.")
    assert (named.names_missing, named.exchanged_names, named.numbers_missing) == (1, 1, 0)
    assert named.in_sentence == pytest.approx(5 / 6) and not named.whole


def test_the_same_in_russian() -> None:
    changed = russian("Ада Лавлейс встретила Чарльза Бэббиджа в 1843 году.")
    assert (changed.numbers_missing, changed.numbers_unknown, changed.exchanged_numbers) == (1, 0, 1)
    named = russian("Ада Лавлейс встретила Чарльза Диккенса в 1833 году.")
    assert (named.names_missing, named.exchanged_names) == (1, 1)


@pytest.mark.parametrize(
    ("passage", "claim", "denied", "affirmed"),
    [
        (ENGLISH, "She did not write; she wrote 7 notes.", 0, 0),  # "write" is not there to be denied
        (ENGLISH, "She never wrote 7 notes.", 1, 0),
        (ENGLISH, "It was printed before 1843.", 0, 1),
        (ENGLISH, "It was not printed before 1843.", 0, 0),
        (RUSSIAN, "Она не написала 7 заметок.", 1, 0),
        (RUSSIAN, "Их печатали до 1843 года.", 0, 1),
    ],
)
def test_denials_are_seen_at_their_word(passage: Passage, claim: str, denied: int, affirmed: int) -> None:
    found = align("", claim, passage)
    assert (found.denied, found.affirmed) == (denied, affirmed)


def test_a_denial_that_the_question_has_is_no_other() -> None:
    assert english("She never wrote 7 notes.", "Who never wrote?").denied == 0
    assert russian("Она не написала 7 заметок.", "Кто не написал?").denied == 0


def test_not_only_and_no_as_an_answer_deny_nothing() -> None:
    assert read_text("It stores not only keys.").negations == read_text("Он хранит не только ключи.").negations == 0
    assert read_text("No: it stores keys.").negations == read_text("Нет, он хранит ключи.").negations == 0
    assert read_text("No cache stores keys.").negations == read_text("It doesn't store keys.").negations == 1


def test_names_are_capitals_within_a_sentence_and_latin_words_in_russian() -> None:
    def names(text: str) -> list[str]:
        return [word.stem for word in read_text(text).words if word.name]

    assert names("The Cache of Babbage and GPT") == ["cach", "babbag", "gpt"]
    assert names("PyTorch хранит ключи Бэббиджа") == ["pytorch", "бэббидж"]
    assert names("Then nothing.") == []


def test_numbers_are_compared_as_they_stand() -> None:
    assert align("", "It took 0,5 GB of 3,000.", Passage("", "It took 0.5 GB of 3000.")).numbers_missing == 0


def test_nothing_can_be_aligned() -> None:
    assert align("", "", Passage("", "")).sentence == -1
    assert align("", "", ENGLISH).in_sentence == 0.0
    assert not align("", "?", ENGLISH).whole
