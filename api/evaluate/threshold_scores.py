"""What `lectern train thresholds` prints of the decisions that it fitted.

Rightness, confidence and refusals are cross-fitted: each fifth of the units is judged by weights that were fitted to
the others (those of the ranking are fitted to all). Match is of the weights as written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.evaluate.answers import is_right
from api.evaluate.thresholds import Probed, quotation_right, shown
from corpus.format import Question
from generator.decisions import Decisions, standing
from generator.evidence import choose
from retrieval.metrics import auroc

_FOLDS = 5


def fold_of(question: Question) -> int:
    """The fifth that a unit belongs to, by hash."""
    return hashlib.sha256(question.unit.encode()).digest()[0] % _FOLDS


@dataclass(frozen=True, slots=True)
class Judged:
    """What weights that were fitted without a question's unit make of it. right: of what is chosen."""

    question: Question
    confidence: float
    answerable: float
    right: bool

    def answered(self, threshold: float) -> bool:
        """Whether there is an answer at this threshold."""
        return standing(self.confidence, self.answerable) >= threshold


def cross_fitted(
    rows: Sequence[Probed], decisions: Decisions, fit: Callable[[Sequence[Probed], Decisions], Decisions]
) -> list[Judged]:
    """Every question, judged by weights that `fit` gave without its unit."""
    judged = []
    for fold in range(_FOLDS):
        inside = [row for row in rows if fold_of(row.question) == fold]
        outside = [row for row in rows if fold_of(row.question) != fold]
        if not inside or not outside:
            continue
        fitted = fit(outside, decisions)
        for row in inside:
            choice = choose(row.probe.candidates, fitted, row.question.language)
            if choice is not None:
                right = quotation_right(row, fitted)
                judged.append(Judged(row.question, choice.confidence, choice.answerable, right))
    return judged


def summary(judged: Sequence[Judged], threshold: float) -> list[str]:
    """Per language: how often what is chosen is right (any of it holds the gold string, or the first sentence is
    evidence), how well confidence tells right from wrong and the probability of an answer answerable from
    unanswerable (AUROC), and what is answered and refused at the threshold."""
    lines = []
    for language in sorted({each.question.language for each in judged}):
        own = [each for each in judged if each.question.language == language]
        there, not_there = ([each for each in own if each.question.answerable is side] for side in (True, False))
        right, answered, refused = (
            sum(values) / max(1, len(values)) for values in (
                [each.right for each in there], [each.answered(threshold) for each in there],
                [not each.answered(threshold) for each in not_there],
            )
        )
        lines.append(
            f"{language}: what is chosen is right {right:.3f} of {len(there)}; AUROC of confidence for being "
            f"right {auroc([(each.confidence, each.right) for each in own]):.3f}, of the probability of an answer for "
            f"being answerable {auroc([(each.answerable, each.question.answerable) for each in own]):.3f}; of "
            f"answerable questions answered {answered:.3f}, of unanswerable ones refused {refused:.3f} "
            f"({len(own)} questions)"
        )
    return lines


def matches(rows: Sequence[Probed], decisions: Decisions) -> list[str]:
    """Per language: Match on answerable questions of the decoder's own words wherever these can be shown, of
    quotations, and of what is shown."""
    lines = []
    for language in sorted({row.question.language for row in rows}):
        own = [row for row in rows if row.question.language == language and row.question.answerable]
        if own:
            shares = [
                sum(is_right(row.question, shown(row, decisions, margin).text) for row in own) / len(own)
                for margin in (-1.0, 2.0, decisions.own)
            ]
            lines.append(
                f"{language}: Match of the decoder's words {shares[0]:.3f}, of quotations {shares[1]:.3f}, of what is "
                f"shown {shares[2]:.3f}"
            )
    return lines
