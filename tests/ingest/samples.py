"""Small files of every format, made in memory by the libraries that write them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

import docx
from ebooklib import epub
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from ingest.document import Document, Page, document_hash
from ingest.language import detect_language


def document(text: str, title: str = "Sample", source: str = "sample.txt") -> Document:
    """A document of one page."""
    sha256 = document_hash(text)
    return Document(sha256[:16], title, (source,), detect_language(text), sha256, (Page(1, 0, len(text)),), text)


def pdf(pages: Sequence[Sequence[str]], *, title: str = "", outline: Sequence[tuple[str, int]] = ()) -> bytes:
    """A PDF with the given lines on each page, "**words**" at the beginning of a line in bold; outline: (title, page
    from 1)."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setTitle(title)
    for number, lines in enumerate(pages, start=1):
        canvas.setFont("Helvetica", 11)
        canvas.bookmarkPage(f"page-{number}")
        for entry, page in outline:
            if page == number:
                canvas.addOutlineEntry(entry, f"page-{number}", 0)
        for position, line in enumerate(lines):
            bold, rest = line[2:].split("**", 1) if line.startswith("**") else ("", line)
            written = canvas.beginText(72, 780 - 14 * position)
            for font, words in (("Helvetica-Bold", bold), ("Helvetica", rest)):
                if words:
                    written.setFont(font, 11)
                    written.textOut(words)
            canvas.drawText(written)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def operations_pdf(operations: str) -> bytes:
    """A PDF of one page with these operations in its text, 11 points high."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    written = canvas.beginText()
    written.setTextTransform(11, 0, 0, 11, 72, 780)
    written.setFont("Helvetica", 1)
    written._code.append(operations)
    canvas.drawText(written)
    canvas.save()
    return buffer.getvalue()


def encrypted_pdf(pages: Sequence[Sequence[str]], password: str, owner_password: str = "owner") -> bytes:
    """The same, encrypted; with an empty `password` anyone may open it."""
    writer = PdfWriter(PdfReader(io.BytesIO(pdf(pages))))
    writer.encrypt(password, owner_password, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def notebook(cells: Sequence[tuple[str, str]]) -> bytes:
    """A notebook of (cell type, source)."""
    entries: list[dict[str, object]] = [
        {"cell_type": kind, "metadata": {}, "source": source, "id": f"cell-{i}"}
        | ({"outputs": [], "execution_count": None} if kind == "code" else {})
        for i, (kind, source) in enumerate(cells)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": entries}).encode()


def word_document() -> bytes:
    """Title, two headings, a list, a table."""
    document = docx.Document()
    document.add_heading("Память модели", level=0)
    document.add_heading("Кэш ключей", level=1)
    paragraph = document.add_paragraph("KV-кэш хранит ключи и значения, 10")
    paragraph.add_run("2").font.superscript = True
    paragraph.add_run("3").font.superscript = True
    paragraph.add_run(" на слой d")
    paragraph.add_run("k").font.subscript = True
    paragraph.add_run(".")
    document.add_paragraph("быстрее", style="List Bullet")
    document.add_paragraph("больше памяти", style="List Bullet")
    document.add_heading("Цена", level=2)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "слои", "32"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def book(encrypted: bool = False) -> bytes:
    """An EPUB of two chapters."""
    made = epub.EpubBook()
    made.set_identifier("id")
    made.set_title("Two Chapters")
    made.set_language("en")
    chapters = []
    for number, text in enumerate(("The first chapter speaks of tokens.", "The second speaks of heads."), start=1):
        chapter = epub.EpubHtml(title=f"Chapter {number}", file_name=f"chapter{number}.xhtml")
        chapter.content = f"<html><body><h1>Chapter {number}</h1><p>{text}</p><script>bad()</script></body></html>"
        made.add_item(chapter)
        chapters.append(chapter)
    made.add_item(epub.EpubNcx())
    made.add_item(epub.EpubNav())
    made.spine = ["nav", *chapters]
    buffer = io.BytesIO()
    epub.write_epub(buffer, made)
    if encrypted:
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("META-INF/encryption.xml", "<e><CipherReference URI='EPUB/chapter1.xhtml'/></e>")
    return buffer.getvalue()
