"""The options that every command takes, and what they amount to: a `Run`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.pipeline import Pipeline

DEFAULT_HOME = Path(".lectern")
_PANEL = "Everywhere"

_HOME_HELP = "Where everything is kept that Lectern writes (default: .lectern)"
Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        rich_help_panel=_PANEL,
        show_default=False,
        help=f"{_HOME_HELP}; or LECTERN_HOME",
    ),
]
# Read once, before any command, so that `lectern --home DIR ask` is stronger than the variable.
HomeOrVariable = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="LECTERN_HOME",
        metavar="DIR",
        rich_help_panel=_PANEL,
        show_default=False,
        help=_HOME_HELP,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", rich_help_panel=_PANEL, help="Print one JSON document and nothing else")
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="cpu|cuda",
        rich_help_panel=_PANEL,
        show_default=False,
        help="Where the models run",
    ),
]


def _can_hold_a_file(path: Path | None) -> Path | None:
    """Told before the work, not after it."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}; make it first")
    if path is not None and path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; name a file in it")
    return path


Save = Annotated[
    Path | None,
    typer.Option(
        "--save", metavar="FILE", callback=_can_hold_a_file, help="Also write every question's result, a JSON line each"
    ),
]


@dataclass(frozen=True, slots=True)
class Run:
    """What the common options say. device: None for the configured one."""

    home: Path
    json: bool = False
    device: str | None = None

    @classmethod
    def of(
        cls, context: typer.Context, home: Path | None, json: bool = False, device: str | None = None
    ) -> Run:
        """The options of a command, completed by those given before it (`lectern --json ask ...`)."""
        before = context.find_object(cls) or cls(DEFAULT_HOME)
        return cls(home or before.home, json or before.json, device or before.device)

    def pipeline(self) -> Pipeline:
        """The pipeline of this home; nothing is loaded yet. To be used as a context."""
        from api.config import load_config
        from api.pipeline import Pipeline

        return Pipeline(load_config(self.home, device=self.device))
