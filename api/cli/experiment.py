"""`lectern experiment list|run|report|questions`: what each part does to hallucination, with honest statistics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import err, note, out, print_json
from api.cli.experiment_agreement import agreement, triples
from api.cli.experiment_questions import draft_questions
from api.cli.options import Device, Home, Json, Run

if TYPE_CHECKING:
    from api.experiments.runner import Finished, Progress

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
app.command("questions")(draft_questions)
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
        out.print(f"{e.name:{width}}  {e.question} ({', '.join(arm.name for arm in e.arms)})")


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
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask everything anew, whatever was kept")] = False,
    home: Home = None, json: Json = False, device: Device = None,
) -> None:
    """Ask every question by every arm; write results.json and report.html.

    Answers are kept as they are made: a stopped run goes on where it was, and a changed arm costs only itself.

    Example: lectern experiment run rag-vs-closed-book --limit 100
    """
    from datetime import UTC, datetime

    from api.experiments import definition, runner

    options = Run.of(context, home, json, device)
    chosen = definition.load(definition.find(name))
    date = datetime.now(UTC).isoformat(timespec="seconds")
    reached: list[Progress] = []
    with options.pipeline() as pipeline, _bar() as bar:
        task = bar.add_task("Loading", total=None)

        def show(progress: Progress) -> None:
            reached[:] = [progress]
            bar.update(task, description="Asking", completed=progress.done, total=progress.total)

        def prepare(done: int, to_do: int) -> None:
            bar.update(task, description="Preparing passages", completed=done, total=to_do)

        try:
            finished = runner.run(
                pipeline, chosen, date=date, limit=limit, out=to, fresh=fresh, on_progress=show, on_passages=prepare
            )
        except KeyboardInterrupt:
            if reached:
                note(f"{reached[0].done} of {reached[0].total} answers are kept; the same command goes on from there")
            raise
    _show(finished, options.json)


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


def _show(finished: Finished, as_json: bool) -> None:
    """The finding, the expected figures, and where the rest is."""
    results = finished.results
    if as_json:
        print_json({"folder": str(finished.folder), **{k: v for k, v in results.items() if k != "questions"}})
        return
    asked = results["asked"]
    out.print(results["finding"])
    out.print(
        f"{asked['questions']} questions, {asked['left_out']} left out (evidence not in the library), "
        f"{asked['from_cache']} answers from the cache"
    )
    for e in results["expectations"]:
        measured = "not measured" if e["value"] is None else f"{e['value']:.3f} [{e['low']:.3f}, {e['high']:.3f}]"
        out.print(f"{e['verdict']:5} {e['what']}: expected {e['expected']}, {measured}")
    out.print(f"Report: {finished.folder / 'report.html'}")


def _bar() -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=err, transient=True,
    )  # fmt: skip
