"""The files of the corpus and the questions on them: what is quoted stands in the file as the program reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

import pytest

from corpus.files import FileSplit, load_files
from generator.metrics import match
from ingest.limits import Limits
from ingest.parse import read_file
from ingest.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits()) as one:
        yield one


@pytest.mark.parametrize("split", get_args(FileSplit))
def test_quotes_stand_in_the_files_and_answers_in_the_quotes(split: FileSplit, sandbox: Sandbox) -> None:
    paths, questions = load_files(split)
    texts = {path.name: " ".join(sandbox.parse(read_file(path, Limits()), path.name).text.split()) for path in paths}
    stems = {path.stem.lower().replace("_", "-") for path in paths}
    assert len({question.id for question in questions}) == len(questions) > 150
    for question in questions:
        assert question.split == split and question.unit in stems, question.id
        quotes = [" ".join(evidence.quote.split()) for evidence in question.evidence]
        assert all(q in texts[e.document] for q, e in zip(quotes, question.evidence, strict=True)), question.id
        for group in (*((gold,) for gold in question.gold), *question.gold_all):
            assert match(" ".join(quotes), group), (question.id, group)
        assert question.gold_all or not match(question.question, question.gold), question.id


def test_every_file_is_asked_about_in_both_ways() -> None:
    """What it says and what it does not."""
    for split in get_args(FileSplit):
        paths, questions = load_files(split)
        asked = Counter((question.unit, question.answerable) for question in questions)
        units = {question.unit for question in questions}
        assert len(units) == len(paths) and all(asked[unit, False] and asked[unit, True] for unit in units)


def test_nobody_asks_the_same_of_dev_and_test() -> None:
    dev, test = ({question.question.lower() for question in load_files(split)[1]} for split in get_args(FileSplit))
    assert not dev & test
