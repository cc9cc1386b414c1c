"""The records of experiments as Markdown, for RESULTS.md: a table each, arms as rows.

    lectern experiment tables --write api/experiments/RESULTS.md

puts them between the markers. By language: right, wrong of answered, coverage, and wrong of answered less that of the
first arm (the primary figure, paired; api/experiments/statistics.py); besides, every figure that the experiment names
in what it expects. Below, whether it came out as expected. All other figures are in the records.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from api.evaluate.table import NO_INTERVAL
from api.experiments.definition import ALL_LANGUAGES
from api.experiments.metrics import COVERAGE, RIGHT, WRONG
from api.experiments.record import limit_of

BEGIN, END = "<!-- experiments: begin -->", "<!-- experiments: end -->"

_SHOWN = (RIGHT, WRONG, COVERAGE)
_NONE = "–"
_COMMIT_CHARS = 7


def lines(records: Sequence[Mapping[str, Any]], folder: Path, page: Path) -> Iterator[str]:
    """The tables. folder: where the records lie, and the reports of some; page: the folder of the Markdown file they
    are for, from which links lead."""
    if not records:
        yield "Nothing is recorded yet: `lectern experiment record NAME` does it after a run."
    for record in records:
        yield from _table(record, folder, page)


def _table(record: Mapping[str, Any], folder: Path, page: Path) -> Iterator[str]:
    experiment, estimates = record["experiment"], record["estimates"]
    groups = [group for group in estimates if group != ALL_LANGUAGES] or [ALL_LANGUAGES]
    arms = [arm["name"] for arm in experiment["arms"]]
    languages = [experiment["languages"][0] if group == ALL_LANGUAGES else group for group in groups]
    yield f"**{experiment['name']}**: {experiment['question']}"
    yield ""
    more = _named(record)
    heads = [f"{head} {code}" for code in languages for head in (*_SHOWN, f"wrong, less “{arms[0]}”", *more)]
    yield _row(["arm", *heads])
    yield "|---|" + "---:|" * len(heads)
    for arm in arms:
        cells = []
        for group in groups:
            cells += [_share(estimates[group][arm].get(metric)) for metric in _SHOWN]
            cells.append("" if arm == arms[0] else _less(record["comparisons"], group, arms[0], arm))
            cells += [_share(estimates[group][arm].get(metric)) for metric in more]
        yield _row([arm, *cells])
    yield ""
    if expected := record.get("expectations"):
        yield f"Expected: {'; '.join(map(_verdict, expected))}."
        yield ""
    yield _made(record, folder, page)
    yield ""


def _named(record: Mapping[str, Any]) -> list[str]:
    """The metrics that the experiment expects or compares something of and that have no column yet; records of earlier
    versions do not say what was expected."""
    expected = [name for one in record.get("expectations", []) for name in one.get("metrics", [])]
    names = dict.fromkeys([*expected, *(row["metric"] for row in record["comparisons"])])
    return [name for name in names if name not in _SHOWN]


def _verdict(one: Mapping[str, Any]) -> str:
    """`OK rag less closed-book, right, all (above 0: 0.310)`."""
    measured = "not measured" if one["value"] is None else f"{one['value']:.3f}"
    return f"{one['verdict']} {one['what']} ({one['expected']}: {measured})"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _share(cell: Mapping[str, Any] | None) -> str:
    return f"{cell['mean']:.2f}" if cell else _NONE


def _less(comparisons: Sequence[Mapping[str, Any]], group: str, first: str, arm: str) -> str:
    """The arm's wrong of answered less the first one's; the record has it the other way round."""
    wanted = (group, first, arm, WRONG)
    for row in comparisons:
        if (row["language"], row["first"], row["second"], row["metric"]) == wanted:
            if row["low"] is None:
                return f"{0.0 - row['difference']:+.2f} ({NO_INTERVAL}), p {_p(row['p_holm'])}"
            value, low, high = (0.0 - row[key] for key in ("difference", "high", "low"))
            return f"{value:+.2f} [{low:+.2f}, {high:+.2f}], p {_p(row['p_holm'])}"
    return _NONE


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def _made(record: Mapping[str, Any], folder: Path, page: Path) -> str:
    """Under a table: how it is made again, and what it was made with."""
    experiment, made_with = record["experiment"], record["provenance"]
    name, limit = experiment["name"], limit_of(record)
    command = f"lectern experiment run {name}" + (f" --limit {limit}" if limit != experiment["limit"] else "")
    commit = made_with["commit"]
    parts = [
        f"`{command}`", made_with["date"][:10], f"weights `{made_with['model']}`",
        f"{record['asked']['questions']:,} questions ({experiment['questions']})",
        *([f"commit {commit[:_COMMIT_CHARS]}"] if commit else []),
    ]  # fmt: skip
    report = folder / f"{name}.html"
    if report.is_file():
        parts.append(f"[report]({Path(os.path.relpath(report, page)).as_posix()})")
    return ", ".join(parts)
