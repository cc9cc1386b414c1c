"""A run of an experiment held against its record: OK, DRIFT or FAIL for every recorded figure, and what has changed.

A verdict is that of `api.experiments.expectations`, with the recorded 95 % interval as what is expected. A figure that
was recorded and cannot be measured now FAILs. With the same weights, library, questions and arms every figure should
come out as it was; where one of them has changed, the verdicts say what that did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.experiments import definition
from api.experiments import record as records
from api.experiments.definition import RU_LESS_EN, Expect
from api.experiments.expectations import Checked, verdict_of
from api.experiments.provenance import digest
from api.experiments.record import Json, limit_of, rounded

_Interval = tuple[float, float, float]  # value, low, high

_SHOWN_CHARS = 12  # of a hash
_WITH_CHANGES = " with changes"


@dataclass(frozen=True, slots=True)
class Rerun:
    """A run against a record. date, questions, limit: of the record. checked: a verdict for each recorded figure; None
    where the run asked other questions on purpose (another set, or another limit).

    changed: what is not as it was, name -> in words. same: the names of the rest.
    """

    date: str
    questions: int
    limit: int
    checked: tuple[Checked, ...] | None
    changed: Mapping[str, str]
    same: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether a figure FAILs."""
        return any(one.verdict == "FAIL" for one in self.checked or ())

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        figures = None if self.checked is None else [
            {"what": one.expect.what, "low": one.expect.low, "high": one.expect.high, "verdict": one.verdict,
             "value": one.value}
            for one in self.checked
        ]  # fmt: skip
        return {
            "date": self.date, "questions": self.questions, "limit": self.limit, "figures": figures,
            "changed": dict(self.changed), "same": list(self.same),
        }  # fmt: skip


def record_for(path: Path) -> Json | None:
    """The record of the experiment in a file; None where it is not a shipped one or nothing is recorded.

    Raises ConfigError for a record that cannot be read.
    """
    return records.load(path.stem, records.RESULTS) if path.resolve().parent == definition.SHIPPED.resolve() else None


def against(record: Json, results: Json) -> Rerun:
    """The results of a run against the record of its experiment."""
    changed, same = {}, []
    then, now = _facts(record), _facts(results)
    for name in then:
        if then[name] == now[name] and not any(value.endswith(_WITH_CHANGES) for value in now[name].values()):
            same.append(name)
        else:
            changed[name] = _words(then[name], now[name])
    meant = _meant(record) == _meant(results) or "questions" in same
    checked = tuple(_checked(record, results)) if meant else None
    return Rerun(
        record["provenance"]["date"], record["asked"]["questions"], limit_of(record), checked, changed, tuple(same)
    )


def _meant(results: Json) -> list[Any]:
    """Which questions were to be asked, whatever they say now."""
    experiment = results["experiment"]
    return [*(experiment.get(key) for key in ("questions", "format", "languages", "seeds")), limit_of(results)]


def _facts(results: Json) -> dict[str, dict[str, str]]:
    """What a run was made with: name -> part -> value."""
    made_with, experiment = results["provenance"], results["experiment"]
    of_arms = made_with.get("arms", {})
    return {
        "weights": {
            "decoder": made_with["model"], "embedder": made_with["embedder"], "decisions": made_with["decisions"],
            **{name: value for name, value in of_arms.items() if name.endswith(" model")},
        },
        "library": {
            "": made_with["library"],
            **{name: value for name, value in of_arms.items() if name.endswith(" library")},
        },
        "questions": {"": made_with.get("questions_hash", "")},
        "arms": {"": digest([experiment["arms"], experiment["seeds"]])},
        "settings": {"": made_with["config"]},
        "sources": {"": made_with.get("sources", "")},
        "commit": {"": made_with["commit"]},
        "versions": {"lectern": made_with["package"], **made_with.get("versions", {})},
    }  # fmt: skip


def _words(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The parts that differ: `decoder a, now b`."""
    parts = [part for part in {**then, **now} if then.get(part) != now.get(part) or len(then) == 1]
    return "; ".join(
        f"{part} {_shown(then.get(part))}, now {_shown(now.get(part))}".strip() for part in parts
    )


def _shown(value: str | None) -> str:
    """A hash by its beginning; names and versions as they are."""
    if not value:
        return "unknown"
    head, *rest = value.split(" ")
    hexadecimal = len(head) > 2 * _SHOWN_CHARS and set(head) <= set("0123456789abcdef")
    return " ".join([head[:_SHOWN_CHARS] if hexadecimal else head, *rest])


def _checked(record: Json, results: Json) -> Iterator[Checked]:
    for group, arms in record["estimates"].items():
        for arm, cells in arms.items():
            now = results["estimates"].get(group, {}).get(arm, {})
            for metric, cell in cells.items():
                yield _check(metric, group, _of(cell, "mean"), _of(now.get(metric), "mean"), arm=arm)
    measured = {_key(row): row for row in results["comparisons"]}
    for row in record["comparisons"]:
        now, pair = measured.get(_key(row)), (row["first"], row["second"])
        yield _check(row["metric"], row["language"], _of(row, "difference"), _of(now, "difference"), pair=pair)
    by_arm = {(row["arm"], row["metric"]): row for row in results.get("between_languages", [])}
    for row in record.get("between_languages", []):  # an older record has none
        now = by_arm.get((row["arm"], row["metric"]))
        yield _check(row["metric"], RU_LESS_EN, _of(row, "difference"), _of(now, "difference"), arm=row["arm"])


def _key(row: Json) -> Sequence[str]:
    return row["language"], row["first"], row["second"], row["metric"]


def _of(cell: Json | None, name: str) -> _Interval | None:
    """A figure with its interval, rounded; one without an interval is its own."""
    if cell is None:
        return None
    value, low, high = (rounded(cell[key]) for key in (name, "low", "high"))
    assert value is not None
    return value, value if low is None else low, value if high is None else high


def _check(
    metric: str, language: str, then: _Interval | None, now: _Interval | None, *,
    arm: str | None = None, pair: tuple[str, str] | None = None,
) -> Checked:
    assert then is not None
    expect = Expect(metric, arm, pair, language, None, then[1], then[2])
    if now is None:
        return Checked(expect, "FAIL", None, None, None)
    return Checked(expect, verdict_of(expect, *now), *now)
