"""HaluEval, the question part (Li et al. 2023, arXiv 2305.11747): JSON lines
{"knowledge", "question", "right_answer", "hallucinated_answer"}.

The knowledge of a line is its passage; evidence is its sentences that hold the right answer, or where none does (the
answer is "yes", or in other words), all of them. The invented answer is not used: the experiment makes its own.
"""

from __future__ import annotations

from pathlib import Path

from api.question_sets.question_set import (
    Passage,
    QuestionSet,
    complete,
    every_sentence,
    make_question,
    sentences_with,
)
from api.question_sets.records import clean_field, read_records
from corpus.format import Question


def load(path: Path) -> QuestionSet:
    """The set in a file; lines are named by their numbers. Raises CorpusError."""
    questions: list[Question] = []
    passages: dict[str, Passage] = {}
    for record, place in read_records(path):
        text, right = clean_field(record, "knowledge", place), clean_field(record, "right_answer", place)
        clean_field(record, "hallucinated_answer", place)
        passage = passages.setdefault(text, Passage(f"line-{place.line:05d}", "", (text,)))
        evidence = sentences_with(passage.name, text, [right]) or every_sentence(passage.name, text)
        questions.append(make_question(
            f"line-{place.line:05d}", clean_field(record, "question", place), place, unit=passage.name,
            evidence=evidence, groups=[[right]],
        ))  # fmt: skip
    return complete(path, questions, passages.values())
