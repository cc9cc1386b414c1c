"""Runs an experiment: every question by every arm, from the cache where it can be, then the figures and the report.

    <home>/experiments/cache/...                 answers (api/experiments/cache.py)
    <home>/experiments/<name>-<hash>/            results.json, report.html

An answer is kept as soon as it is made, so whatever stops a run (Ctrl-C, a crash, a full disk) costs one answer at
most: the next run takes the others from the cache and comes to the same figures. The hash is of the experiment, its
questions and all that determines the answers; the same run lands in the same folder.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.errors import ConfigError
from api.evaluate import questions as sets
from api.experiments import summary
from api.experiments.arms import Result, answer, request_of
from api.experiments.cache import ResultCache, key_of
from api.experiments.causes import cause_of
from api.experiments.definition import Arm, Experiment
from api.experiments.expectations import check
from api.experiments.measures import judge
from api.experiments.provenance import Provenance, digest, provenance_of
from api.pipeline import Pipeline
from corpus.format import Question
from ingest.originals import write_atomically

FOLDER, CACHE = "experiments", "cache"
RESULTS_FILE, REPORT_FILE = "results.json", "report.html"
RESULTS_FORMAT = 1

OnProgress = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: answers done of all, and how many of those came from the cache."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that came to its end. folder: where its results lie. results: what `results.json` holds."""

    folder: Path
    results: dict[str, Any]


def run(
    pipeline: Pipeline,
    experiment: Experiment,
    *,
    date: str,
    limit: int | None = None,
    out: Path | None = None,
    fresh: bool = False,
    contamination: Sequence[str] = (),
    on_progress: OnProgress | None = None,
) -> Finished:
    """Run an experiment and write its results and report.

    date: for the record, as the caller writes dates. limit: in place of the experiment's own. out: the folder in which
    the run's own folder is made, in place of the home's. fresh: ask everything anew. contamination: lines for the
    report on what training data and questions share.

    Raises ConfigError, CorpusError, QuestionError before anything is asked; what `Pipeline.ask` raises; OSError.
    """
    asked = choose(sets.load(experiment.questions), experiment.languages, experiment.limit if limit is None else limit)
    # What cannot be asked, and a setting that cannot be, has to be told before the first answer, not when it comes.
    for question in asked:
        request_of(pipeline, question, experiment.arms[0].knobs, experiment.seed)
    for arm in experiment.arms:
        request_of(pipeline, asked[0], arm.knobs, experiment.seed)
    pipeline.load_models()
    index = sets.EvidenceIndex(pipeline.library)
    kept, left_out = within(asked, index)
    provenance = provenance_of(pipeline)
    cache = ResultCache(pipeline.config.home / FOLDER / CACHE)
    rows, cached = _ask_all(pipeline, experiment, kept, index, provenance, cache, fresh, on_progress)
    results = {
        "format": RESULTS_FORMAT,
        "experiment": definition_json(experiment),
        "provenance": {
            **dataclasses.asdict(provenance), "date": date, "settings": settings_json(pipeline), "limit": limit,
        },
        "asked": {
            "questions": len(kept), "units": len({q.unit for q in kept}), "left_out": left_out, "from_cache": cached,
        },
        **figures(experiment, rows),
        "contamination": list(contamination),
        "questions": summary.questions(rows),
    }  # fmt: skip
    facts = [definition_json(experiment), dataclasses.asdict(provenance), [repr(q) for q in kept]]
    folder = (out or pipeline.config.home / FOLDER) / f"{experiment.name}-{digest(facts)[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / RESULTS_FILE, dump(results).encode("utf-8", "replace"))
    return report_again(folder)


def report_again(folder: Path) -> Finished:
    """Write `report.html` from the `results.json` of a run. Raises ConfigError if there is none that can be read."""
    from api.experiments.report import render

    path = folder / RESULTS_FILE
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if results["format"] != RESULTS_FORMAT:
            raise ConfigError(f"{path} is of another version of Lectern; run the experiment again")
        page = render(results)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{path} holds no results of a run ({error}); run: lectern experiment run") from error
    write_atomically(folder / REPORT_FILE, page.encode("utf-8", "replace"))
    return Finished(folder, results)


def choose(questions: Sequence[Question], languages: Sequence[str], limit: int) -> list[Question]:
    """The questions in `languages`; of more than `limit` (0: no limit) whole pairs at even distances, cut at `limit`.

    Raises ConfigError if none is left.
    """
    pairs: dict[str, list[Question]] = {}
    for question in questions:
        if question.language in languages:
            pairs.setdefault(question.pair, []).append(question)
    found = list(pairs.values())
    count = sum(map(len, found))
    if not count:
        raise ConfigError(f"none of the questions is in {' or '.join(languages)}")
    if 0 < limit < count:
        wanted = math.ceil(limit * len(found) / count)
        found = [found[n * len(found) // wanted] for n in range(wanted)]
    chosen = [question for pair in found for question in pair]
    return chosen[:limit] if limit else chosen


def within(questions: Sequence[Question], index: sets.EvidenceIndex) -> tuple[list[Question], int]:
    """(questions that the library can be asked, how many were left out: their evidence is not in it).

    Raises ConfigError if no answerable question is left of some.
    """
    found, missing = index.split(questions)
    if missing and not found:
        raise ConfigError("no question has its evidence in the library; run: lectern ingest corpus")
    present = {row.question.id for row in found}
    return [q for q in questions if not q.answerable or q.id in present], missing


def figures(experiment: Experiment, rows: Sequence[summary.Row]) -> dict[str, Any]:
    """Everything that is computed from the rows."""
    estimated = summary.estimates(rows, experiment.languages)
    compared = summary.comparisons(rows, experiment.languages)
    return {
        "finding": summary.finding(estimated, compared, [arm.name for arm in experiment.arms]),
        "estimates": estimated,
        "comparisons": compared,
        "calibration": summary.calibrations(rows),
        "causes": summary.causes(rows, experiment.languages),
        "expectations": [
            {"what": one.what, "expected": one.expected, "verdict": one.verdict,
             "value": one.value, "low": one.low, "high": one.high}
            for one in check(experiment.expect, rows, estimated)
        ],
    }  # fmt: skip


def _ask_all(
    pipeline: Pipeline, experiment: Experiment, questions: Sequence[Question], index: sets.EvidenceIndex,
    provenance: Provenance, cache: ResultCache, fresh: bool, on_progress: OnProgress | None,
) -> tuple[list[summary.Row], int]:
    """(a row for every question and arm, how many were cached); question by question, so that arms keep in step."""
    total, cached = len(questions) * len(experiment.arms), 0
    rows: list[summary.Row] = []
    for question in questions:
        gold = index.gold(question) if question.answerable else frozenset()
        for arm in experiment.arms:
            request = request_of(pipeline, question, arm.knobs, experiment.seed)
            key = key_of(question, arm.knobs, request, experiment.seed, provenance)
            result = None if fresh else cache.get(key)
            if result is None:
                result = answer(pipeline, index, question, arm.knobs, experiment.seed)
                cache.put(key, result)
            else:
                cached += 1
            rows.append(row_of(question, arm, result, gold))
            if on_progress is not None:
                on_progress(Progress(len(rows), total, cached))
    return rows, cached


def row_of(question: Question, arm: Arm, result: Result, gold: frozenset[str]) -> summary.Row:
    """The answer judged, with its cause where it is a wrong one with documents."""
    judged = judge(question, result.answer)
    wrong = judged.outcome == "wrong" and arm.knobs.mode == "rag"
    return summary.Row(question, arm.name, result, judged, cause_of(question, result, gold) if wrong else None)


def definition_json(experiment: Experiment) -> dict[str, Any]:
    """The experiment as plain values; a question file by its name alone, wherever it lies."""
    return {
        "name": experiment.name, "question": experiment.question, "questions": Path(experiment.questions).name,
        "limit": experiment.limit, "seed": experiment.seed, "languages": list(experiment.languages),
        "arms": [
            {"name": arm.name, "mode": arm.knobs.mode, **arm.knobs.options(),
             **({"oracle": True} if arm.knobs.oracle else {}),
             **({"control": arm.knobs.control} if arm.knobs.control else {})}
            for arm in experiment.arms
        ],
    }  # fmt: skip


def settings_json(pipeline: Pipeline) -> dict[str, Any]:
    """The configured settings, without where the home lies."""
    settings = dataclasses.asdict(pipeline.config)
    del settings["home"]
    return settings


def dump(results: dict[str, Any]) -> str:
    """JSON that every reader takes: infinities are refused."""
    return json.dumps(results, ensure_ascii=False, indent=1, allow_nan=False, default=float) + "\n"
