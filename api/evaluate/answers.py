"""How good answers are: Match, abstention, quotations, citations; with documents, and closed book beside it.

- Match: the answer holds a gold string (all of them where a comparison needs both sides), Russian by lemma with ё=е;
  `match raw` without lemmas. An abstention on an answerable question is a miss; unanswerable ones have no Match.
- abstained: share of abstentions; on unanswerable questions that is what one wants.
- wrong: of the answers given, the share without a gold string; an answer to an unanswerable question is wrong.
- quoted: of the answers given, the share that holds a quotation instead of the decoder's words.
- questions of a set that knows no answers (no gold strings) have neither Match nor wrong nor cited.
- cited: of the answers given to answerable questions, the share whose quotes hold a gold string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.evaluate.table import Row
from api.pipeline import Pipeline
from corpus.format import Question
from generator.answer import Answer
from generator.metrics import match, match_all


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with its answer and, if it was asked for, the closed-book one."""

    row: Row
    answer: Answer
    closed: Answer | None


def is_right(question: Question, text: str, *, lemmas: bool = True) -> bool:
    """Whether `text` holds what a right answer has to hold."""
    if question.gold_all:
        return match_all(text, question.gold_all, lemmas=lemmas)
    return match(text, question.gold, lemmas=lemmas)


def judge(question: Question, answer: Answer, closed: Answer | None) -> dict[str, float]:
    """The metrics above for one answer; those that do not apply are left out."""
    answered = answer.status == "answered"
    text = " ".join(sentence.text for sentence in answer.sentences)
    known = bool(question.gold or question.gold_all)
    right = question.answerable and answered and is_right(question, text)
    values: dict[str, float] = {}
    if question.answerable:
        if known:
            values["match"] = float(right)
            values["match raw"] = float(answered and is_right(question, text, lemmas=False))
        values["abstained on answerable"] = float(not answered)
    else:
        values["abstained on unanswerable"] = float(not answered)
    if answered:
        if known or not question.answerable:
            values["wrong of answered"] = float(not right)
        values["quoted of answered"] = float(any(s.origin == "quotation" for s in answer.sentences))
        values["words"] = float(len(text.split()))
        if known:
            quotes = " ".join(c.quote for s in answer.sentences for c in s.citations)
            values["gold in cited"] = float(is_right(question, quotes))
    if closed is not None and known:
        alone = " ".join(sentence.text for sentence in closed.sentences)
        values["closed-book match"] = float(is_right(question, alone))
    return values


def measure(
    pipeline: Pipeline, questions: Sequence[Question], *, closed_book: bool, options: dict[str, Any],
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Judged]:
    """Ask every question. closed_book: ask it without documents too."""
    for number, question in enumerate(questions, start=1):
        answer = pipeline.ask(pipeline.prepare(question.question, **options))
        closed = None
        if closed_book:
            closed = pipeline.ask(pipeline.prepare(question.question, mode="closed_book", **options))
        yield Judged(Row(question, judge(question, answer, closed)), answer, closed)
        if on_progress is not None:
            on_progress(number, len(questions))
