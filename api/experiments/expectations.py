"""Is a figure as the file of the experiment expects it? A verdict for each.

The same words are said of a re-run that is held against a record: rerun.py.

- OK: the figure lies within the expected interval, which does not say that chance could not have put it there;
- DRIFT: it lies outside, but its own 95 % interval reaches in: look, nothing is broken yet;
- FAIL: the two intervals do not meet, or the figure could not be measured at all (an arm that never answers has no
  wrong answers among those given);
- TOO FEW DOCUMENTS: a difference on the questions of one note, which is not measured: nothing agrees or fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from api.experiments.definition import ALL_LANGUAGES, RU_LESS_EN, Expect
from api.experiments.summary import Row, between_languages, by_arm, difference, excess

Verdict = Literal["OK", "DRIFT", "FAIL", "TOO FEW DOCUMENTS"]


@dataclass(frozen=True, slots=True)
class Checked:
    """One expected figure with what was measured; None where nothing could be."""

    expect: Expect
    verdict: Verdict
    value: float | None
    low: float | None
    high: float | None


def verdict_of(expect: Expect, value: float, low: float | None, high: float | None) -> Verdict:
    """The verdict on a value with its interval [low, high]; without one there is no drift."""
    if expect.low <= value <= expect.high:
        return "OK"
    if low is None or high is None:
        return "FAIL"
    return "DRIFT" if low <= expect.high and expect.low <= high else "FAIL"


def check(expected: Sequence[Expect], rows: Sequence[Row], estimated: Mapping[str, Any]) -> list[Checked]:
    """Every expected figure against the rows and their `summary.estimates`, in the order expected."""
    return [_check(expect, rows, estimated) for expect in expected]


def _check(expect: Expect, rows: Sequence[Row], estimated: Mapping[str, Any]) -> Checked:
    measured: tuple[float, float | None, float | None] | None = None
    if expect.pair is not None:
        found = difference(rows, expect.pair, expect.metric, expect.language)
        measured = None if found is None else (found.difference, found.low, found.high)
    elif expect.arm is not None and expect.less is not None:
        found = excess(rows, expect.arm, expect.metric, expect.less, expect.language)
        measured = None if found is None else (found.difference, found.low, found.high)
    elif expect.arm is not None and expect.language == RU_LESS_EN:
        found = between_languages(rows, expect.arm, expect.metric)
        measured = None if found is None else (found.difference, found.low, found.high)
    elif (cell := _cell(expect, rows, estimated)) is not None:
        measured = cell["mean"], cell["low"], cell["high"]
    if measured is None:
        return Checked(expect, "TOO FEW DOCUMENTS" if _on_one_note(expect, rows) else "FAIL", None, None, None)
    return Checked(expect, verdict_of(expect, *measured), *measured)


def _on_one_note(expect: Expect, rows: Sequence[Row]) -> bool:
    """Whether both sides of a difference have values, all on the same note."""
    languages = ("ru", "en") if expect.language == RU_LESS_EN else (expect.language,)
    names = expect.pair or (expect.arm,)
    units = [
        {row.question.unit for row in by_arm(rows, language)[str(name)] if metric in row.values}
        for language in languages for name in names for metric in (expect.metric, expect.less) if metric is not None
    ]  # fmt: skip
    return len(units) > 1 and all(units) and len(set.union(*units)) == 1


def _cell(expect: Expect, rows: Sequence[Row], estimated: Mapping[str, Any]) -> Any:
    # Questions in one language alone have the group "all" alone.
    alone = {row.question.language for row in rows} == {expect.language}
    group = estimated.get(ALL_LANGUAGES if alone else expect.language, {})
    return group.get(expect.arm, {}).get(expect.metric)
