"""From judged answers to the figures of an experiment, as the plain values that `results.json` holds.

Groups are "all" and each language where there are questions in several: of one language it would be "all" once more.
Every arm is compared with the first one, in every group, on two figures: wrong among answered (the primary one) and
right; Holm's correction covers them all. So whoever writes the file names the comparisons before anything is measured,
and pays for no others. The finding is the primary figure of the first two.

Where questions are in both languages, the same two figures of every arm are also compared between them, Russian less
English over the pairs that were asked in both, with intervals over notes. These differences belong to the tests, and to
Holm's family, where the experiment says `compare_languages = true`; elsewhere they are shown with their interval alone,
no p-value is made and the family is that of the arms.

Where an arm was asked with several seeds, the figures of a question are means over them, so that the question stays
the unit: a figure that applies to some of its answers only (wrong, of those given) is the mean over these, and every
question counts alike, however many those are. So "wrong of answered" is then no share of all the answers given, and the
finding says so. Curves, causes and the answers shown are of the first seed.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.evaluate import table
from api.experiments import metrics, seen
from api.experiments.arms import Result
from api.experiments.calibration import calibration
from api.experiments.causes import CAUSES, Cause
from api.experiments.definition import ALL_LANGUAGES, RU_LESS_EN
from api.experiments.matched import Given, coverage_of, risks_at
from api.experiments.measures import Judged, Outcome, citations_of
from api.experiments.outside.judge import Verdicts
from api.experiments.refusal import grounded_refusal
from api.experiments.statistics import LEVEL, Comparison, compare, holm
from corpus.format import LANGUAGES, Question
from generator.answer import joined

Json = dict[str, Any]
TESTED = (metrics.WRONG, metrics.RIGHT)


@dataclass(frozen=True, slots=True)
class Row:
    """One question as one arm answered it. result, judged, cause (of a wrong answer with documents, else None): with
    the first seed. values: the figures, means over the seeds. outcomes: one for each seed. verdicts: of a judge from
    outside on the first seed's answer."""

    question: Question
    arm: str
    result: Result
    judged: Judged
    cause: Cause | None
    values: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    verdicts: Verdicts = Verdicts()


def averaged(judged: Sequence[Judged]) -> dict[str, float]:
    """Each figure's mean over the answers it applies to."""
    found: dict[str, list[float]] = {}
    for one in judged:
        for name, value in one.values.items():
            found.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in found.items()}


def by_arm(rows: Sequence[Row], language: str = ALL_LANGUAGES) -> dict[str, list[Row]]:
    """The rows of each arm, arms and questions in the order of `rows`, of one language or all."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        group = groups.setdefault(row.arm, [])
        if language in (ALL_LANGUAGES, row.question.language):
            group.append(row)
    return groups


def present(rows: Sequence[Row], languages: Sequence[str]) -> list[str]:
    """Those of an experiment's languages that there are questions in, in their order."""
    found = {row.question.language for row in rows}
    return [language for language in languages if language in found]


def groups_of(languages: Sequence[str]) -> list[str]:
    """"all", and each language where there are several."""
    return [ALL_LANGUAGES, *languages] if len(languages) > 1 else [ALL_LANGUAGES]


def estimates(rows: Sequence[Row], languages: Sequence[str]) -> Json:
    """group -> arm -> metric -> mean with its interval (`api.evaluate.table`)."""
    return {
        group: {arm: _estimates(own) for arm, own in by_arm(rows, group).items()} for group in groups_of(languages)
    }


def _estimates(rows: Sequence[Row]) -> Json:
    measured = [table.Row(row.question, row.values) for row in rows]
    groups = table.estimates(measured, lambda _question: ALL_LANGUAGES)
    refusal = grounded_refusal(
        [row.question.answerable for row in rows], [row.values[metrics.COVERAGE] for row in rows],
        [row.question.unit for row in rows],
    )  # fmt: skip
    if refusal is not None:
        groups[ALL_LANGUAGES][metrics.GROUNDED_F1] = refusal
    found: Json = table.as_json(groups).get(ALL_LANGUAGES, {})
    return found


def difference(rows: Sequence[Row], pair: tuple[str, str], metric: str, language: str) -> Comparison | None:
    """The comparison of two arms on one figure; None where there is nothing to compare."""
    arms = by_arm(rows, language)
    first, second = (arms[name] for name in pair)
    return compare(
        [row.values.get(metric) for row in first], [row.values.get(metric) for row in second],
        [row.question.unit for row in first],
    )  # fmt: skip


def excess(rows: Sequence[Row], arm: str, metric: str, less: str, language: str) -> Comparison | None:
    """One figure of an arm less another one of the same arm; None where there is nothing to compare."""
    own = by_arm(rows, language)[arm]
    return compare(
        [row.values.get(metric) for row in own], [row.values.get(less) for row in own],
        [row.question.unit for row in own],
    )  # fmt: skip


def between_languages(rows: Sequence[Row], arm: str, metric: str) -> Comparison | None:
    """Russian less English of one arm on one figure, over the pairs that were asked in both languages; None where there
    is nothing to compare. Its `questions` are pairs, and McNemar's are those that one language alone gets."""
    pairs: dict[str, dict[str, Row]] = {}
    for row in by_arm(rows)[arm]:
        pairs.setdefault(row.question.pair, {})[row.question.language] = row
    both = [pair for pair in pairs.values() if set(LANGUAGES) <= set(pair)]
    russian, english = ([pair[language].values.get(metric) for pair in both] for language in ("ru", "en"))
    return compare(russian, english, [pair["en"].question.unit for pair in both])


def comparisons(
    rows: Sequence[Row], languages: Sequence[str], *, compare_languages: bool = False
) -> tuple[list[Json], list[Json]]:
    """(the first arm with every other, by figure and group; Russian less English of every arm, by figure), where they
    can be compared. Holm over all of the former, and over the latter with them if `compare_languages`; if not, the
    latter have no p-values."""
    arms, between = _between_arms(rows, languages), _by_language(rows, languages)
    family = arms + between if compare_languages else arms
    corrected = holm([compared.p_value for _, compared in family])
    tested = [
        {**about, **dataclasses.asdict(compared), "p_holm": p_holm, "declared": p_holm <= LEVEL}
        for (about, compared), p_holm in zip(family, corrected, strict=True)
    ]
    if compare_languages:
        return tested[: len(arms)], tested[len(arms) :]
    return tested, [_untested(about, compared) for about, compared in between]


def _untested(about: Json, compared: Comparison) -> Json:
    """A difference with its interval and without what belongs to tests."""
    of_tests = ("p_value", "mcnemar", "tested")
    return about | {key: value for key, value in dataclasses.asdict(compared).items() if key not in of_tests}


def _between_arms(rows: Sequence[Row], languages: Sequence[str]) -> list[tuple[Json, Comparison]]:
    first, *others = by_arm(rows)
    return [
        ({"language": group, "first": first, "second": other, "metric": metric}, compared)
        for metric in TESTED for group in groups_of(languages) for other in others
        if (compared := difference(rows, (first, other), metric, group)) is not None
    ]  # fmt: skip


def _by_language(rows: Sequence[Row], languages: Sequence[str]) -> list[tuple[Json, Comparison]]:
    return [
        ({"language": RU_LESS_EN, "arm": arm, "metric": metric}, compared)
        for metric in TESTED for arm in by_arm(rows)
        if set(LANGUAGES) <= set(languages) and (compared := between_languages(rows, arm, metric)) is not None
    ]  # fmt: skip


def apart(rows: Sequence[Row]) -> Json:
    """"line" -> how many are seen, in words; "seen" and "unseen" -> number of questions and, by arm, their figures.

    No tests are made between the two: they are other questions.
    """
    groups: dict[str, list[Row]] = {seen.SEEN: [], seen.UNSEEN: []}
    for row in rows:
        groups[seen.SEEN if seen.seen(row.question) else seen.UNSEEN].append(row)
    asked = {row.question.id: row.question for row in rows}
    return {"line": seen.line(list(asked.values()))} | {
        name: {
            "questions": len({row.question.id for row in own}),
            "arms": {arm: _estimates(answers) for arm, answers in by_arm(own).items()},
        }
        for name, own in groups.items()
    }


def matched(rows: Sequence[Row], languages: Sequence[str]) -> Json:
    """group -> for each coverage that an arm has, the risk of every arm that reaches it (`api.experiments.matched`)."""
    return {group: _matched(by_arm(rows, group)) for group in groups_of(languages)}


def _matched(arms: Mapping[str, Sequence[Row]]) -> list[Json]:
    arms = {arm: [row for row in own if _judgeable(row.question)] for arm, own in arms.items()}
    given = {
        arm: [
            Given(None if row.judged.outcome == "abstained" else row.judged.outcome == "wrong",
                  row.result.answer.confidence)
            for row in own
        ]
        for arm, own in arms.items()
    }  # fmt: skip
    units = [row.question.unit for row in next(iter(arms.values()))]
    names: dict[float, list[str]] = {}
    for arm, answers in given.items():
        names.setdefault(coverage_of(answers), []).append(arm)
    return [
        {
            "coverage": coverage, "of": names[coverage],
            "risk": {arm: dataclasses.asdict(at) for arm, at in risks_at(given, units, coverage).items()},
        }
        for coverage in sorted(names, reverse=True)
        if coverage > 0
    ]


def _judgeable(question: Question) -> bool:
    """Whether it is known what a right answer holds, or that there is none."""
    return not question.answerable or bool(question.gold or question.gold_all)


def calibrations(rows: Sequence[Row]) -> Json:
    """arm -> AUROC, risk-coverage, reliability; arms without confidence are left out."""
    found = {}
    for arm, own in by_arm(rows).items():
        given = [
            (row.result.answer.confidence, row.judged.outcome == "right")
            for row in own
            if row.judged.outcome in ("right", "wrong") and row.result.answer.confidence is not None
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
            "question": question.question, "expected": question.answer, "seen": seen.seen(question),
            "evidence": [dataclasses.asdict(evidence) for evidence in question.evidence], "answers": {},
        })  # fmt: skip
        entry["answers"][row.arm] = _answer_json(row)
    return list(found.values())


def finding(
    estimated: Mapping[str, Any], compared: Sequence[Json], arms: Sequence[str], between: Sequence[Json] = (), *,
    seeds: int = 1,
) -> str:
    """The result in one sentence: wrong among answered of the first two arms. between: see `comparisons`; where the
    languages are tested, a second sentence on those of the first arm. seeds: how many there were."""
    tested = [row for row in between if "p_holm" in row]
    number = len(compared) + len(tested)
    said = _of_arms(estimated, compared, arms, number, seeds)
    row = next((row for row in tested if (row["arm"], row["metric"]) == (arms[0], metrics.WRONG)), None)
    if row is None:
        return said
    verdict = "" if row["declared"] else "cannot be told from chance: "
    return f"{said} Russian less English, {arms[0]}: {verdict}{_points(row)}, {_tested(row, number)}."


def _of_arms(
    estimated: Mapping[str, Any], compared: Sequence[Json], arms: Sequence[str], number: int, seeds: int
) -> str:
    """The finding on the first two arms. number: of the comparisons that Holm's correction covers."""
    pair = tuple(arms[:2])
    said = " and ".join(_said(arm, estimated[ALL_LANGUAGES][arm], seeds) for arm in pair)
    rows = [row for row in compared if (row["first"], row["second"]) == pair and row["metric"] == metrics.WRONG]
    whole = next((row for row in rows if row["language"] == ALL_LANGUAGES), None)
    if whole is None:
        of = (estimated[ALL_LANGUAGES][arm].get(metrics.COVERAGE, {}) for arm in pair)
        alone = any(cell.get("units") == 1 for cell in of)
        return f"{said}; no interval and no test: one document." if alone else f"{said}."
    verdict = "a difference of" if whole["declared"] else "no difference that can be told from chance:"
    parts = [f"{row['language']} {_points(row)}" for row in rows if row["language"] != ALL_LANGUAGES]
    if not whole.get("tested", whole["p_value"] < 1.0):  # an earlier version did not say whether it was
        figures = "; ".join([_points(whole), *parts])
        return f"{said}: {figures}; too few questions tell the two apart to test whether that is chance: ask more."
    told = _tested(whole, number)
    return f"{said}: {verdict} {_points(whole)}, {told}{''.join('; ' + part for part in parts)}."


def _tested(row: Json, number: int) -> str:
    return (
        f"p = {_spoken(row['p_value'])}, after Holm's correction for {number} comparisons {_spoken(row['p_holm'])}"
    )


def _said(arm: str, cell: Mapping[str, Any], seeds: int) -> str:
    coverage = cell[metrics.COVERAGE]["mean"]
    if metrics.WRONG not in cell:
        said = "gave no answer" if not coverage else f"answered {100 * coverage:.0f} %, none of it judged"
        return f"“{arm}” {said}"
    wrong = cell[metrics.WRONG]["mean"]
    over = "mean over questions, " if seeds > 1 else ""
    return f"“{arm}” was wrong in {100 * wrong:.1f} % of its answers ({over}coverage {100 * coverage:.0f} %)"


def _points(row: Json) -> str:
    if row["low"] is None:
        return f"{100 * row['difference']:+.1f} points ({table.NO_INTERVAL})"
    low, high = 100 * row["low"], 100 * row["high"]
    return f"{100 * row['difference']:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"


def _spoken(p_value: float) -> str:
    return f"{p_value:.4f}" if p_value >= 0.0001 else "below 0.0001"


def _answer_json(row: Row) -> Json:
    answer = row.result.answer
    return {
        "outcome": row.judged.outcome, "supported": row.judged.supported, "cause": row.cause, "reason": answer.reason,
        "text": joined(answer.sentences), "confidence": answer.confidence,
        "values": dict(row.values), "outcomes": list(row.outcomes),
        "judge": {"right": row.verdicts.right, "supported": row.verdicts.supported},
        "planted": None if row.result.planted is None else dataclasses.asdict(row.result.planted),
        "citations": [
            {"number": c.number, "title": c.title, "page": c.page, "quote": c.quote} for c in citations_of(answer)
        ],
    }  # fmt: skip
