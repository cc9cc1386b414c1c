"""`lectern experiment list|run|report|compare|questions|record|tables`: what each part does to hallucination."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import note, out, print_json
from api.cli.evaluate_view import bar
from api.cli.experiment_agreement import agreement, triples
from api.cli.experiment_compare import compare
from api.cli.experiment_questions import draft_questions
from api.cli.experiment_records import make_tables, record_run, show_rerun
from api.cli.options import Device, Home, Json, Run
from api.counted import counted

if TYPE_CHECKING:
    from api.experiments.rerun import Rerun
    from api.experiments.runner import Finished, Progress

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
app.command("compare")(compare)
app.command("questions")(draft_questions)
app.command("record")(record_run)
app.command("tables")(make_tables)
app.command("agreement")(agreement)
app.command("triples")(triples)


@app.callback()
def experiment() -> None:
    """Run grids of arms over a set of questions and compare them: tables, tests, plots, every answer.

    An experiment is a TOML file; `list` shows those that come with the program.
    """


@app.command("list")
def list_experiments(context: typer.Context, json: Json = False) -> None:
    """The experiments that come with the program, and the question each asks.

    Example: lectern experiment list
    """
    from api.experiments import definition

    run = Run.of(context, None, json)
    found = [definition.load(path) for path in definition.shipped()]
    if run.json:
        rows = [{"name": e.name, "question": e.question, "arms": [arm.name for arm in e.arms]} for e in found]
        print_json({"experiments": rows})
        return
    width = max(len(e.name) for e in found)
    for e in found:
        out.print(f"{e.name:{width}}  {e.question} ({' · '.join(arm.name for arm in e.arms)})")


@app.command("run")
def run_experiment(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped experiment, or a TOML file")],
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help="Only N questions, spread over the set; 0: all")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the run's folder goes (default: in the home)")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Search and ask everything anew, whatever was kept")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where an expected or recorded figure FAILs")
    ] = False,
    home: Home = None, json: Json = False, device: Device = None,
) -> None:
    """Ask every question by every arm; write results.json and report.html.

    Answers are kept as they are made, and what a search found: a stopped run goes on where it was, a changed arm
    costs only itself, and a knob behind the search does not search again. What is kept goes by the program's
    sources, libraries, weights and documents: after a change of code there is no need of --fresh.
    Where the program brings a recorded result along, every figure is held against it: OK, DRIFT or FAIL.

    Example: lectern experiment run rag-vs-closed-book --limit 100
    """
    from datetime import UTC, datetime

    from api.experiments import definition
    from api.experiments.rerun import against, record_for
    from api.question_sets import formats

    options = Run.of(context, home, json, device)
    path = definition.find(name)
    chosen, record = definition.load(path), record_for(path)
    formats.load(chosen.questions, chosen.format)  # what is wrong with a file is told before anything heavy is imported
    from api.experiments import runner

    date = datetime.now(UTC).isoformat(timespec="seconds")
    reached: list[Progress] = []
    with options.pipeline() as pipeline, bar() as shown:
        task = shown.add_task("Loading", total=None)

        def show(progress: Progress) -> None:
            reached[:] = [progress]
            shown.update(task, description="Asking", completed=progress.done, total=progress.total)

        def prepare(done: int, to_do: int) -> None:
            shown.update(task, description="Preparing passages", completed=done, total=to_do)

        try:
            finished = runner.run(
                pipeline, chosen, date=date, limit=limit, out=to, fresh=fresh, on_progress=show, on_passages=prepare
            )
        except KeyboardInterrupt:
            if reached:
                note(f"{reached[0].done} of {reached[0].total} answers are kept; the same command goes on from there")
            raise
    rerun = None if record is None else against(record, finished.results)
    _show(finished, options.json, rerun)
    failed = any(e["verdict"] == "FAIL" for e in finished.results["expectations"])
    if strict and (failed or (rerun is not None and rerun.failed)):
        raise typer.Exit(1)


@app.command("report")
def report(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run, with its results.json")],
    json: Json = False,
) -> None:
    """Write report.html anew from the results of a run.

    Example: lectern experiment report .lectern/experiments/passages-0123456789ab
    """
    from api.experiments import runner

    options = Run.of(context, None, json)
    _show(runner.report_again(folder), options.json)


def _show(finished: Finished, as_json: bool, rerun: Rerun | None = None) -> None:
    """The finding, what training saw of the questions, the expected figures, the recorded ones, where the rest is."""
    results = finished.results
    if as_json:
        recorded = {} if rerun is None else {"recorded": rerun.as_json()}
        shown = {k: v for k, v in results.items() if k != "questions"}
        print_json({"folder": str(finished.folder), **shown, **recorded})
        return
    from api.experiments.contamination import NOT_COUNTED
    from api.experiments.report import between_languages, interval

    asked = results["asked"]
    out.print(results["finding"])
    out.print(
        f"{counted(asked['questions'], 'question')}, {asked['left_out']} left out (evidence not in the library)"
    )
    out.print(_spent(asked))
    out.print(f"{results['contamination']['lines'][0]} {NOT_COUNTED}")
    for line in between_languages(results):
        out.print(line)
    for e in results["expectations"]:
        measured = "not measured" if e["value"] is None else f"{e['value']:.3f} {interval(e['low'], e['high'], 3)}"
        out.print(f"{e['verdict']:5} {e['what']}: expected {e['expected']}, {measured}")
    if rerun is not None:
        show_rerun(rerun)
    out.print(f"Report: {finished.folder / 'report.html'}")


def _spent(asked: dict[str, Any]) -> str:
    """What a run cost: seconds, and how much came from the caches. asked: of its results; older ones know less."""
    if "seconds" not in asked:
        return f"{counted(asked['from_cache'], 'answer')} from the cache"
    return (
        f"{asked['seconds']:.1f} s; from the cache {asked['from_cache']:,} of {counted(asked['answers'], 'answer')}, "
        f"{asked['searches_from_cache']:,} of {asked['searches']:,} searches"
    )
