"""The decoder as a writer, apart from retrieval: its words beside what could have been quoted from the same passages.

Every question of `api.evaluate.company` is answered by the ordinary answerer, which has to answer, in three ways:

- own words: the likeliest to be right of what it writes, however unlikely. Where none of that holds (a number that its
  source has not, half a clause), nothing is shown;
- as in use: its own words or a quotation, as `lectern ask` decides it;
- closed book: without passages;

and beside them are the baselines of `api.evaluate.baselines`. Of each:

- match: the answer holds a gold string, a run of its words (Match, as in BERGEN, arXiv 2407.01102), Russian by lemma
  with ё=е. Longer texts hold more strings, so it is to be read beside
- words: of the answers that have any, their mean number of words, split at spaces;
- answered: share of questions with any words. No words are no match;
- quoted: of the answers given, the share that holds a quotation;
- gold string cited: of the answers that match, the share whose cited quotes hold one too, so that a reader
  can check it. It is a check by string, no entailment (ALCE, arXiv 2305.14627).

Differences in match are paired by question; intervals are 95 % and resample groups: articles, reading sets,
repositories (`retrieval.metrics`: Efron & Tibshirani 1993; Field & Welsh 2007). With few groups they are too narrow.

Shapes: N questions of a source, G groups.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from api.evaluate.baselines import BASELINES, BEST, CHOSEN, baselines
from api.evaluate.company import Asked
from api.evaluate.given import given
from generator.answer import Answer
from generator.answerer import Answerer
from generator.metrics import match
from generator.options import AnswerOptions
from generator.training.examples import Example
from retrieval.metrics import Difference, Estimate, bootstrap, paired_bootstrap

OWN, USED, CLOSED = "own words", "as in use", "closed book"
WRITERS = (OWN, USED, *BASELINES, CLOSED)
MATCH, WORDS, ANSWERED, QUOTED, CITED = "match", "words", "answered", "quoted", "gold string cited"
METRICS = (MATCH, WORDS, ANSWERED, QUOTED, CITED)
COMPARED = ((OWN, BEST), (OWN, CHOSEN), (USED, BEST))


@dataclass(frozen=True, slots=True)
class Written:
    """One question. texts: what each of WRITERS answers; values: writer -> metric -> value, without those that do not
    apply."""

    example: Example
    texts: Mapping[str, str]
    values: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Compared:
    """One writer less another. match: of their matches, paired, -1..1; words: how many times the words of the other it
    takes, over the questions that both answer, None where there are none."""

    match: Difference
    words: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One source. questions: N; groups: G; estimates: writer -> metric; compared: by the pairs of COMPARED."""

    language: str
    questions: int
    groups: int
    estimates: Mapping[str, Mapping[str, Estimate]]
    compared: Mapping[tuple[str, str], Compared]


def measure(
    answerer: Answerer, asked: Sequence[Asked], on_progress: Callable[[int, int], None] | None = None
) -> list[Written]:
    """Answer every question in every way. on_progress: (questions done, N)."""
    rows = []
    for number, one in enumerate(asked, start=1):
        rows.append(_written(answerer, one))
        if on_progress is not None:
            on_progress(number, len(asked))
    return rows


def _written(answerer: Answerer, one: Asked) -> Written:
    example = one.example
    hits, documents = given(one.passages, example.language)

    def ask(asked: Answerer) -> Answer:
        return asked.answer(
            example.question, hits, mode="rag", options=AnswerOptions(abstain=False), document_of=documents.__getitem__
        )

    unquoting = copy.copy(answerer)
    unquoting.decisions = replace(answerer.decisions, own=-2.0)

    alone = answerer.answer(
        example.question, (), mode="closed_book", options=AnswerOptions(), document_of=documents.__getitem__
    )
    lifted = baselines(answerer.find(example.question, hits, document_of=documents.__getitem__))
    own, used, closed = _shown(ask(unquoting), own=True), _shown(ask(answerer)), _shown(alone)
    texts = {OWN: own[0], USED: used[0], **lifted, CLOSED: closed[0]}
    gold = example.gold
    values = {writer: _judged(text, gold) for writer, text in texts.items()}
    for writer, (text, quotes, quoted) in ((OWN, own), (USED, used)):
        if text and writer == USED:
            values[writer][QUOTED] = float(quoted)
        if values[writer][MATCH]:
            values[writer][CITED] = float(match(quotes, gold))
    return Written(example, texts, values)


def _shown(answer: Answer, *, own: bool = False) -> tuple[str, str, bool]:
    """(words, cited quotes, whether it holds a quotation) of an answer; own: of the decoder's sentences alone."""
    sentences = [sentence for sentence in answer.sentences if not own or sentence.origin == "decoder"]
    quotes = " ".join(citation.quote for sentence in sentences for citation in sentence.citations)
    quoted = any(sentence.origin == "quotation" and not sentence.further for sentence in sentences)
    return " ".join(sentence.text for sentence in sentences), quotes, quoted


def _judged(text: str, gold: Sequence[str]) -> dict[str, float]:
    words = len(text.split())
    values = {MATCH: float(match(text, gold)), ANSWERED: float(words > 0)}
    return {**values, WORDS: float(words)} if words else values


def figures(rows: Sequence[Written]) -> dict[str, Figures]:
    """The figures of each source, in the order of the rows."""
    sources: dict[str, list[Written]] = {}
    for row in rows:
        sources.setdefault(row.example.source, []).append(row)
    return {source: _figures(own) for source, own in sources.items()}


def _figures(rows: Sequence[Written]) -> Figures:
    estimates: dict[str, dict[str, Estimate]] = {}
    for writer in WRITERS:
        estimates[writer] = {}
        for metric in METRICS:
            found = [(row.values[writer][metric], row.example.group) for row in rows if metric in row.values[writer]]
            if found:
                estimates[writer][metric] = bootstrap([value for value, _ in found], [group for _, group in found])
    groups = [row.example.group for row in rows]
    compared = {pair: _compared(rows, groups, *pair) for pair in COMPARED}
    return Figures(rows[0].example.language, len(rows), len(set(groups)), estimates, compared)


def _compared(rows: Sequence[Written], groups: Sequence[str], first: str, second: str) -> Compared:
    ones, others = ([row.values[writer][MATCH] for row in rows] for writer in (first, second))
    both = [(row.values[first], row.values[second]) for row in rows]
    lengths = [(one[WORDS], other[WORDS]) for one, other in both if WORDS in one and WORDS in other]
    ratio = sum(one for one, _ in lengths) / sum(other for _, other in lengths) if lengths else None
    return Compared(paired_bootstrap(ones, others, groups), ratio)
