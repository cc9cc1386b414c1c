"""Questions on the reading sets: from dev passages alone, in the language that the name says, with their evidence."""

from __future__ import annotations

import pytest

from api.question_sets import formats
from api.question_sets.library import parsed
from corpus.format import load_reading


@pytest.mark.parametrize("name", ["reading", "reading-across"])
def test_questions_are_on_dev_passages_and_their_evidence_is_in_the_library(name: str) -> None:
    loaded = formats.load(name)
    passages = {passage.id: passage for passage in load_reading()}
    assert {passage.name for passage in loaded.passages} == set(passages)
    assert len({question.id for question in loaded.questions}) == len(loaded.questions) > 200
    texts = {passage.name: " ".join(parsed(passage).text.split()) for passage in loaded.passages}
    for question in loaded.questions:
        passage = passages[question.unit]
        assert passage.split == "dev" and (question.language == passage.language) is (name == "reading")
        assert question.answerable is bool(question.gold) is bool(question.evidence)
        assert all(gold in passage.text for gold in question.gold)
        assert all(evidence.quote in texts[evidence.document] for evidence in question.evidence)
    assert {question.language for question in loaded.questions} == {"en", "ru"}


def test_they_are_the_same_at_every_call() -> None:
    assert formats.load("reading").questions == formats.load("reading").questions
