"""The kind of thing that a question asks for, and whether a text has one."""

from __future__ import annotations

import pytest

from generator.asked import WEIGHTS, asked_kind, sign, told
from generator.cues import NONE, Cues


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much does it cost to thaw a cold snapshot?", "money"), ("what does an M parcel cost", "money"),
        ("What is the monthly fee for students?", "money"), ("Сколько стоит абонемент на 30 дней?", "money"),
        ("почём дополнительный урок", "money"), ("Какой штраф за курение в поезде?", "money"),
        ("How long does a red panda live?", "duration"), ("За сколько дней пришлют карту?", "duration"),
        ("Сколько времени печь хлеб?", "duration"), ("Как долго хранится посылка?", "duration"),
        ("When was version 3.0.0 released?", "date"), ("In what year did he die?", "date"),
        ("Когда открыли музей?", "date"), ("В каком году построен мост?", "date"),
        ("How many layers does BERT have?", "number"), ("How long is the bridge?", "number"),
        ("Сколько частей в книге?", "number"), ("Какова высота башни?", "number"), ("сколько видов птиц", "number"),
        ("Who was the first director?", None), ("When should I use LoRA?", None), ("Когда применяют дропаут?", None),
        ("What is the difference between a fine-tuned model and its base?", None), ("Почему небо синее?", None),
        ("How does attention work?", None), ("Как работает внимание?", None), ("", None),
    ],
)
def test_the_first_words_tell_the_kind(question: str, kind: str | None) -> None:
    assert asked_kind(question) == kind


@pytest.mark.parametrize(
    ("kind", "text", "has"),
    [
        ("money", "A lost set costs £45.", "it"), ("money", "Дети проходят бесплатно.", "it"),
        ("money", "Thawing takes between 3 and 12 hours.", "a number"), ("money", "Выберите доставку.", "nothing"),
        ("duration", "It lasts two weeks.", "it"), ("duration", "Их хранят 90 дней.", "it"),
        ("duration", "They live at heights of 2,200 metres.", "a number"),
        ("date", "It was built in 1961.", "it"), ("date", "This is a breaking release.", "nothing"),
        ("number", "There are twelve of them.", "it"), ("number", "В наборе пятнадцать деталей.", "it"),
        ("number", "Red pandas live in forests.", "nothing"),
    ],
)  # fmt: skip
def test_signs_of_a_kind_are_words_and_figures(kind: str, text: str, has: str) -> None:
    assert sign(kind, text) == has  # type: ignore[arg-type]


def test_what_has_the_thing_is_likelier_and_what_has_nothing_is_unlikely() -> None:
    for weights in WEIGHTS.values():
        assert weights["it"] > 0.0 > weights["nothing"] and weights["it"] >= weights["a number"] >= weights["nothing"]
    assert told(None, "It costs £45.") == 0.0
    assert told("money", "It costs £45.") > 0.0 > told("money", "It takes 3 hours.")


def test_the_price_may_stand_in_the_header_of_the_table_or_in_the_list_that_is_announced() -> None:
    cues = Cues("How much is a ticket for adults?", ["Prices"], ["…"], [True], [False])
    plain = cues.of(0, "Adult | 12", first=False)
    row = cues.of(0, "Adult | 12", first=False, header="Ticket | Price in €")
    assert row.sure == 0.0 > plain.sure and row.gain > plain.gain
    announcing = cues.of(0, "Tickets are sold at these prices:", first=False, announced="- adults: €12")
    assert announcing.gain > 0.0 and announcing.sure == 0.0
    other = Cues("Who sells tickets?", ["Prices"], ["…"], [True], [False])
    assert other.of(0, "The shop does.", first=False) is NONE
