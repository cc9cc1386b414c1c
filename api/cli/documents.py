"""`lectern documents [list|show|remove|export]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import as_json, note, out, print_json
from api.cli.options import Device, Home, Json, Run
from api.counted import counted

if TYPE_CHECKING:
    from ingest.library import DocumentInfo

app = typer.Typer(rich_markup_mode="rich", invoke_without_command=True)

DocumentArgument = Annotated[
    str, typer.Argument(metavar="ID", help="An id, the beginning of one, or the path or URL it came from")
]


@app.callback()
def documents(context: typer.Context, home: Home = None, json: Json = False, device: Device = None) -> None:
    """List, show, remove and export the documents of the library; without a command: list.

    Examples:

    lectern documents

    lectern documents show 3f2a91

    lectern documents remove 3f2a91
    """
    context.obj = Run.of(context, home, json, device)
    if context.invoked_subcommand is None:
        list_documents(context)


@app.command("list")
def list_documents(context: typer.Context, home: Home = None, json: Json = False) -> None:
    """List the documents by title."""
    from api.answer_json import document_json

    run = Run.of(context, home, json)
    with run.pipeline() as pipeline:
        infos = pipeline.documents()
    if run.json:
        print_json({"documents": [document_json(info) for info in infos], "total": len(infos)})
    elif infos:
        _print_table(infos)
    else:
        note("the library is empty: add documents with: lectern ingest corpus/")


@app.command()
def show(
    context: typer.Context,
    document: DocumentArgument,
    page: Annotated[int | None, typer.Option("--page", min=1, help="Print the text of this page")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what is known of a document, or the text of a page."""
    from api.answer_json import document_json
    from api.errors import RequestError
    from api.page_view import page_view

    run = Run.of(context, home, json)
    with run.pipeline() as pipeline:
        info = pipeline.info(document)
        view = page_view(pipeline.library, info.id, page) if page else None
    if page and view is None:
        raise RequestError(f"the document has no page {page}: it has {info.pages}")
    if run.json:
        print_json(view or document_json(info))
    elif view:
        out.file.write(view["text"] + "\n")  # `print` would break its lines and expand its tabs
    else:
        for name, value in document_json(info).items():
            out.print(f"{name:>10}  {', '.join(value) if isinstance(value, list) else value}")


@app.command()
def remove(
    context: typer.Context,
    document: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids, beginnings of ids, paths or URLs")
    ],
    home: Home = None,
    json: Json = False,
    device: Device = None,
) -> None:
    """Remove documents with their pages, passages and kept originals."""
    run = Run.of(context, home, json, device)
    with run.pipeline() as pipeline:
        removed = [pipeline.info(name) for name in document]  # all are known, or none is removed
        for info in {info.id: info for info in removed}.values():
            pipeline.remove(info.id)
            if not run.json:
                out.print(f"removed {info.id} {info.title}")
        pipeline.sync()
    if run.json:
        print_json({"removed": [info.id for info in removed]})


@app.command()
def export(
    context: typer.Context,
    document: DocumentArgument,
    to: Annotated[
        Path | None, typer.Option("--to", help="File to write; standard output if left out")
    ] = None,
    original: Annotated[
        bool, typer.Option("--original", help="The file as it came, not its text; needs --to")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Export a document: its cleaned text, with --json everything that is known, with --original the file."""
    import shutil

    from api.answer_json import export_json

    if original and to is None:
        raise typer.BadParameter("--original needs --to FILE")
    run = Run.of(context, home, json)
    with run.pipeline() as pipeline:
        info = pipeline.info(document)
        full = pipeline.document(info.id)
        if original and to is not None:
            shutil.copyfile(pipeline.original(info.id)[0], to)
        elif run.json:
            _export(as_json(export_json(full, pipeline.library.chunks([info.id]))) + "\n", to)
        else:
            _export(full.text if to else full.text + "\n", to)
    if to is not None:
        note(f"wrote {to}")


def _export(text: str, to: Path | None) -> None:
    if to is None:
        out.file.write(text)
    else:
        to.write_text(text, encoding="utf-8")


def _print_table(infos: list[DocumentInfo]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("title", overflow="fold", ratio=1)
    table.add_column("", no_wrap=True)
    for name in ("pages", "passages"):
        table.add_column(name, justify="right")
    table.add_column("added", no_wrap=True)
    for info in infos:
        cells = info.language, f"{info.pages:,}", f"{info.chunks:,}", info.added_at[:10]
        table.add_row(info.id, info.title, *cells)
    out.print(table, soft_wrap=False)
    out.print(
        f"{counted(len(infos), 'document')}, {counted(sum(info.pages for info in infos), 'page')}, "
        f"{counted(sum(info.chunks for info in infos), 'passage')}"
    )
