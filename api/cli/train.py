"""`lectern train STAGE`: each stage of training is a command of this sub-app, from the folder that owns the
model.
"""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Train a model: each stage resumes where it stopped with --resume.",
    rich_markup_mode="rich",
)


@app.callback()
def train() -> None:
    """Train a model: each stage resumes where it stopped with --resume."""
