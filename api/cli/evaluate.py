"""`lectern evaluate retrieval|answers QUESTIONS`: the one place where quality is measured."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


@app.callback()
def evaluate() -> None:
    """Measure retrieval or answers on a file of questions, with bootstrap intervals."""
