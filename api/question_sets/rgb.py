"""RGB (Chen et al. 2023, arXiv 2309.01431): JSON lines {"id", "query", "answer", "positive", "negative"}.

`answer` is a list of all that a right answer holds, each item a string or a list of strings that mean the same, as in
RGB's own checkanswer. `positive` may be a list of lists, one for each part of the answer; a counterfactual file has
`positive_wrong` beside it, the same passages with the fact changed. All passages of all lines make one library, unlike
in the paper, where each question is shown a choice of its own. Evidence is the sentences of the positive passages that
hold an answer, or where none does, all of them. A line without positive passages is unanswerable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api.question_sets.question_set import (
    Passage,
    QuestionSet,
    complete,
    every_sentence,
    make_question,
    sentences_with,
)
from api.question_sets.records import clean_field, clean_strings, id_field, list_field, read_records
from corpus.format import Place, Question


def load(path: Path) -> QuestionSet:
    """The set in a file. Raises CorpusError."""
    questions: list[Question] = []
    passages: list[Passage] = []
    for record, place in read_records(path):
        name = id_field(record, "id", place)
        positive = list(_passages(record, "positive", name, place))
        others = [*_passages(record, "negative", name, place)]
        if "positive_wrong" in record:
            others += _passages(record, "positive_wrong", name, place)
        groups = list(_groups(record, place))
        strings = [string for group in groups for string in group]
        texts = [(passage.name, passage.paragraphs[0]) for passage in positive]
        evidence = [quote for at, text in texts for quote in sentences_with(at, text, strings)]
        evidence = evidence or [quote for at, text in texts for quote in every_sentence(at, text)]
        questions.append(make_question(
            name, clean_field(record, "query", place), place, unit=name, evidence=evidence,
            groups=groups if positive else [], answerable=bool(positive),
        ))  # fmt: skip
        passages += [*positive, *others]
    return complete(path, questions, passages)


def _groups(record: Mapping[str, Any], place: Place) -> Iterator[tuple[str, ...]]:
    """What a right answer holds: one string of each group. A list of plain strings is that many groups."""
    answer = record.get("answer")
    items = answer if isinstance(answer, list) else [answer]
    if not items:
        raise place.error("'answer' is empty")
    for item in items:
        group = clean_strings({"answer": item if isinstance(item, list) else [item]}, "answer", place)
        if not group:
            raise place.error("'answer' has an empty list in it")
        yield group


def _passages(record: Mapping[str, Any], key: str, name: str, place: Place) -> Iterator[Passage]:
    """The passages under a key; empty ones, of which web pages leave some, are passed over."""
    found = list_field(record, key, place)
    flat = [text for item in found for text in (item if isinstance(item, list) else [item])]
    for number, text in enumerate(filter(None, clean_strings({key: flat}, key, place, blank=True)), start=1):
        yield Passage(f"{name}-{key}-{number:02d}", "", (text,))
