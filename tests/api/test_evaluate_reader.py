"""The reader's dev scores: which near miss a question is read beside, and which short answers count."""

from __future__ import annotations

from dataclasses import replace

from api.evaluate import reader
from generator.training.batches import Composer, Composition
from generator.training.dev import dev_prompts
from tests.api.test_writing import EXAMPLES, example
from tests.fakes import HashEncoder
from tests.generator.tiny import tiny_engine


def test_a_question_in_the_other_language_gets_the_near_miss_of_its_twin_drawn_or_not() -> None:
    crossed = replace(EXAMPLES[0], id=f"{EXAMPLES[0].id}@", source="cross", question="Чем питается зебра?")
    drawn = [crossed, *EXAMPLES[1:]]
    found = reader.near_misses([*EXAMPLES, crossed], drawn)
    assert found[crossed.id] == reader.near_misses(EXAMPLES, EXAMPLES)[EXAMPLES[0].id]
    assert found[crossed.id] not in crossed.passages


def test_near_misses_are_passages_of_those_drawn() -> None:
    drawn = EXAMPLES[:3]
    found = reader.near_misses(EXAMPLES, drawn)
    assert set(found) == {one.id for one in drawn}
    assert set(found.values()) <= {passage for one in drawn for passage in one.passages}


def test_any_of_the_short_answers_that_were_given_counts() -> None:
    engine, one = tiny_engine(), example("zebra")
    composer = Composer([one], Composition(closed_book=0.0, unanswerable=0.0, distractors=(1.0,)))
    ((_, composed),) = dev_prompts([one], composer)
    _, _, (reading,) = engine.read([composed.prompt])
    assert reading.span is not None
    _, a, z, _ = reading.span
    read = one.passages[0].text[a:z]
    rows = reader.measure(engine, [one, replace(one, references=(read,))], {}, {"x": HashEncoder()})
    assert rows[0].values["span F1"] < 1.0 and rows[1].values["span F1"] == 1.0
    assert rows[1].example.gold == ["zebraberries", read]
