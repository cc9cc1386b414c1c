"""How good answers are: Match, abstention, quotations, citations; with documents, and closed book beside it.

- Match: the answer holds a gold string (all of them where a comparison needs both sides), Russian by lemma with ё=е;
  `match raw` without lemmas. An abstention on an answerable question is a miss; unanswerable ones have no Match.
- abstained: share of abstentions; on unanswerable questions that is what one wants.
- wrong: of the answers given, the share without a gold string; an answer to an unanswerable question is wrong.
- quoted: of the answers given, the share in which a quotation stands instead of the decoder's words, leads them or
  goes on from them.
- with further: of the answers given, the share with further sentences, which are quoted beside the answer.
- questions of a set that knows no answers (no gold strings) have neither Match nor wrong nor cited.
- cited: of the answers given to answerable questions, the share whose quotes hold a gold string.
- to the point: of an answer's sentences, the share with a quote that is of the evidence's place or holds a gold string:
  what Match cannot see, which a longer answer can only raise.
- both sides cited: of the answers given to questions that compare, the share whose citations overlap every evidence
  quote (`api.evaluate.overlap`); some of these questions have both sides in one quote. A citation of the same words in
  the other language does not count.
- Match and words of the baselines (`api.evaluate.baselines`), lifted from the passages that the answer was made of;
  they never abstain, so they stand beside answers that were forced.
- calibration: of the answers given, how far their confidence tells that they are right (`api.experiments.calibration`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.errors import ConfigError
from api.evaluate.baselines import baselines
from api.evaluate.overlap import overlaps
from api.evaluate.table import Row
from api.experiments.calibration import Calibration, calibration
from api.pipeline import Pipeline
from corpus.format import Question
from generator.answer import Answer
from generator.metrics import match, match_all

if TYPE_CHECKING:  # imports torch; the server, which can run experiments, starts without it
    from generator.answerer import Answerer


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
        values["quoted of answered"] = float(any(s.origin == "quotation" and not s.further for s in answer.sentences))
        values["with further of answered"] = float(any(sentence.further for sentence in answer.sentences))
        values["words"] = float(len(text.split()))
        if known:
            cited = [citation.quote for sentence in answer.sentences for citation in sentence.citations]
            values["gold in cited"] = float(is_right(question, " ".join(cited)))
            pointed = sum(any(_to_the_point(question, c.quote) for c in one.citations) for one in answer.sentences)
            values["to the point"] = pointed / max(1, len(answer.sentences))
            if question.kind == "compare" and question.gold_all:
                sides = (any(overlaps(side.quote, quote) for quote in cited) for side in question.evidence)
                values["both sides cited"] = float(all(sides))
    if closed is not None and known:
        alone = " ".join(sentence.text for sentence in closed.sentences)
        values["closed-book match"] = float(is_right(question, alone))
    return values


def _to_the_point(question: Question, quote: str) -> bool:
    """Whether a quote is of the place of an evidence quote, or holds a gold string (of a comparison: of one side)."""
    gold = [string for group in (question.gold_all or (question.gold,)) for string in group]
    return match(quote, gold) or any(overlaps(evidence.quote, quote) for evidence in question.evidence)


def judge_lifted(question: Question, texts: Mapping[str, str]) -> dict[str, float]:
    """Match and number of words of each baseline's text; nothing for a question without gold strings."""
    values: dict[str, float] = {}
    if question.gold or question.gold_all:
        for name, text in texts.items():
            values[f"{name} match"] = float(is_right(question, text))
            values[f"{name} words"] = float(len(text.split()))
    return values


def measure(
    pipeline: Pipeline, questions: Sequence[Question], *, closed_book: bool, options: dict[str, Any],
    lifted: bool = False, on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Judged]:
    """Ask every question. closed_book: ask it without documents too. lifted: measure the baselines too.

    Raises ConfigError if `lifted` is asked of a pipeline in which another model than Lectern's reads.
    """
    reader = _reader(pipeline) if lifted else None
    for number, question in enumerate(questions, start=1):
        answer = pipeline.ask(pipeline.prepare(question.question, **options))
        closed = None
        if closed_book:
            closed = pipeline.ask(pipeline.prepare(question.question, mode="closed_book", **options))
        values = judge(question, answer, closed)
        if reader is not None:
            finding = reader.find(answer.question, answer.hits, document_of=pipeline.document)
            values |= judge_lifted(question, baselines(finding))
        yield Judged(Row(question, values), answer, closed)
        if on_progress is not None:
            on_progress(number, len(questions))


def calibrations(results: Sequence[Judged]) -> dict[str, Calibration]:
    """By language of the question, over the answers that can be judged and say how sure they are."""
    given: dict[str, list[tuple[float, bool]]] = {}
    for result in results:
        wrong = result.row.values.get("wrong of answered")
        if wrong is not None and result.answer.confidence is not None:
            own = given.setdefault(result.row.question.language, [])
            own.append((result.answer.confidence, not wrong))
    found = {}
    for language in sorted(given):
        figures = calibration([sure for sure, _ in given[language]], [right for _, right in given[language]])
        if figures is not None:
            found[language] = figures
    return found


def _reader(pipeline: Pipeline) -> Answerer:
    from generator.answerer import Answerer

    if not isinstance(pipeline.answerer, Answerer):
        raise ConfigError("baselines are what Lectern's own reader finds; another model reads here")
    return pipeline.answerer
