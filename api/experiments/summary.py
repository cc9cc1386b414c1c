"""From judged answers to the figures of an experiment, as the plain values that `results.json` holds.

Groups are "all" and each language. Every arm is compared with the first one, in every group, on two figures: wrong
among answered (the primary one) and right; Holm's correction covers them all. So whoever writes the file names the
comparisons before anything is measured, and pays for no others. The finding is the primary figure of the first two.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.evaluate import table
from api.experiments import metrics
from api.experiments.arms import Result
from api.experiments.calibration import calibration
from api.experiments.causes import CAUSES, Cause
from api.experiments.definition import ALL_LANGUAGES
from api.experiments.measures import Judged, citations_of
from api.experiments.statistics import LEVEL, Comparison, compare, holm
from corpus.format import Question

Json = dict[str, Any]
TESTED = (metrics.WRONG, metrics.RIGHT)


@dataclass(frozen=True, slots=True)
class Row:
    """One question as one arm answered it. cause: of a wrong answer with documents, else None."""

    question: Question
    arm: str
    result: Result
    judged: Judged
    cause: Cause | None


def by_arm(rows: Sequence[Row], language: str = ALL_LANGUAGES) -> dict[str, list[Row]]:
    """The rows of each arm, arms and questions in the order of `rows`, of one language or all."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        group = groups.setdefault(row.arm, [])
        if language in (ALL_LANGUAGES, row.question.language):
            group.append(row)
    return groups


def groups_of(languages: Sequence[str]) -> list[str]:
    """"all", and each language where there are several."""
    return [ALL_LANGUAGES, *languages] if len(languages) > 1 else [ALL_LANGUAGES]


def estimates(rows: Sequence[Row], languages: Sequence[str]) -> Json:
    """group -> arm -> metric -> mean with its interval (`api.evaluate.table`)."""
    return {
        group: {arm: _estimates(own) for arm, own in by_arm(rows, group).items()} for group in groups_of(languages)
    }


def _estimates(rows: Sequence[Row]) -> Json:
    measured = [table.Row(row.question, row.judged.values) for row in rows]
    found: Json = table.as_json(table.estimates(measured, lambda _question: ALL_LANGUAGES)).get(ALL_LANGUAGES, {})
    return found


def difference(rows: Sequence[Row], pair: tuple[str, str], metric: str, language: str) -> Comparison | None:
    """The comparison of two arms on one figure; None where there is nothing to compare."""
    arms = by_arm(rows, language)
    first, second = (arms[name] for name in pair)
    return compare(
        [row.judged.values.get(metric) for row in first], [row.judged.values.get(metric) for row in second],
        [row.question.unit for row in first],
    )  # fmt: skip


def comparisons(rows: Sequence[Row], languages: Sequence[str]) -> list[Json]:
    """The first arm with every other, by figure and group, where they can be compared; Holm over all of them."""
    found: list[tuple[str, tuple[str, str], str, Comparison]] = []
    first, *others = by_arm(rows)
    for metric in TESTED:
        for group in groups_of(languages):
            for other in others:
                if (compared := difference(rows, (first, other), metric, group)) is not None:
                    found.append((group, (first, other), metric, compared))
    adjusted = holm([compared.p_value for *_, compared in found])
    return [
        {
            "language": group, "first": pair[0], "second": pair[1], "metric": metric,
            **dataclasses.asdict(compared), "p_holm": p_holm, "declared": p_holm <= LEVEL,
        }
        for (group, pair, metric, compared), p_holm in zip(found, adjusted, strict=True)
    ]  # fmt: skip


def calibrations(rows: Sequence[Row]) -> Json:
    """arm -> AUROC, risk-coverage, reliability; arms without confidence are left out."""
    found = {}
    for arm, own in by_arm(rows).items():
        given = [
            (row.result.answer.confidence, row.judged.outcome == "right")
            for row in own
            if row.judged.outcome != "abstained" and row.result.answer.confidence is not None
        ]
        figures = calibration([sure for sure, _ in given if sure is not None], [right for _, right in given])
        if figures is not None:
            found[arm] = dataclasses.asdict(figures)
    return found


def causes(rows: Sequence[Row], languages: Sequence[str]) -> Json:
    """group -> arm -> cause -> number of wrong answers; arms whose answers have no causes are left out."""
    return {
        group: {
            arm: {cause: counted[cause] for cause in CAUSES}
            for arm, own in by_arm(rows, group).items()
            if (counted := Counter(row.cause for row in own if row.cause is not None))
        }
        for group in groups_of(languages)
    }


def questions(rows: Sequence[Row]) -> list[Json]:
    """Every question with its evidence and its answers arm by arm."""
    found: dict[str, Json] = {}
    for row in rows:
        question = row.question
        entry = found.setdefault(question.id, {
            "id": question.id, "unit": question.unit, "language": question.language, "kind": question.kind,
            "question": question.question, "expected": question.answer,
            "evidence": [dataclasses.asdict(evidence) for evidence in question.evidence], "answers": {},
        })  # fmt: skip
        entry["answers"][row.arm] = _answer_json(row)
    return list(found.values())


def finding(estimated: Mapping[str, Any], compared: Sequence[Json], arms: Sequence[str]) -> str:
    """The result in one sentence: wrong among answered of the first two arms."""
    pair = tuple(arms[:2])
    said = " and ".join(_said(arm, estimated[ALL_LANGUAGES][arm]) for arm in pair)
    rows = [row for row in compared if (row["first"], row["second"]) == pair and row["metric"] == metrics.WRONG]
    whole = next((row for row in rows if row["language"] == ALL_LANGUAGES), None)
    if whole is None:
        return f"{said}."
    verdict = "a difference of" if whole["declared"] else "no difference that can be told from chance:"
    parts = [f"{row['language']} {_points(row)}" for row in rows if row["language"] != ALL_LANGUAGES]
    return (
        f"{said}: {verdict} {_points(whole)}, p = {_spoken(whole['p_value'])}, after Holm's correction for "
        f"{len(compared)} comparisons {_spoken(whole['p_holm'])}{''.join('; ' + part for part in parts)}."
    )


def _said(arm: str, cell: Mapping[str, Any]) -> str:
    if metrics.WRONG not in cell:
        return f"{arm} gave no answer"
    wrong, coverage = cell[metrics.WRONG]["mean"], cell[metrics.COVERAGE]["mean"]
    return f"{arm} was wrong in {100 * wrong:.1f} % of its answers (coverage {100 * coverage:.0f} %)"


def _points(row: Json) -> str:
    low, high = 100 * row["low"], 100 * row["high"]
    return f"{100 * row['difference']:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"


def _spoken(p_value: float) -> str:
    return f"{p_value:.4f}" if p_value >= 0.0001 else "below 0.0001"


def _answer_json(row: Row) -> Json:
    answer = row.result.answer
    return {
        "outcome": row.judged.outcome, "supported": row.judged.supported, "cause": row.cause, "reason": answer.reason,
        "text": " ".join(sentence.marked for sentence in answer.sentences), "confidence": answer.confidence,
        "values": row.judged.values,
        "citations": [
            {"number": c.number, "title": c.title, "page": c.page, "quote": c.quote} for c in citations_of(answer)
        ],
    }  # fmt: skip
