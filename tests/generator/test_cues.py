"""What the form of a question and of a text tells about a sentence."""

from __future__ import annotations

import pytest

from generator.cues import NONE, Cues, same_question

TEXT = "Caching is a store of what was computed. It saves time."


def cues(question: str, text: str = TEXT, title: str = "Notes", answers: bool = False) -> Cues:
    return Cues(question, [title], [text], [True], [answers])


def test_what_says_what_a_term_is_comes_before_what_says_what_it_does() -> None:
    asked = cues("What is caching?")
    is_, does, neither = (
        asked.of(0, sentence, first=False)
        for sentence in ("Caching is a store of what was computed.", "Caching saves time.", "It saves caching.")
    )
    assert is_.gain > does.gain > neither.gain == 0.0 and is_.sure > neither.sure


def test_a_passage_without_the_term_does_not_say_what_it_is() -> None:
    assert cues("What is a knowledge graph?").of(0, "It saves time.", first=False).sure < 0.0
    assert cues("What is caching?", title="Caching", text="It saves time.").of(0, "It.", first=False) == NONE
    foreign = Cues("Что такое кэширование?", [""], [TEXT], [False], [False])
    assert foreign.of(0, "It saves time.", first=False) == NONE


def test_the_row_whose_first_cell_is_named() -> None:
    asked, header = cues("Which fee do students pay per month?"), "Membership | Fee"
    row = asked.of(0, "Student | £19.90", first=False, header=header)
    assert row.gain > asked.of(0, "Student | £19.90", first=False, header="Name | Cost").gain > 0.0
    assert asked.of(0, "Basic | £24.90", first=False, header=header) == NONE
    assert asked.of(0, "Student | £19.90", first=False) == NONE
    assert asked.of(0, " | £19.90", first=False, header=header) == NONE
    assert cues("Which price has an adult ticket?").of(0, "Adult ticket | £9", first=False, header="Who | Price") == row


def test_the_row_of_a_day() -> None:
    def gain(row: str, text: str = "The shop has two floors.", mine: bool = True) -> float:
        asked = Cues("Until when is the shop open on Wednesday?", [""], [text], [mine], [False])
        return asked.of(0, row, first=False, header="Days | Hours").gain

    assert gain("Mon–Fri | 9:00–18:00") > gain("Sat | 9:00–14:00")
    other = gain("Mon–Fri | 9:00–18:00", "A museum.")
    assert gain("Mon–Fri | 9:00–18:00") > other == gain("Mon–Fri | 9:00–18:00", mine=False)


def test_the_table_of_the_things_that_are_asked_for() -> None:
    def gain(question: str, row: str = "Plan | Price", heads: bool = True) -> float:
        return cues(question).of(0, row, first=False, heads=heads).gain

    assert gain("Which plans are there?") > gain("Which plans are there?", heads=False) == 0.0
    assert gain("Какие тарифы есть?", "Тариф | Цена") > 0.0 and gain("What plans does the shop have?") > 0.0
    assert gain("Which plan is cheapest?") == gain("Which rooms are there?") == gain("What is there?") == 0.0


def test_what_stands_under_the_same_question() -> None:
    asked = cues("How do I get there?", answers=True)
    assert asked.answered_below(0, None) and not asked.answered_below(0, "By bus.")
    first, second = asked.of(0, "By bus.", first=True), asked.of(0, "It is slow.", first=False)
    assert first.gain > second.gain > 0.0
    elsewhere = cues("How do I get there by bus?")
    assert not elsewhere.answered_below(0, None) and elsewhere.answered_below(0, "How to get there by bus")
    assert not elsewhere.answered_below(0, "There is how to get there by bus.")
    assert elsewhere.adds_nothing("How to get there by bus") and elsewhere.of(0, "It is slow.", first=False) == NONE


@pytest.mark.parametrize(
    ("heading", "question", "same"),
    [
        ("Can somebody else pick up my parcel?", "can somebody else pick up my parcel", True),
        ("Что делать, если карту украли?", "Что делать, если украли карту?", True),
        ("How much does a parcel cost?", "How heavy can a parcel be?", False), ("Caching", "What is caching?", False),
    ],
)  # fmt: skip
def test_the_same_question(heading: str, question: str, same: bool) -> None:
    assert same_question(heading, question) is same


def test_a_label_of_the_questions_own_words_adds_nothing() -> None:
    assert cues("What is append-only mode?").adds_nothing("Append-only mode.")
    assert not cues("What is append-only mode?").adds_nothing("It forbids deletion.")
    assert not cues("Is bread tasty?").adds_nothing("Bread is tasty.")
