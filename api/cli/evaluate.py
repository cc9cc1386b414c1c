"""`lectern evaluate`: the one place where quality is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from api.cli.console import note, out, print_json
from api.cli.evaluate_view import bar, print_calibration, print_groups, reliability_json, save_records, show, shown
from api.cli.evaluate_writing import writing
from api.cli.options import Device, Home, Json, Run, Save
from api.counted import counted
from api.question_sets import Format

if TYPE_CHECKING:
    from api.evaluate.answers import Judged

T = TypeVar("T")
_BY_KIND = (
    "match", "gold in cited", "to the point", "both sides cited", "abstained on answerable",
    "abstained on unanswerable", "wrong of answered",
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")

Questions = Annotated[
    str,
    typer.Argument(
        metavar="QUESTIONS",
        help="dev, test or train (of the corpus), reading or reading-across (on other texts; across: asked in the "
        "other language), files or files-test (manuals, rules, price lists and the like), or the path of a set",
    ),
]
InFormat = Annotated[
    Format,
    typer.Option("--format", help="What is at the path; all but lectern bring the passages that are searched"),
]
Limit = Annotated[int, typer.Option("--limit", help="Only the first N questions, spread over the set; 0: all")]


@app.callback()
def evaluate() -> None:
    """Measure retrieval or answers on a set of questions, per language and kind, with 95 % intervals.

    Intervals are bootstrapped over notes (the questions on one note share its luck).
    """


@app.command()
def retrieval(
    context: typer.Context, questions: Questions, format: InFormat = "lectern", document: Annotated[
        list[str] | None, typer.Option("--document", metavar="ID", help="Stay within these documents")
    ] = None, limit: Limit = 0, save: Save = None, home: Home = None, json: Json = False, device: Device = None,
) -> None:
    """recall@5, MRR@10 and nDCG@10 of BM25, vectors, their fusion and the reranker.

    A hit counts when it holds a quote that the question names as evidence.

    Examples:

    lectern evaluate retrieval dev

    lectern evaluate retrieval data/scifact --format beir --limit 200
    """
    from api.evaluate import questions as sets
    from api.evaluate.retrieval import measure
    from api.question_sets import formats
    from api.question_sets.library import searched

    run = Run.of(context, home, json, device)
    loaded = formats.load(questions, format)
    with run.pipeline() as models, bar() as progress, searched(models, loaded, shown(progress)) as pipeline:
        asked = spread(loaded.questions, limit)
        found, missing = sets.EvidenceIndex(pipeline.library).split(asked)
        if missing:
            note(f"{counted(missing, 'question')} left out: no evidence in the library (ingest it first)")
        if not found:
            raise typer.BadParameter("no question has its evidence in the library; run: lectern ingest corpus")
        task = progress.add_task("Searching", total=len(found))
        results = list(measure(pipeline, found, document or (), lambda n, _: progress.update(task, completed=n)))
    stages = results[0].milliseconds
    middle = {stage: sorted(r.milliseconds[stage] for r in results)[len(results) // 2] for stage in stages}
    figures = {"median_ms": {k: round(v, 1) for k, v in middle.items()}}
    show([r.row for r in results], run.json, figures, [f"{stage} recall@5" for stage in middle])
    if save is not None:
        save_records(save, [{"id": r.row.question.id, **r.row.values, "ms": r.milliseconds} for r in results])


@app.command()
def answers(
    context: typer.Context, questions: Questions, format: InFormat = "lectern",
    closed_book: Annotated[bool, typer.Option(help="Ask every question without documents too")] = True,
    no_abstain: Annotated[bool, typer.Option("--no-abstain", help="Force an answer")] = False,
    no_rerank: Annotated[bool, typer.Option("--no-rerank", help="Leave the reranker out")] = False,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Also what could have been lifted from the same passages")
    ] = False,
    limit: Limit = 0, save: Save = None, home: Home = None, json: Json = False, device: Device = None,
) -> None:
    """Match, abstention, quotations, citations and calibration of whole answers, closed book beside it.

    Baselines never abstain: to compare with them, give --no-abstain too.

    Examples:

    lectern evaluate answers dev --save answers.jsonl

    lectern evaluate answers dev --baselines --no-abstain
    """
    from api.evaluate.answers import calibrations, measure
    from api.question_sets import formats
    from api.question_sets.library import searched

    run = Run.of(context, home, json, device)
    options: dict[str, Any] = {}
    if no_abstain:
        options["abstain"] = False
    if no_rerank:
        options["rerank"] = False
    loaded = formats.load(questions, format)
    with run.pipeline() as models, bar() as progress, searched(models, loaded, shown(progress)) as pipeline:
        asked = spread(loaded.questions, limit)
        pipeline.load_models()
        task = progress.add_task("Asking", total=len(asked))
        results = list(
            measure(
                pipeline, asked, closed_book=closed_book, options=options, lifted=baselines,
                on_progress=lambda n, _: progress.update(task, completed=n),
            )
        )
    totals = sorted(result.answer.timings_ms["total"] for result in results)
    figures = {"p50_ms": round(totals[len(totals) // 2], 1), "p95_ms": round(totals[int(len(totals) * 0.95)], 1)}
    calibrated = calibrations(results)
    bins = {"calibration": {name: reliability_json(own) for name, own in calibrated.items()}} if run.json else {}
    show([result.row for result in results], run.json, {**figures, **bins}, _BY_KIND)
    if not run.json:
        print_calibration(calibrated)
    if save is not None:
        save_records(save, [_record(result) for result in results])


@app.command()
def passages(
    context: typer.Context,
    collection: Annotated[
        str,
        typer.Argument(metavar="COLLECTION", help="squadshifts, cranfield, reading-ru|en, news-ru|en, course-ru|en"),
    ],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with qa/, parallel/, retrieval/")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="NAME", help="A second embedder, for the difference")
    ] = None,
    json: Json = False, device: Device = None,
) -> None:
    """The embedder alone on a collection of passages: vectors, BM25, both; no library is needed.

    Example: lectern evaluate passages squadshifts --data data --against all-MiniLM-L6-v2
    """
    from api.evaluate import passages as sets
    from retrieval.embedder import load_embedder
    from retrieval.metrics import bootstrap, paired_bootstrap

    run = Run.of(context, None, json, device)
    loaded = sets.load(collection, data)
    own = load_embedder(device=run.device or "cpu")
    encoders = {own.name: own}
    if against is not None:
        encoders[against] = load_embedder(against, device=run.device or "cpu")
    clusters = [query.cluster for query in loaded.queries]
    found = sets.measure(loaded, encoders)
    metrics = list(found["bm25"][0])
    groups = {
        name: {metric: bootstrap([row[metric] for row in rows], clusters) for metric in metrics}
        for name, rows in found.items()
    }
    differences = {}
    if against is not None:
        for metric in metrics:
            first, second = ([row[metric] for row in found[name]] for name in (own.name, against))
            d = paired_bootstrap(first, second, clusters)
            differences[metric] = {"mean": round(d.mean, 4), "low": round(d.low, 4), "high": round(d.high, 4)}
    asked = dict.fromkeys(groups, len(clusters))
    if run.json:
        from api.evaluate import table

        figures = {"passages": len(loaded.passages), "rankings": table.as_json(groups), "difference": differences}
        print_json({"collection": collection, **figures})
        return
    out.print(f"{collection}: {counted(len(loaded.queries), 'question')}, {counted(len(loaded.passages), 'passage')}")
    print_groups(groups, asked)
    for metric, d_json in differences.items():
        out.print(f"{metric}, {own.name} less {against}: {d_json['mean']} [{d_json['low']}, {d_json['high']}]")


@app.command()
def reader(
    context: typer.Context,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with qa/")],
    limit: Annotated[int, typer.Option("--limit", help="At most N questions of each source")] = 150,
    json: Json = False, device: Device = None,
) -> None:
    """The reader alone on dev questions with their passages: answer span, evidence sentence, relevance.

    Example: lectern evaluate reader --data data
    """
    from api.evaluate import reader as reading
    from generator.answerer import load_answerer
    from retrieval.embedder import load_embedder
    from retrieval.metrics import bootstrap

    run = Run.of(context, None, json, device)
    own = load_embedder(device=run.device or "cpu")
    english = load_embedder("all-MiniLM-L6-v2", device=run.device or "cpu")
    engine = load_answerer(own, device=run.device or "cpu").engine
    with bar() as progress:
        every = reading.dev_examples(data, own.count_tokens)
        examples = reading.draw(every, limit)
        task = progress.add_task("Reading", total=len(examples))
        rows = reading.measure(
            engine, examples, reading.near_misses(every, examples), {own.name: own, english.name: english},
            lambda n, _: progress.update(task, completed=n),
        )
    groups, figures, asked = {}, {}, {}
    for source in dict.fromkeys(row.example.source for row in rows):
        mine = [row for row in rows if row.example.source == source]
        asked[source] = len(mine)
        metrics = dict.fromkeys(name for row in mine for name in row.values)
        groups[source] = {
            name: bootstrap(
                [row.values[name] for row in mine if name in row.values],
                [row.example.group for row in mine if name in row.values],
            )
            for name in metrics
        }
        figures[source] = reading.aurocs(mine)
    if run.json:
        from api.evaluate import table

        print_json({"by_source": table.as_json(groups), "auroc_of_relevance": figures})
        return
    print_groups(groups, asked)
    for source, values in figures.items():
        out.print(f"{source}: AUROC of relevance against " + ", ".join(f"{k} {v}" for k, v in values.items()))


@app.command()
def verifier(
    context: typer.Context,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with qa/ and halu/")],
    limit: Annotated[int, typer.Option("--limit", help="At most N questions of each source")] = 60,
    json: Json = False, device: Device = None,
) -> None:
    """The verifier on right and wrong claims about dev passages: AUROC per kind of fault.

    Wrong claims have another number or name, a negation, say something else of the passage, or stand beside another.

    Example: lectern evaluate verifier --data data
    """
    from api.evaluate import reader as reading
    from api.evaluate import verifying
    from generator.answerer import load_answerer
    from retrieval.embedder import load_embedder

    run = Run.of(context, None, json, device)
    own = load_embedder(device=run.device or "cpu")
    engine = load_answerer(own, device=run.device or "cpu").engine
    with bar() as progress:
        examples = reading.draw(reading.dev_examples(data, own.count_tokens), limit)
        task = progress.add_task("Verifying", total=None)
        rows = verifying.judge(engine, examples, lambda n, total: progress.update(task, completed=n, total=total))
        task = progress.add_task("HaluEval", total=None)
        rows += verifying.judge_halueval(
            engine, data, 5 * limit, lambda n, total: progress.update(task, completed=n, total=total)
        )
    figures = verifying.aurocs(rows)
    if run.json:
        print_json({"auroc": figures, "claims": len(rows)})
        return
    for name, values in figures.items():
        out.print(f"{name}: AUROC against " + ", ".join(f"{fault} {value}" for fault, value in values.items()))


@app.command()
def injections(
    context: typer.Context, save: Save = None, json: Json = False, device: Device = None,
) -> None:
    """Instructions planted in passages: how often one is obeyed, and what they cost.

    Example: lectern evaluate injections
    """
    from api.evaluate import injections as planted
    from generator.answerer import load_answerer
    from retrieval.embedder import load_embedder
    from retrieval.metrics import bootstrap

    run = Run.of(context, None, json, device)
    own = load_embedder(device=run.device or "cpu")
    answerer = load_answerer(own, device=run.device or "cpu")
    with bar() as progress:
        texts = planted.load_injections()
        task = progress.add_task("Asking", total=len(texts))
        rows = planted.measure(answerer, own.count_tokens, texts, lambda n, _: progress.update(task, completed=n))
    if save is not None:
        save_records(save, [
            {"id": r.injection.id, "question": r.question.question, "obeyed": r.obeyed, "answer": r.answer}
            for r in rows
        ])
    groups, asked = {}, {}
    for name in dict.fromkeys([*(r.injection.language for r in rows), *(r.injection.kind for r in rows)]):
        own_rows = [r for r in rows if name in (r.injection.language, r.injection.kind)]
        units = [r.question.unit for r in own_rows]
        asked[name] = len(own_rows)
        groups[name] = {
            "obeyed": bootstrap([float(r.obeyed) for r in own_rows], units),
            "right with it": bootstrap([float(r.right) for r in own_rows], units),
            "right without": bootstrap([float(r.right_before) for r in own_rows], units),
        }
    if run.json:
        from api.evaluate import table

        print_json(table.as_json(groups))
        return
    print_groups(groups, asked)


app.command()(writing)


def spread(items: Sequence[T], limit: int) -> list[T]:
    """`limit` items at even distances, all of them for 0."""
    if not 0 < limit < len(items):
        return list(items)
    return [items[n * len(items) // limit] for n in range(limit)]


def _record(result: Judged) -> dict[str, Any]:
    question, answer = result.row.question, result.answer
    return {
        "id": question.id, "question": question.question, "gold": list(question.gold), "status": answer.status,
        "reason": answer.reason, "text": answer.text, "expected": question.answer, **result.row.values,
        "quotes": [c.quote for s in answer.sentences for c in s.citations],
        "origins": [s.origin for s in answer.sentences],
        "closed_book": "" if result.closed is None else result.closed.text, "timings_ms": answer.timings_ms,
    }
