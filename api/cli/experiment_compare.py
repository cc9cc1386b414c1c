"""`lectern experiment compare RUN RUN`: two runs side by side, as the page shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.console import out, print_json
from api.cli.options import Home, Json, Run

_FIRST = ("wrong of answered", "right", "coverage")

_RUN_HELP = "A folder with results.json, or the name of one in the home's experiments"


def compare(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="RUN", help=_RUN_HELP)],
    second: Annotated[str, typer.Argument(metavar="RUN", help="The other one")],
    every: Annotated[bool, typer.Option("--all", help="Every figure, not the first three alone")] = False,
    home: Home = None, json: Json = False,
) -> None:
    """Every figure of two runs, and their differences on the questions that both were asked.

    Arms are matched by name. Differences are the first less the second, in points of 100; wrong of answered and right
    have their interval and p after Holm's correction.

    Example: lectern experiment compare passages-0123456789ab passages-ba9876543210
    """
    from api.errors import ConfigError
    from api.experiments.places import FOLDER
    from api.experiments.runs import Runs

    run = Run.of(context, home, json)
    runs = Runs(run.home / FOLDER)
    results = []
    for name in (first, second):
        path = Path(name)
        results.append(Runs(path.parent).results(path.name) if path.is_dir() else runs.results(name))
    from api.experiments.comparison import compare_runs  # imports scipy and more

    try:
        compared = compare_runs(*results)
    except (LookupError, TypeError) as error:
        raise ConfigError(f"the results of {first} and {second} cannot be compared; run them again") from error
    if run.json:
        print_json(compared)
    else:
        _print(compared, every)


def _print(compared: dict[str, Any], every: bool) -> None:
    from rich.table import Table

    from api.counted import counted

    for letter, side in (("A", compared["a"]), ("B", compared["b"])):
        out.print(f"{letter}  {side['name']}, {side['date']}: {side['finding']}")
    for name, (a, b) in compared["differs"].items():
        out.print(f"   {name}: {a} | {b}")
    out.print(f"{counted(compared['shared'], 'question')} in both")
    table = Table("language", "figure", "arm", "A", "B", "A − B", "p, Holm")
    for row in compared["figures"]:
        if every or row["metric"] in _FIRST:
            cells = row["language"], row["metric"], row["arm"], _cell(row["a"]), _cell(row["b"])
            table.add_row(*cells, *_difference(row["difference"]))
    out.print(table, soft_wrap=False)


def _cell(of: dict[str, Any] | None) -> str:
    from api.experiments.report import figure

    return figure(of)


def _difference(of: dict[str, Any] | None) -> tuple[str, str]:
    """The difference in points with its interval, and p."""
    from api.experiments.report import p_value, percent

    if of is None:
        return "–", "–"
    if "p_value" not in of:
        return percent(of["value"]), "–"
    interval = f" [{percent(of['low'])}, {percent(of['high'])}]" if "low" in of else ""
    return f"{percent(of['value'])}{interval}", p_value(of["p_holm"]) + ("*" if of["declared"] else "")
