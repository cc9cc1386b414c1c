"""The commands of `lectern` and their order in `--help`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import ask, compare, doctor, documents, evaluate, experiment, ingest, search, serve, train
from api.cli.console import out
from api.cli.options import Device, HomeOrVariable, Json, Run

app = typer.Typer(
    name="lectern",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        'Start:  [bold]lectern ingest corpus/[/]   [bold]lectern ask[/] "What does a KV cache store?"   '
        "[bold]lectern serve[/]"
    ),
)


def _version(asked: bool) -> None:
    """Answers `lectern --version`."""
    if asked:
        from importlib.metadata import version

        out.print(f"lectern {version('lectern')}")
        raise typer.Exit


@app.callback()
def lectern(
    context: typer.Context, home: HomeOrVariable = None, json: Json = False, device: Device = None,
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit")
    ] = False,
) -> None:
    """Ask a reading list: short answers in Russian and English, each sentence tied to page and words.

    Settings that are not given here are read from config.toml in the home folder, where there is one.
    """
    context.obj = Run.of(context, home, json, device)


app.command()(ingest.ingest)
app.add_typer(documents.app, name="documents")
app.command()(search.search)
app.command()(ask.ask)
app.command()(compare.compare)
app.command()(serve.serve)
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(experiment.app, name="experiment")
app.add_typer(train.app, name="train")
app.command()(doctor.reindex)
app.command()(doctor.doctor)
