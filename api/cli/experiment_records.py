"""`lectern experiment record|tables`: keep a run's figures with the program, write them as Markdown; and what a re-run
prints of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import note, out, print_json
from api.cli.options import Home, Json, Run
from api.counted import counted

if TYPE_CHECKING:
    from api.experiments.expectations import Checked
    from api.experiments.rerun import Rerun


def record_run(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME|RUN", help="A shipped experiment (its newest run), or the folder of a run")
    ],
    report: Annotated[bool, typer.Option("--report", help="Keep the report of the run beside its figures")] = False,
    to: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where it is written (default: with the program)")
    ] = None,
    home: Home = None, json: Json = False,
) -> None:
    """Keep the figures of a finished run with the program: later runs are held against them.

    Example: lectern experiment record rag-vs-closed-book --report
    """
    from api.experiments import record
    from api.experiments.places import FOLDER

    run = Run.of(context, home, json)
    folder, results = record.run_to_record(run.home / FOLDER, name)
    found = record.record_of(results)
    written = record.write(found, to or record.RESULTS, folder if report else None)
    if run.json:
        print_json({"run": str(folder), "written": [str(path) for path in written]})
        return
    asked, made_with = found["asked"], found["provenance"]
    limit = record.limit_of(found)
    only = f" (limit {limit})" if limit else ""
    out.print(f"{found['experiment']['name']}: {asked['questions']} questions{only}, run on {made_with['date'][:10]}")
    for path in written:
        out.print(f"{path} ({path.stat().st_size:,} bytes)")
    if not made_with["commit"] or " " in made_with["commit"]:
        note("the run was made by a program with changes that are not committed: nobody else can make it again")


def make_tables(
    context: typer.Context,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Put them between the markers of a Markdown file")
    ] = None,
    json: Json = False,
) -> None:
    """The recorded results as Markdown tables.

    Example: lectern experiment tables --write api/experiments/RESULTS.md
    """
    from api.errors import ConfigError
    from api.experiments import record, tables
    from corpus.marked import renew

    records = record.recorded(record.RESULTS)
    lines = list(tables.lines(records, record.RESULTS, Path.cwd() if write is None else write.parent))
    if write is not None and not renew(write, tables.BEGIN, tables.END, lines):
        raise ConfigError(f"{write} has no markers; put {tables.BEGIN} and {tables.END} where the tables belong")
    if Run.of(context, None, json).json:
        print_json({"records": records})
    elif write is None:
        out.print("\n".join(lines).rstrip())
    else:
        out.print(f"{write}: {counted(len(records), 'table')}")


def show_rerun(rerun: Rerun) -> None:
    """Every recorded figure with its verdict, a row for each arm and figure; then what has changed since."""
    of = f"the record of {rerun.date[:10]}, {rerun.questions} questions"
    if rerun.checked is None:
        note(f"not held against {of}: it asked others than this run (those of --limit {rerun.limit})")
        return
    out.print(f"Against {of}: the figure now [the recorded 95 % interval]")
    for row in _rows(rerun.checked):
        out.print(row)
    verdicts = [one.verdict for one in rerun.checked]
    out.print(", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in ("OK", "DRIFT", "FAIL")))
    for name, words in rerun.changed.items():
        out.print(f"Changed since: {name} ({words})")
    if rerun.same:
        out.print(f"As recorded: {', '.join(rerun.same)}")


def _rows(checked: tuple[Checked, ...]) -> list[str]:
    """A line for each figure of an arm or a pair, with its languages side by side."""
    rows: dict[str, dict[str, str]] = {}
    for one in checked:
        value = "not measured" if one.value is None else f"{one.value:.3f}"
        cell = f"{one.verdict:5} {value} [{one.expect.low:.3f}, {one.expect.high:.3f}]"
        rows.setdefault(one.expect.what.rpartition(", ")[0], {})[one.expect.language] = cell
    languages = list(dict.fromkeys(one.expect.language for one in checked))
    table = [["", *languages], *([what, *(cells.get(code, "") for code in languages)] for what, cells in rows.items())]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
