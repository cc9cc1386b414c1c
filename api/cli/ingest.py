"""`lectern ingest PATH|URL|reading-list ...`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import err, note, out, print_json
from api.cli.options import Device, Home, Json, Run
from api.counted import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from api.pipeline import Pipeline
    from ingest.pipeline import Event, Summary
    from ingest.reading_list import FetchEvent
    from ingest.sources import NamedFile


def ingest(
    context: typer.Context,
    sources: Annotated[
        list[str], typer.Argument(metavar="PATH|URL|reading-list ...", help="Files, folders, web addresses")
    ],
    home: Home = None,
    json: Json = False,
    device: Device = None,
) -> None:
    """Add documents to the library, or update them; what has not changed is skipped.

    PDF, Markdown, HTML, text, Jupyter notebooks, DOCX and EPUB are read; a folder is searched for them.
    A file that cannot be read is reported and stops nothing.
    Stopped at any moment, the library is whole; the same command again does the rest.

    Examples:
    lectern ingest corpus/
    lectern ingest paper.pdf notes/ https://example.org/article.html
    lectern ingest reading-list
    """
    import dataclasses
    import time

    started = time.monotonic()
    run = Run.of(context, home, json, device)
    with run.pipeline() as pipeline:
        try:
            with _progress() as progress:
                view = _View(progress, quiet=run.json)
                summary = _add(sources, pipeline, view)
        except KeyboardInterrupt:
            note("what was finished is kept; the same command again does the rest")
            raise
    if run.json:
        print_json({**dataclasses.asdict(summary), "warnings": view.warnings, "not_fetched": view.not_fetched})
    else:
        out.print(_line(summary, time.monotonic() - started))
    if summary.failed and not summary.files - summary.failed:
        raise typer.Exit(1)


def _add(sources: list[str], pipeline: Pipeline, view: _View) -> Summary:
    """Ingest the sources and let the index follow, also what was added before a full disk ended it."""
    from ingest.errors import IngestError

    try:
        summary = pipeline.ingest(_resolved(sources, pipeline, view), view.show)
    except IngestError:
        with suppress(Exception):  # the first error is the one to tell
            pipeline.sync(view.indexing)
        raise
    if summary.added or summary.updated or not pipeline.is_in_step():
        pipeline.sync(view.indexing)
    return summary


def _resolved(sources: list[str], pipeline: Pipeline, view: _View) -> list[str | Path | NamedFile]:
    """The sources with two words replaced: `reading-list`, and `corpus` where it is no folder here (an
    installed Lectern carries its own).
    """
    from corpus.records import ROOT

    resolved: list[str | Path | NamedFile] = []
    for source in sources:
        if source == "reading-list" and not Path(source).exists():
            resolved += pipeline.fetch_reading_list(view.fetched)
        elif source.rstrip("/") == "corpus" and not Path(source).exists():
            resolved.append(ROOT)
        else:
            resolved.append(source)
    return resolved


def _progress() -> Progress:
    """A bar on standard error with what is being read, how much, how fast and how long it will take."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        console=err,
        transient=True,
    )


class _View:
    """Turns events into the bar and into a line for each file that failed."""

    def __init__(self, progress: Progress, *, quiet: bool) -> None:
        self._progress = progress
        self._quiet = quiet
        self._pages = 0
        self.not_fetched: list[dict[str, str]] = []
        self.warnings: list[tuple[str, str]] = []
        self._task: TaskID = progress.add_task("Looking for files", total=None, rate="")

    def show(self, event: Event) -> None:
        """One file is done."""
        self._pages += event.pages
        self.warnings += [(event.file, warning) for warning in event.warnings]
        pages_per_second = self._pages / event.elapsed_seconds if event.elapsed_seconds > 0 else 0.0
        rate = f"{counted(self._pages, 'page')}, {pages_per_second:.0f} a second"
        if event.remaining_seconds is not None:
            rate += f", {_duration(event.remaining_seconds)} left"
        self._progress.update(
            self._task, description=_short(event.file), completed=event.number, total=event.total, rate=rate
        )
        if event.status == "failed":
            self._progress.console.print(f"failed: {event.error}", style="red")
        elif not self._quiet:
            for warning in event.warnings:
                self._progress.console.print(f"{_short(event.file)}: {warning}", style="yellow")

    def fetched(self, event: FetchEvent) -> None:
        """One material of the reading list is downloaded, or is not."""
        self._progress.update(
            self._task, description=event.title[:32], completed=event.number, total=event.total
        )
        if event.status in {"skipped", "failed"}:
            self.not_fetched.append(
                {"id": event.material_id, "status": event.status, "message": event.message}
            )
            if event.status == "failed" or not self._quiet:
                style = "red" if event.status == "failed" else "dim"
                self._progress.console.print(f"{event.status}: {event.title}: {event.message}", style=style)

    def indexing(self, done: int, total: int) -> None:
        """All files are read; their passages are being embedded."""
        self._progress.update(
            self._task, description="Embedding passages", completed=done, total=total, rate=""
        )


def _short(file: str) -> str:
    """The end of a path or URL, so that the bar stays on one line."""
    last = file.rstrip("/").rsplit("/", 1)[-1] or file
    return last if len(last) <= 32 else last[:14] + "…" + last[-17:]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_FEWEST_PAGES = 20  # of fewer a rate says nothing


def _line(summary: Summary, seconds: float) -> str:
    """The outcome in one line. seconds: of everything, indexing too."""
    counts = ", ".join(
        f"{count} {name}"
        for name in ("added", "updated", "unchanged", "failed")
        if (count := getattr(summary, name)) or name == "added"
    )
    rate = (
        f" (read in {_duration(summary.seconds)}, {summary.pages / summary.seconds:.0f} pages a second)"
        if summary.seconds and summary.pages >= _FEWEST_PAGES
        else ""
    )
    return (
        f"{counted(summary.files, 'file')}: {counts}; {counted(summary.pages, 'page')}, "
        f"{counted(summary.chunks, 'passage')} "
        f"in {_duration(seconds)}{rate}"
    )
