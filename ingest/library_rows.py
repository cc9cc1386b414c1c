"""The SQL of the library: how documents, chunks and sources are written to and read from their rows.

Every function works inside a transaction or snapshot of `ingest.database` that its caller
(`ingest.library`) has open.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ingest.document import Chunk, Document, Page
from ingest.jobs import utc_now
from ingest.structure import Heading


def insert_document(sql: sqlite3.Connection, document: Document, headings: Sequence[Heading], settings: str) -> None:
    """A new document: its text, and what `describe_document` writes."""
    sql.execute(
        "INSERT INTO documents VALUES (?, '', '', ?, ?, ?, '', '[]')",
        (document.id, document.sha256, len(document.text), utc_now()),
    )
    sql.execute("INSERT INTO texts VALUES (?, ?)", (document.id, document.text))
    describe_document(sql, document, headings, settings)


def describe_document(sql: sqlite3.Connection, document: Document, headings: Sequence[Heading], settings: str) -> None:
    """Everything about a document but its text, which its id stands for; a better parser may change it."""
    outline = [[heading.start, heading.end, heading.level, heading.title] for heading in headings]
    sql.execute(
        "UPDATE documents SET title = ?, language = ?, settings = ?, headings = ? WHERE id = ?",
        (document.title, document.language, settings, json.dumps(outline, ensure_ascii=False), document.id),
    )
    sql.execute("DELETE FROM pages WHERE document_id = ?", (document.id,))
    sql.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?)",
        [(document.id, page.number, page.start, page.end) for page in document.pages],
    )


def read_document(sql: sqlite3.Connection, document_id: str) -> Document | None:
    row = sql.execute(
        "SELECT title, language, sha256, text FROM documents JOIN texts ON document_id = id WHERE id = ?",
        (document_id,),
    ).fetchone()
    if row is None:
        return None
    title, language, sha256, text = row
    sources = sql.execute("SELECT name FROM sources WHERE document_id = ? ORDER BY name", (document_id,)).fetchall()
    pages = sql.execute("SELECT number, start, stop FROM pages WHERE document_id = ? ORDER BY number", (document_id,))
    spans = tuple(Page(number, start, stop) for number, start, stop in pages)
    return Document(document_id, title, tuple(name for (name,) in sources), language, sha256, spans, text)


def replace_chunks(sql: sqlite3.Connection, document_id: str, chunks: Sequence[Chunk]) -> None:
    sql.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
    sql.executemany(
        "INSERT INTO chunks (id, document_id, start, stop, headings) VALUES (?, ?, ?, ?, ?)",
        [(c.id, c.document_id, c.start, c.end, json.dumps(c.headings, ensure_ascii=False)) for c in chunks],
    )


def holds_chunks(sql: sqlite3.Connection, document_id: str, chunks: Sequence[Chunk]) -> bool:
    """Whether the document is cut into just these."""
    held = sql.execute("SELECT id FROM chunks WHERE document_id = ? ORDER BY number", (document_id,))
    return [row[0] for row in held] == [chunk.id for chunk in chunks]


def read_chunks(sql: sqlite3.Connection, document_id: str, chunk_id: str | None = None) -> list[Chunk]:
    """The chunks of a document in order of the text, or the one named; their text is cut from its text."""
    text = sql.execute("SELECT text FROM texts WHERE document_id = ?", (document_id,)).fetchone()[0]
    rows = sql.execute(
        "SELECT id, start, stop, headings FROM chunks WHERE document_id = ? AND (? IS NULL OR id = ?)"
        " ORDER BY start, stop",
        (document_id, chunk_id, chunk_id),
    )
    return [
        Chunk(one, document_id, start, stop, text[start:stop], tuple(json.loads(headings)))
        for one, start, stop, headings in rows
    ]


def original_names(sql: sqlite3.Connection, condition: str = "1", parameters: tuple[str, ...] = ()) -> set[str]:
    """File names of the originals that sources under `condition` (SQL of our own) refer to."""
    rows = sql.execute(f"SELECT sha256, suffix FROM sources WHERE {condition}", parameters)
    return {sha256 + suffix for sha256, suffix in rows}


def unreferenced(sql: sqlite3.Connection, names: Iterable[str]) -> set[str]:
    """Those of the originals' file names that no source refers to any more."""
    return {name for name in names if name not in original_names(sql, "sha256 = ?", (name.partition(".")[0],))}


def drop_if_sourceless(sql: sqlite3.Connection, document_id: str) -> None:
    sql.execute(
        "DELETE FROM documents WHERE id = ? AND NOT EXISTS (SELECT 1 FROM sources WHERE document_id = ?)",
        (document_id, document_id),
    )
