"""Two runs side by side: every figure of every arm, and their differences on the questions that both were asked.

Arms are matched by name, questions by id, text and expected answer: a question that was rewritten in between is another
one. Differences are A less B on the shared questions, so where the runs share only some of their questions they are not
the difference of the two figures beside them. The two figures that experiments test (`summary.TESTED`) get the same
tests here (api/experiments/statistics.py); Holm's correction covers all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from api.experiments.definition import ALL_LANGUAGES
from api.experiments.metrics import NAMES
from api.experiments.statistics import LEVEL, compare, holm
from api.experiments.summary import TESTED

Json = dict[str, Any]
_Pair = tuple[Json, Json]  # the same question in both runs


def compare_runs(first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
    """{a, b, shared, differs, figures} of two `results.json`. shared: number of questions that both were asked.
    differs: what the runs were made with, where it is not the same: name -> [of A, of B].

    figures: for each language, arm and metric that either run has: its cell in `a` and in `b` (mean, interval, numbers)
    or None, and `difference`: None, or {value, questions} with, where tested, low, high, p_value, p_holm, declared and
    mcnemar. Raises LookupError, TypeError if the results are not what `api.experiments.runner` writes.
    """
    shared = _shared(first["questions"], second["questions"])
    figures: list[Json] = []
    for group in _union(first["estimates"], second["estimates"]):
        for arm in _union(_arms(first), _arms(second)):
            for metric in NAMES:
                a, b = (_cell(results, group, arm, metric) for results in (first, second))
                difference = _difference(shared, group, arm, metric) if a and b else None
                if a or b:
                    row = {"language": group, "arm": arm, "metric": metric, "a": a, "b": b, "difference": difference}
                    figures.append(row)
    _correct([row["difference"] for row in figures if row["difference"] and "p_value" in row["difference"]])
    return {
        "a": _about(first), "b": _about(second), "shared": len(shared), "differs": _differs(first, second),
        "figures": figures,
    }  # fmt: skip


def _shared(first: Sequence[Json], second: Sequence[Json]) -> list[_Pair]:
    others = {_identity(question): question for question in second}
    return [(question, others[key]) for question in first if (key := _identity(question)) in others]


def _identity(question: Json) -> tuple[str, str, str]:
    return question["id"], question["question"], question["expected"]


def _union(first: Mapping[str, Any] | Sequence[str], second: Mapping[str, Any] | Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _arms(results: Mapping[str, Any]) -> list[str]:
    return [arm["name"] for arm in results["experiment"]["arms"]]


def _cell(results: Mapping[str, Any], group: str, arm: str, metric: str) -> Json | None:
    found: Json | None = results["estimates"].get(group, {}).get(arm, {}).get(metric)
    return found


def _difference(shared: Sequence[_Pair], group: str, arm: str, metric: str) -> Json | None:
    """On the shared questions of a language; None where a run has no value there."""
    pairs = [pair for pair in shared if group in (ALL_LANGUAGES, pair[0]["language"])]
    first, second = ([pair[n]["answers"][arm]["values"].get(metric) for pair in pairs] for n in (0, 1))
    of_first, of_second = ([value for value in values if value is not None] for values in (first, second))
    if not of_first or not of_second:
        return None
    questions = sum(one is not None or other is not None for one, other in zip(first, second, strict=True))
    value = sum(of_first) / len(of_first) - sum(of_second) / len(of_second)
    found: Json = {"value": value, "questions": questions}
    if metric in TESTED:
        compared = compare(first, second, [pair[0]["unit"] for pair in pairs])
        if compared is not None:
            tested = dataclasses.asdict(compared)
            found |= {key: tested[key] for key in ("low", "high") if tested[key] is not None}
            found |= {key: tested[key] for key in ("p_value", "mcnemar")}
    return found


def _correct(tested: Sequence[Json]) -> None:
    """Holm's correction, into the differences themselves."""
    for difference, p_holm in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
        difference |= {"p_holm": p_holm, "declared": p_holm <= LEVEL}


def _about(results: Mapping[str, Any]) -> Json:
    """What a run is, in a few values."""
    experiment = results["experiment"]
    return {
        "name": experiment["name"], "question": experiment["question"], "date": results["provenance"]["date"],
        "finding": results["finding"], "questions": results["asked"]["questions"], "arms": _arms(results),
    }  # fmt: skip


def _differs(first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
    """Provenance, settings and knobs that are not the same; the date always differs and is left out."""
    sides = [_flat(_made_with(results)) for results in (first, second)]
    names = [name for name in _union(*sides) if sides[0].get(name) != sides[1].get(name)]
    return {name: [side.get(name) for side in sides] for name in names}


def _made_with(results: Mapping[str, Any]) -> Json:
    provenance = {key: value for key, value in results["provenance"].items() if key != "date"}
    experiment = dict(results["experiment"])
    arms = {f"arm {arm['name']}": {k: v for k, v in arm.items() if k != "name"} for arm in experiment.pop("arms")}
    return {**experiment, **provenance, **arms}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Json:
    """Nested values by their names with dots: {"a": {"b": 1}} -> {"a.b": 1}."""
    found: Json = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found
