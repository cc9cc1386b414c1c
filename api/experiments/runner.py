"""Runs an experiment: every question by every arm, from the cache where it can be, then the figures and the report.

    <home>/experiments/cache/...                 answers (api/experiments/cache.py)
    <home>/experiments/searches/...              what was found (api/experiments/techniques/searches.py)
    <home>/experiments/<name>-<hash>/            results.json, report.html

An answer is kept as soon as it is made, so whatever stops a run (Ctrl-C, a crash, a full disk) costs one answer at
most: the next run takes the others from the cache and comes to the same figures. The hash is of the experiment, its
questions and all that determines the answers; the same run lands in the same folder.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.errors import ConfigError
from api.evaluate import questions as sets
from api.experiments import contamination, summary
from api.experiments.arms import Result, answer, draws, request_of
from api.experiments.cache import ResultCache, key_of
from api.experiments.causes import cause_of
from api.experiments.definition import Arm, Experiment
from api.experiments.entailment.verifier import carried
from api.experiments.expectations import check
from api.experiments.finding import does_search, judged_by_place
from api.experiments.knobs import Knobs
from api.experiments.measures import counterparts, judge
from api.experiments.outside.judge import Verdicts
from api.experiments.outside.staff import Staff, judge_json, staff_of
from api.experiments.places import CACHE, FOLDER, REPORT_FILE, RESULTS_FILE, RESULTS_FORMAT, SEARCHES
from api.experiments.provenance import commit, digest, package_version, questions_digest
from api.experiments.techniques import language
from api.experiments.techniques.plan import plan_of
from api.experiments.techniques.searches import Searches
from api.experiments.variants import weights
from api.experiments.variants.chunked import settings_of
from api.experiments.variants.variant import Variant, told, variant_of, variants_of
from api.pipeline import Ask, Pipeline
from api.question_sets import formats
from api.question_sets.library import searched
from corpus.format import Question
from ingest.errors import LibraryError
from ingest.originals import write_atomically

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
    on_progress: OnProgress | None = None,
    on_passages: Callable[[int, int], None] | None = None,
) -> Finished:
    """Run an experiment and write its results and report.

    date: for the record, as the caller writes dates. limit: in place of the experiment's own. out: the folder in which
    the run's own folder is made, in place of the home's. fresh: search and ask everything anew. on_passages: (done, to
    do) of the set's own passages, and of those that are cut for an arm, while they are read and then embedded; of the
    library's where its index is behind.

    Raises ConfigError, CorpusError, QuestionError before anything is asked, and ConfigError if the library changes
    meanwhile; what `Pipeline.ask` raises; OSError.
    """
    started = time.perf_counter()
    loaded = formats.load(experiment.questions, experiment.format)
    asked = choose(loaded.questions, experiment.languages, experiment.limit if limit is None else limit)
    _check(pipeline, experiment, asked)
    if not loaded.brings_texts:
        within(asked, sets.EvidenceIndex(pipeline.library))
        language.check(experiment.arms, asked, pipeline.library)
    cache = ResultCache(pipeline.config.home / FOLDER / CACHE)
    searches = Searches(pipeline.config.home / FOLDER / SEARCHES, fresh=fresh)
    staff = staff_of(experiment, cache.folder, fresh=fresh)
    pipeline.load_models(on_passages)
    with searched(pipeline, loaded, on_passages) as own:
        usual = variant_of(own)
        kept, left_out = within(asked, usual.index)
        usual.check()
        language.check(experiment.arms, kept, own.library)
        with variants_of(experiment.arms, usual, pipeline.config.home, cache.folder.parent, on_passages) as variants:
            rows, cached = _ask_all(variants, staff, kept, loaded.questions, cache, searches, fresh, on_progress)
            arms_with = told(variants, usual)
    measured = figures(experiment, rows)
    results = {
        "format": RESULTS_FORMAT,
        "experiment": definition_json(experiment),
        "provenance": {
            **dataclasses.asdict(usual.provenance), "package": package_version(), "commit": commit(), "date": date,
            "settings": settings_json(pipeline), "limit": limit, "questions_hash": questions_digest(kept),
            **({"arms": arms_with} if arms_with else {}),
        },
        "asked": _asked(kept, left_out, rows, cached, searches, time.perf_counter() - started),
        **measured,
        "judge": judge_json(experiment, rows),
        "contamination": contamination.shipped().overlap([q.question for q in kept]).as_json(),
        "questions": summary.questions(rows),
    }  # fmt: skip
    facts = [definition_json(experiment), dataclasses.asdict(usual.provenance), [repr(q) for q in kept]]
    facts += [arms_with] if arms_with else []
    folder = (out or pipeline.config.home / FOLDER) / f"{experiment.name}-{digest(facts)[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / RESULTS_FILE, dump(results).encode("utf-8", "replace"))
    return report_again(folder)


def _check(pipeline: Pipeline, experiment: Experiment, asked: Sequence[Question]) -> None:
    """What cannot be asked, and a setting that cannot be, is told before a model is loaded, not when it comes."""
    for question in asked:
        request_of(pipeline, question, experiment.arms[0].knobs, experiment.seed)
    for arm in experiment.arms:
        felt(experiment, arm, request_of(pipeline, asked[0], arm.knobs, experiment.seed))
        settings_of(pipeline, arm.knobs)
    weights.check(experiment.arms, pipeline.config.home)


def report_again(folder: Path) -> Finished:
    """Write `report.html` from the `results.json` of a run. Raises ConfigError if there is none that can be read."""
    from jinja2 import TemplateError

    from api.experiments.report import render

    path = folder / RESULTS_FILE
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if results["format"] != RESULTS_FORMAT:
            raise ConfigError(f"{path} is of another version of Lectern; run the experiment again")
        page = render(results)
    except (OSError, ValueError, LookupError, TypeError, TemplateError) as error:
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


def felt(experiment: Experiment, arm: Arm, request: Ask) -> None:
    """Raises ConfigError for what the arm asks for and, as the home is configured, could not feel. request: a question
    with the arm's settings."""
    if arm.knobs.retrieve == "corrective" and not request.retrieval.rerank:
        raise ConfigError(
            f"arm {arm.name!r}: corrective retrieval goes by the reranker's scores, and the settings have "
            "rerank = false: give the arm rerank = true"
        )
    if arm.knobs.risk is not None and not request.options.abstain:
        raise ConfigError(
            f"arm {arm.name!r}: risk is felt by an arm that may abstain, and the settings have abstain = false: give "
            "the arm abstain = true"
        )
    fixed = arm.knobs.generator is not None and experiment.generators[arm.knobs.generator].fixed_temperature
    if fixed and len(experiment.seeds) > 1:
        raise ConfigError(
            f"arm {arm.name!r}: {arm.knobs.generator} has a fixed_temperature and is sent no seed: give seed in place "
            "of seeds"
        )


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
    languages = summary.present(rows, experiment.languages)
    estimated = summary.estimates(rows, languages)
    compared, between = summary.comparisons(rows, languages, compare_languages=experiment.compare_languages)
    return {
        "finding": summary.finding(
            estimated, compared, [arm.name for arm in experiment.arms], between, seeds=len(experiment.seeds)
        ),
        "estimates": estimated,
        "comparisons": compared,
        "between_languages": between,
        "seen": summary.apart(rows),
        "matched": summary.matched(rows, languages),
        "calibration": summary.calibrations(rows),
        "causes": summary.causes(rows, languages),
        "expectations": [
            {"what": one.expect.what, "metrics": one.expect.metrics, "expected": one.expect.where,
             "verdict": one.verdict, "value": one.value, "low": one.low, "high": one.high}
            for one in check(experiment.expect, rows, estimated)
        ],
    }  # fmt: skip


def _asked(
    kept: Sequence[Question], left_out: int, rows: Sequence[summary.Row], cached: int, searches: Searches,
    seconds: float,
) -> dict[str, Any]:
    """What was asked and what it cost, as results say. cached: how many rows came from the cache. seconds: of the
    whole run, with the loading of models and the figures, without the writing of the report."""
    return {
        "questions": len(kept), "units": len({q.unit for q in kept}), "left_out": left_out,
        "from_cache": cached, "answers": len(rows), "searches": searches.asked, "searches_from_cache": searches.kept,
        "seconds": round(seconds, 3),
    }  # fmt: skip


def _ask_all(
    variants: Mapping[str, Variant], staff: Staff, questions: Sequence[Question], others: Sequence[Question],
    cache: ResultCache, searches: Searches, fresh: bool, on_progress: OnProgress | None,
) -> tuple[list[summary.Row], int]:
    """(a row for every question and arm, how many of them cached); question by question, so that arms keep in step.

    others: the whole set, whatever part of it is asked.
    """
    experiment = staff.experiment
    total, cached = len(questions) * len(experiment.arms), 0
    rows: list[summary.Row] = []
    others_of = counterparts(others)
    pipelines = {arm.name: staff.pipeline_of(arm, variants[arm.name].pipeline) for arm in experiment.arms}
    for question in questions:
        counterpart = others_of.get(question.id)
        for arm in experiment.arms:
            pipeline, index = pipelines[arm.name], variants[arm.name].index
            own, other = index.gold(question), index.gold(counterpart) if counterpart else frozenset()
            results: list[Result] = []
            was_cached = True
            for seed in experiment.seeds:
                request = request_of(pipeline, question, arm.knobs, seed)
                if results and not draws(arm.knobs, request):
                    break
                plan = plan_of(index, question, arm.knobs, seed, others) if arm.knobs.techniques() else None
                provenance = variants[arm.name].provenance
                key = key_of(question, arm.knobs, request, seed, provenance, plan, staff.facts(arm))
                result = None if fresh else cache.get(key)
                if result is None:
                    was_cached = False
                    result = _answered(variants[arm.name], pipeline, question, arm.knobs, seed, others, searches)
                    cache.put(key, result)
                results.append(result)
            cached += was_cached
            verdicts = [staff.verdicts(question, result.answer) for result in results]
            # A translation is no second find: its place goes to the passage in the question's language.
            wanted = other if arm.knobs.documents == "other language" else own
            rows.append(row_of(question, arm, results, own | other, verdicts, counterpart, wanted))
            if on_progress is not None:
                on_progress(Progress(len(rows), total, cached))
    return rows, cached


def _answered(
    variant: Variant, pipeline: Pipeline, question: Question, knobs: Knobs, seed: int, others: Sequence[Question],
    searches: Searches,
) -> Result:
    """An answer from the library as it was when the run began. pipeline: the variant's, with the arm's own writer.

    Raises ConfigError if the library changed meanwhile; what `answer` raises.
    """
    search = searches.by(variant.provenance, variant.check)
    try:
        result = answer(pipeline, variant.index, question, knobs, seed, others, search)
    except (LibraryError, ConfigError):
        variant.check()  # what was removed meanwhile is not there to be read: that is no error of its own
        raise
    variant.check()
    return result


def row_of(
    question: Question, arm: Arm, results: Sequence[Result], gold: frozenset[str], verdicts: Sequence[Verdicts],
    counterpart: Question | None = None, wanted: frozenset[str] | None = None,
) -> summary.Row:
    """The answers judged, one for each seed, with a judge's verdicts; the first with its cause where it is a wrong one
    with documents. gold: ids of the chunks that hold the evidence, in either language. wanted: those that the search
    is to find (left out: all). counterpart: see `judge`."""
    judged = []
    for result, verdict in zip(results, verdicts, strict=True):
        one = judge(question, result.answer, result.planted, carried, counterpart)
        found = judged_by_place(result, gold if wanted is None else wanted) if does_search(arm.knobs) else {}
        judged.append(dataclasses.replace(one, values={**one.values, **found, **verdict.values()}))
    first, result = judged[0], results[0]
    wrong = first.outcome == "wrong" and arm.knobs.mode == "rag"
    cause = cause_of(question, result, gold) if wrong else None
    outcomes = tuple(one.outcome for one in judged)
    return summary.Row(question, arm.name, result, first, cause, summary.averaged(judged), outcomes, verdicts[0])


def definition_json(experiment: Experiment) -> dict[str, Any]:
    """The experiment as plain values; a question file, and weights outside the home, by their names alone."""
    used = {arm.knobs.generator for arm in experiment.arms}
    generators = {name: model.shown() for name, model in experiment.generators.items() if name in used}
    return {
        "name": experiment.name, "question": experiment.question, "questions": Path(experiment.questions).name,
        **({"format": experiment.format} if experiment.format != "lectern" else {}),
        "limit": experiment.limit, "seed": experiment.seed, "seeds": list(experiment.seeds),
        "languages": list(experiment.languages),
        **({"compare_languages": True} if experiment.compare_languages else {}),
        "arms": [{"name": arm.name, **_shown(arm.knobs.turned())} for arm in experiment.arms],
        **({"generators": generators} if generators else {}),
        **({"judge": experiment.judge.shown()} if experiment.judge is not None else {}),
    }  # fmt: skip


def _shown(turned: dict[str, Any]) -> dict[str, Any]:
    named = Path(turned.get("weights", ""))
    return {**turned, "weights": named.name} if named.is_absolute() else turned


def settings_json(pipeline: Pipeline) -> dict[str, Any]:
    """The configured settings, without where the home lies."""
    settings = dataclasses.asdict(pipeline.config)
    del settings["home"]
    return settings


def dump(results: dict[str, Any]) -> str:
    """JSON that every reader takes: infinities are refused."""
    return json.dumps(results, ensure_ascii=False, indent=1, allow_nan=False, default=float) + "\n"
