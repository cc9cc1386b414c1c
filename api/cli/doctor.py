"""`lectern doctor` and `lectern reindex`."""

from __future__ import annotations

import typer

from api.cli.console import err, out, print_json
from api.cli.options import Device, Home, Json, Run
from api.counted import counted

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(context: typer.Context, home: Home = None, json: Json = False, device: Device = None) -> None:
    """Check everything: weights and their hashes, library, index against library, disk, device.

    Exit status 1 if a check failed; each failed check says what to do.
    """
    import dataclasses

    from api.doctor import examine

    run = Run.of(context, home, json, device)
    with err.status("Examining"), run.pipeline() as pipeline:
        checks = examine(pipeline)
    failed = any(check.state == "failed" for check in checks)
    if run.json:
        print_json({"healthy": not failed, "checks": [dataclasses.asdict(check) for check in checks]})
    else:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("check", "state", "what was found"):
            table.add_column(name, no_wrap=name != "what was found", overflow="fold")
        for check in checks:
            table.add_row(check.name, Text(check.state, style=_STYLES[check.state]), check.detail)
        out.print(table, soft_wrap=False)
    if failed:
        raise typer.Exit(1)


def reindex(context: typer.Context, home: Home = None, json: Json = False, device: Device = None) -> None:
    """Rebuild the derived indexes from the library. Nothing of yours is lost: the library is the truth."""
    run = Run.of(context, home, json, device)
    with run.pipeline() as pipeline:
        with err.status("Rebuilding the index") as status:
            chunks = pipeline.sync(
                lambda done, total: status.update(f"Embedding passages: {done:,} of {total:,}"), anew=True
            )
        if run.json:
            print_json({"chunks": chunks})
        else:
            out.print(f"rebuilt the index of {counted(chunks, 'passage')}")
