"""DOCX by python-docx: paragraphs, lists and tables in the order of the document, headings by style."""

from __future__ import annotations

import io
import re
from itertools import groupby
from pathlib import PurePath

import docx
from docx.table import Table
from docx.text.hyperlink import Hyperlink
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from ingest.errors import ParseError
from ingest.formats.archive import open_archive
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder
from ingest.raised import subscript, superscript

# Built-in styles keep their English names inside the file; a few programs write the Russian ones.
_HEADING_STYLE = re.compile(r"(?:heading|заголовок) ?(\d)", re.IGNORECASE)
_TITLE_STYLE = re.compile(r"title|название", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list|список", re.IGNORECASE)


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """DOCX files. Title: the paragraph of style Title, else the stated property, else the first heading.

    Word decides page breaks when it prints, so the document has one page.
    """
    open_archive(content, name, limits).close()
    try:
        document = docx.Document(io.BytesIO(content))
        blocks = list(document.iter_inner_content())
    except Exception as error:  # python-docx raises KeyError, ValueError, lxml errors... for damaged files
        raise ParseError(f"{name}: damaged or no DOCX; open and save it in its program") from error
    builder, title, items = TextBuilder(), "", list[str]()
    for block in blocks:
        if isinstance(block, Paragraph) and _is_item(block):
            items.append(f"- {_text(block).strip()}")
            continue
        builder.lines("\n".join(items))
        items = []
        if isinstance(block, Table):
            builder.lines("\n".join(_table_rows(block)))
        elif isinstance(block, Paragraph):
            stated = _add_paragraph(block, builder)
            title = title or stated
    builder.lines("\n".join(items))
    return builder.build(title=title or document.core_properties.title or "", fallback_title=PurePath(name).stem)


def _add_paragraph(paragraph: Paragraph, builder: TextBuilder) -> str:
    """Adds one paragraph or heading; returns its text if it is the document's title, else ""."""
    style = _style(paragraph)
    heading = _HEADING_STYLE.match(style)
    if heading:
        builder.heading(_text(paragraph), int(heading[1]))
    elif _TITLE_STYLE.fullmatch(style):
        builder.heading(_text(paragraph), 1)
        return _text(paragraph).strip()
    else:
        builder.lines(_text(paragraph))
    return ""


def _text(paragraph: Paragraph) -> str:
    """Its text with exponents and indices told from what stands at full size."""
    return "".join(
        _SMALL.get(height, str)("".join(run.text for run in runs))
        for height, runs in groupby(paragraph.iter_inner_content(), _height)
    )


def _height(run: Run | Hyperlink) -> str:
    if isinstance(run, Hyperlink):
        return ""
    return "raised" if run.font.superscript else "lowered" if run.font.subscript else ""


_SMALL = {"raised": superscript, "lowered": subscript}


def _style(paragraph: Paragraph) -> str:
    style = paragraph.style
    return str(style.name or "") if style is not None else ""


def _is_item(paragraph: Paragraph) -> bool:
    if _HEADING_STYLE.match(_style(paragraph)):
        return False  # a numbered heading
    properties = paragraph._p.pPr
    numbered = properties is not None and properties.numPr is not None
    return bool(paragraph.text.strip()) and (numbered or bool(_LIST_STYLE.match(_style(paragraph))))


def _table_rows(table: Table) -> list[str]:
    rows = []
    for row in table.rows:
        cells = [" ".join(" ".join(map(_text, cell.paragraphs)).split()) for cell in row.cells]
        # A merged cell is reported once for every column that it spans.
        cells = [cell for i, cell in enumerate(cells) if i == 0 or row.cells[i]._tc is not row.cells[i - 1]._tc]
        rows.append(" | ".join(cells))
    return rows
