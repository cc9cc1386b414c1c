"""Measurements by group, with intervals, as a table for people and JSON for machines.

A row is one question's values by metric; groups are the language, the language and kind, and so on. Questions on
one note share its luck, so intervals resample units (notes), not questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.format import Question
from retrieval.metrics import FEWEST_CLUSTERS, Estimate, bootstrap

Json = dict[str, Any]

NO_INTERVAL = f"no interval: fewer than {FEWEST_CLUSTERS} documents"


@dataclass(frozen=True, slots=True)
class Row:
    """One question and what was measured on it; a metric that does not apply is left out."""

    question: Question
    values: Mapping[str, float]


def estimates(rows: Sequence[Row], group_of: Callable[[Question], str]) -> dict[str, dict[str, Estimate]]:
    """group -> metric -> estimate, groups in alphabetical order, metrics in the order of the rows."""
    groups: dict[str, dict[str, tuple[list[float], list[str]]]] = {}
    for row in rows:
        metrics = groups.setdefault(group_of(row.question), {})
        for metric, value in row.values.items():
            values, units = metrics.setdefault(metric, ([], []))
            values.append(value)
            units.append(row.question.unit)
    return {
        group: {metric: bootstrap(values, units) for metric, (values, units) in groups[group].items()}
        for group in sorted(groups)
    }


def sizes(rows: Sequence[Row], group_of: Callable[[Question], str]) -> dict[str, int]:
    """group -> how many questions were asked, whatever applies to them."""
    return dict(Counter(group_of(row.question) for row in rows))


def as_json(groups: Mapping[str, Mapping[str, Estimate]]) -> Json:
    """Plain values: mean, interval, number of questions and of units. Fewer than FEWEST_CLUSTERS units are too few to
    resample: low and high are None."""
    return {
        group: {
            metric: {
                "mean": round(e.mean, 4),
                "low": round(e.low, 4) if e.clusters >= FEWEST_CLUSTERS else None,
                "high": round(e.high, 4) if e.clusters >= FEWEST_CLUSTERS else None,
                "questions": e.questions, "units": e.clusters,
            }
            for metric, e in metrics.items()
        }
        for group, metrics in groups.items()
    }


def lines(
    groups: Mapping[str, Mapping[str, Estimate]], asked: Mapping[str, int], *, intervals: bool = True
) -> list[list[str]]:
    """Header and rows of a table: group, questions asked, then a `cell` per metric."""
    metrics = list(dict.fromkeys(name for row in groups.values() for name in row))
    table = [["", "asked", *metrics]]
    for group, row in groups.items():
        cells = (cell(row.get(name), asked[group], intervals=intervals) for name in metrics)
        table.append([group, str(asked[group]), *cells])
    return table


def cell(estimate: Estimate | None, asked: int, *, intervals: bool = True) -> str:
    """`mean [low, high] (N)`; N, the questions that the figure is over, only where they are not all that were asked;
    "" for None."""
    if estimate is None:
        return ""
    shown = [f"{estimate.mean:.3f}"]
    if intervals:
        alone = f"({NO_INTERVAL})"
        shown.append(alone if estimate.clusters < FEWEST_CLUSTERS else f"[{estimate.low:.3f}, {estimate.high:.3f}]")
    if estimate.questions != asked:
        shown.append(f"({estimate.questions})")
    return " ".join(shown)
