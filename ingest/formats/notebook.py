"""Jupyter notebooks by nbformat: Markdown cells as Markdown, code cells as code; outputs are left out.

Outputs are tables, pictures and progress bars far more often than sentences, and they drown the text that
explains them.
"""

from __future__ import annotations

import warnings
from pathlib import PurePath

import nbformat

from ingest.errors import ParseError
from ingest.formats.encoding import decode
from ingest.formats.markdown import add_markdown
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """Notebooks of any format version that nbformat can bring up to 4."""
    del limits
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id, and the like: no concern of a reader
            notebook = nbformat.reads(decode(content, name), as_version=4)  # type: ignore[no-untyped-call]
            cells = list(notebook.cells)
    except Exception as error:  # nbformat raises whatever its validators raise
        raise ParseError(f"{name}: not a notebook that nbformat can read; open and save it in Jupyter") from error
    builder = TextBuilder()
    for cell in cells:
        source = str(cell.get("source", ""))
        if cell.get("cell_type") == "markdown":
            add_markdown(source, builder)
        elif cell.get("cell_type") == "code":
            builder.lines(source)
    return builder.build(title="", fallback_title=PurePath(name).stem)
