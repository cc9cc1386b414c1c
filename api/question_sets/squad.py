"""SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, arXiv 1606.05250; 2018, arXiv 1806.03822): one JSON file.

    {"data": [{"title", "paragraphs": [{"context", "qas": [
        {"id", "question", "answers": [{"text", "answer_start"}], "is_impossible"}]}]}]}

A document is an article with its paragraphs; evidence is the sentence around each answer. Questions of one article
share their luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.question_sets.question_set import Passage, QuestionSet, complete, make_question, sentences_around
from api.question_sets.records import JsonFile, Within, as_object, clean_field, id_field, list_field
from corpus.format import Evidence, Place, Question
from corpus.records import text_field


def load(path: Path) -> QuestionSet:
    """The set in a file. Raises CorpusError, with line and place, for anything else."""
    file = JsonFile(path)
    root = as_object(file.root, "the file", file.place(None))
    questions: list[Question] = []
    passages: list[Passage] = []
    for number, item in enumerate(list_field(root, "data", file.place(root)), start=1):
        place = _place(file, item, f"article {number}")
        article = as_object(item, "it", place)
        name = f"article-{number:04d}"
        title = clean_field(article, "title", place).replace("_", " ") if article.get("title") else ""
        contexts = []
        for n, entry in enumerate(list_field(article, "paragraphs", place), start=1):
            inside = _place(file, entry, f"{place.what}, paragraph {n}")
            paragraph = as_object(entry, "it", inside)
            context = text_field(paragraph, "context", inside)
            contexts.append(context)
            for m, qa in enumerate(list_field(paragraph, "qas", inside), start=1):
                questions.append(_question(qa, context, name, _place(file, qa, f"{inside.what}, question {m}")))
        passages.append(Passage(name, title, tuple(contexts)))
    return complete(path, questions, passages)


def _place(file: JsonFile, value: object, what: str) -> Within:
    place = file.place(value)
    return Within(place.path, place.line, what)


def _question(value: object, context: str, article: str, place: Place) -> Question:
    record = as_object(value, "it", place)
    name, text = id_field(record, "id", place), text_field(record, "question", place)
    impossible = record.get("is_impossible", False)
    if not isinstance(impossible, bool):
        raise place.error(f"'is_impossible' is true or false, not {impossible!r}")
    answers = list_field(record, "answers", place)
    if bool(answers) == impossible:
        raise place.error("it has answers though it is impossible" if impossible else "it has no answers")
    found = [_answer(answer, context, article, place) for answer in answers]
    return make_question(
        name, text, place, unit=article, answerable=not impossible,
        groups=[[string for string, _ in found]] if found else [],
        evidence=list(dict.fromkeys(evidence for _, evidence in found)),
    )  # fmt: skip


def _answer(value: object, context: str, article: str, place: Place) -> tuple[str, Evidence]:
    """(the answer, the sentence it stands in); one whose offset is a little off is looked for."""
    answer: Mapping[str, Any] = as_object(value, "an answer", place)
    text, start = text_field(answer, "text", place), answer.get("answer_start")
    if not isinstance(start, int) or isinstance(start, bool):
        raise place.error("'answer_start' is missing or not a whole number")
    if start < 0 or context[start : start + len(text)] != text:
        start = context.find(text)
    if start < 0:
        raise place.error(f"the answer {text!r} does not stand in the context")
    return text, sentences_around(article, context, start, start + len(text))
