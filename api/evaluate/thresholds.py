"""`lectern train thresholds`: when to abstain and when to quote, chosen on dev, never on test.

For every dev question the passages are found, read and answered once, with nothing decided. From that:

- the abstention threshold is the relevance that best parts answerable from unanswerable questions (highest mean of
  answerable answered and unanswerable abstained: Youden 1950), each language counting the same;
- the decoder's sentence is replaced by a quotation below the mean log-probability and the support at which, on dev,
  Match was highest (ties: fewest quotations);
- the curve holds risk and coverage for a grid of thresholds, for those who name a risk (Geifman & El-Yaniv 2017,
  arXiv 1705.08500).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.evaluate.answers import is_right
from api.pipeline import Pipeline
from corpus.format import Question
from generator.abstention import Abstention, Point
from generator.answerer import Answerer, Probe

_GRID = tuple(n / 50 for n in range(1, 50))
_LOG_PROBABILITIES = (-6.0, -2.0, -1.5, -1.0, -0.8, -0.6, -0.5, -0.4, -0.3, -0.25, -0.2, -0.15, -0.1)
_SUPPORTS = (0.6, 0.7, 0.8, 0.9, 1.0)
# Quoting must buy this much Match per answer that it replaces: the decoder's own words are what is wanted.
_PRICE_OF_QUOTING = 0.02


@dataclass(frozen=True, slots=True)
class Probed:
    """A dev question and what its decisions would rest on."""

    question: Question
    probe: Probe


def probe_all(
    pipeline: Pipeline, questions: Sequence[Question], on_progress: Callable[[int, int], None] | None = None
) -> list[Probed]:
    """Search, read and write for every question; those without any hit are left out."""
    answerer = pipeline.answerer
    assert isinstance(answerer, Answerer)
    rows = []
    for number, question in enumerate(questions, start=1):
        request = pipeline.prepare(question.question)
        hits = pipeline.search(request)
        if hits:
            probe = answerer.probe(
                question.question, hits, options=request.options, document_of=pipeline.document
            )
            rows.append(Probed(question, probe))
        if on_progress is not None:
            on_progress(number, len(questions))
    return rows


def passes(probe: Probe, log_probability: float, supported: float) -> bool:
    """Whether the decoder's sentence would be shown at these limits."""
    draft = probe.draft
    return (
        draft is not None and draft.numbers_hold and draft.log_probability >= log_probability
        and draft.supported >= supported
    )


def choose_limits(rows: Sequence[Probed]) -> tuple[float, float]:
    """(log_probability, supported) with the highest Match less the price of quoting."""
    answerable = [row for row in rows if row.question.answerable]

    def worth(limits: tuple[float, float]) -> float:
        total = 0.0
        for row in answerable:
            shown = passes(row.probe, *limits)
            text = row.probe.written if shown else row.probe.quotation
            total += is_right(row.question, text) - (0.0 if shown else _PRICE_OF_QUOTING)
        return total

    return max(itertools.product(_LOG_PROBABILITIES, _SUPPORTS), key=worth)


def balanced(rows: Sequence[Probed], threshold: float) -> float:
    """Mean over languages of (answerable answered + unanswerable abstained) / 2."""
    shares = []
    for language in sorted({row.question.language for row in rows}):
        own = [row for row in rows if row.question.language == language]
        for answerable in (True, False):
            side = [row for row in own if row.question.answerable is answerable]
            if side:
                kept = sum((row.probe.relevance >= threshold) is answerable for row in side)
                shares.append(kept / len(side))
    return sum(shares) / len(shares)


def choose(rows: Sequence[Probed]) -> Abstention:
    """Everything that is decided on dev."""
    log_probability, supported = choose_limits(rows)
    default = max(_GRID, key=lambda threshold: balanced(rows, threshold))
    curve = []
    for threshold in _GRID:
        given = [row for row in rows if row.probe.relevance >= threshold]
        wrong = 0
        for row in given:
            shown = passes(row.probe, log_probability, supported)
            text = row.probe.written if shown else row.probe.quotation
            wrong += not (row.question.answerable and is_right(row.question, text))
        if given:
            curve.append(Point(threshold, round(wrong / len(given), 4), round(len(given) / len(rows), 4)))
    return Abstention(default, log_probability, supported, tuple(curve))
