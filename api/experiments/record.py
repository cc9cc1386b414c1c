"""What is kept in the repository of a finished run of a shipped experiment, so that anyone's re-run can be held to it.

    api/experiments/results/<name>.json   a record: the definition, how many questions were asked and their hash (no
                                          texts), every figure with its interval, paired tests, what it was made with;
                                          besides, where the run has them: causes, calibration, risk at matched
                                          coverage, seen and unseen notes, contamination, verdicts on what was expected
    api/experiments/results/<name>.html   the run's report, where it was asked for

A record has the names and the shape of `results.json` (api/experiments/runner.py), less the questions, the answers,
the curves and what is quoted of questions. Imports little: the server lists records before it has loaded anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from api.errors import ConfigError
from api.experiments import definition
from api.experiments.metrics import CONFIDENCE, COVERAGE, NAMES, RIGHT, WRONG
from api.experiments.places import REPORT_FILE, RESULTS_FILE
from api.experiments.runs import Runs
from ingest.originals import write_atomically

Json = dict[str, Any]

RESULTS = Path(__file__).parent / "results"
FORMAT = 1
DIGITS = 4  # of figures; a figure and its re-run are compared as rounded to these
FIGURES = tuple(name for name in NAMES if name != CONFIDENCE)  # confidence says nothing of what is right
APART = (WRONG, RIGHT, COVERAGE)  # what is kept of seen and unseen notes
MAX_REPORT_BYTES = 8_000_000  # every version of it stays in the history
_P_DIGITS = 6
_INTERVAL, _P_VALUES = ("difference", "low", "high"), ("p_value", "p_holm")


def record_of(results: Mapping[str, Any]) -> Json:
    """The record of what `results.json` holds.

    Raises ConfigError if a version made it that did not yet write down which questions it asked.
    """
    if "questions_hash" not in results["provenance"]:
        raise ConfigError("the run does not say which questions it asked; run the experiment again, then record it")
    return {
        "format": FORMAT,
        "experiment": results["experiment"],
        "finding": results["finding"],
        "asked": results["asked"],
        "estimates": {
            group: {arm: {name: cells[name] for name in FIGURES if name in cells} for arm, cells in arms.items()}
            for group, arms in results["estimates"].items()
        },
        "comparisons": [_tested(row) for row in results["comparisons"]],
        "between_languages": [_tested(row) for row in results.get("between_languages", [])],
        **{key: kept(results[key]) for key, kept in _BESIDES.items() if key in results},
        "provenance": results["provenance"],
    }


def rounded(value: float | None) -> float | None:
    """A figure as a record keeps it."""
    return None if value is None else round(value, DIGITS)


def _tested(row: Mapping[str, Any]) -> Json:
    """A comparison without McNemar's test, by which nothing is declared; of languages that were not tested, without
    p-values."""
    found = {key: value for key, value in row.items() if key != "mcnemar"}
    found |= {key: rounded(row[key]) for key in _INTERVAL}
    return found | {key: round(row[key], _P_DIGITS) for key in _P_VALUES if key in row}


def _all_rounded(value: Any) -> Any:
    """Plain values with every fraction in them as a record keeps it."""
    if isinstance(value, Mapping):
        return {key: _all_rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_all_rounded(part) for part in value]
    return rounded(value) if isinstance(value, float) else value


def _without_curves(calibration: Mapping[str, Any]) -> Json:
    found: Json = _all_rounded({
        arm: {key: value for key, value in of.items() if key != "curve"} for arm, of in calibration.items()
    })
    return found


def _apart(seen: Mapping[str, Any]) -> Json:
    """How many questions are on notes that training read, and the main figures of either part."""
    return {
        key: part if key == "line" else {
            "questions": part["questions"],
            "arms": {
                arm: {name: cells[name] for name in APART if name in cells} for arm, cells in part["arms"].items()
            },
        }
        for key, part in seen.items()
    }  # fmt: skip


def _counted(contamination: Mapping[str, Any]) -> Json:
    """The numbers alone: the examples are texts of questions."""
    return {key: contamination[key] for key in ("asked", "training", "long", "near")}


# Kept where a run has it: records and runs of earlier versions may lack some.
_BESIDES: dict[str, Callable[[Any], Any]] = {
    "expectations": _all_rounded, "matched": _all_rounded, "calibration": _without_curves, "causes": _all_rounded,
    "seen": _apart, "contamination": _counted,
}  # fmt: skip


def limit_of(results: Mapping[str, Any]) -> int:
    """How many questions a run, or a record of it, was limited to, by its definition or instead of it; 0: all."""
    given = results["provenance"]["limit"]
    return int(results["experiment"]["limit"] if given is None else given)


def run_to_record(home_runs: Path, named: str) -> tuple[Path, Json]:
    """(folder, results) of the run to record. named: a shipped experiment, for its newest run in `home_runs`
    (`<home>/experiments`); or a run by the name of its folder there, or by a path.

    Raises ConfigError if there is none, or none of the experiment as it is shipped now.
    """
    if named in shipped_names():
        heads = [head.run for head in Runs(home_runs).heads().values() if head.run.name == named]
        # By when they were finished: the dates in them have seconds, and two short runs can share one.
        for run in sorted(heads, key=lambda run: _finished(home_runs / run.folder), reverse=True):
            results = Runs(home_runs).results(run.folder)
            if as_shipped(results):
                return home_runs / run.folder, results
        now = " as it is shipped now" if heads else ""
        raise ConfigError(f"{home_runs} holds no run of {named}{now}; run: lectern experiment run {named}")
    folder = next((path for path in (home_runs / named, Path(named)) if path.is_dir()), None)
    if folder is None:
        raise ConfigError(f"{named!r} is no shipped experiment and no run: name a folder of {home_runs}")
    results = Runs(folder.parent).results(folder.name)
    if not as_shipped(results):
        raise ConfigError(f"{folder} is no run of an experiment as it is shipped now; only those are recorded")
    return folder, results


def _finished(folder: Path) -> int:
    """When the results of a run were written, in nanoseconds."""
    return (folder / RESULTS_FILE).stat().st_mtime_ns


def as_shipped(results: Mapping[str, Any]) -> bool:
    """Whether the run is of a shipped experiment as it is now, whatever its limit."""
    from api.experiments.runner import definition_json  # imports the models' libraries

    name = results["experiment"]["name"]
    if name not in shipped_names():
        return False
    shipped = definition.load(definition.find(name))
    now = json.loads(json.dumps(definition_json(shipped)))
    expected = [(one["what"], one["expected"]) for one in results.get("expectations", [])]
    return {**now, "limit": 0} == {**results["experiment"], "limit": 0} and expected == [
        (one.what, one.where) for one in shipped.expect
    ]


def shipped_names() -> list[str]:
    """The names of the shipped experiments: those that may have a record."""
    return [path.stem for path in definition.shipped()]


def write(record: Mapping[str, Any], folder: Path, report_of: Path | None = None) -> list[Path]:
    """Write a record in place of an earlier one and its report; the paths written.

    report_of: the folder of the run, whose report goes beside the record. Raises ConfigError if the report is too large
    to be kept in a repository; OSError.
    """
    name = record["experiment"]["name"]
    path, report = folder / f"{name}.json", folder / f"{name}.html"
    page = None if report_of is None else (report_of / REPORT_FILE).read_bytes()
    if page is not None and len(page) > MAX_REPORT_BYTES:
        raise ConfigError(
            f"{REPORT_FILE} has {len(page):,} bytes, more than the {MAX_REPORT_BYTES:,} that are kept: "
            "record without --report, or a run with --limit"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (dump(record) + "\n").encode("utf-8", "replace"))
    if page is None:
        report.unlink(missing_ok=True)  # it would be of another run
        return [path]
    write_atomically(report, page)
    return [path, report]


def dump(value: Any, indent: str = "") -> str:
    """JSON with one line for each innermost object or list, so that a changed figure is one changed line."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    if not any(isinstance(part, Mapping | list | tuple) for part in parts):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    if isinstance(value, Mapping):
        rows = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {dump(part, inner)}" for key, part in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{inner}{dump(part, inner)}" for part in value) + f"\n{indent}]"


def load(name: str, folder: Path) -> Json | None:
    """The record of an experiment; None if there is none. Raises ConfigError if it cannot be read."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    try:
        found: Json = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT or found["experiment"]["name"] != name:
            raise ValueError("another format or another experiment")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{path} holds no record ({error}); run: lectern experiment record {name}") from error
    return found


def recorded(folder: Path) -> list[Json]:
    """The records of all shipped experiments that have one, by name. Raises ConfigError if one cannot be read."""
    return [found for name in shipped_names() if (found := load(name, folder)) is not None]
