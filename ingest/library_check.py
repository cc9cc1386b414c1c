"""What `Library.check` looks at: SQLite's integrity, hashes of texts, offsets, kept files."""

from __future__ import annotations

import sqlite3

from ingest.document import document_hash
from ingest.originals import Originals


def problems(sql: sqlite3.Connection, originals: Originals) -> list[str]:
    """One line per defect; an original that nothing refers to is litter and no defect."""
    found = [f"SQLite: {row[0]}" for row in sql.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [f"SQLite: row without its parent in {row[0]}" for row in sql.execute("PRAGMA foreign_key_check")]
    rows = sql.execute(
        "SELECT id, sha256, characters, text FROM documents LEFT JOIN texts ON document_id = id"
    ).fetchall()
    for document_id, sha256, characters, text in rows:
        found += _document_problems(sql, document_id, sha256, characters, text)
    kept = originals.names()
    for name, sha256, suffix in sql.execute("SELECT name, sha256, suffix FROM sources"):
        if sha256 + suffix not in kept:
            found.append(f"{name}: its original is missing; ingest it again")
    return found


def _document_problems(
    sql: sqlite3.Connection, document_id: str, sha256: str, characters: int, text: str | None
) -> list[str]:
    if text is None:
        return [f"document {document_id}: no text; remove it and ingest it again"]
    found = []
    if document_hash(text) != sha256 or len(text) != characters or not sha256.startswith(document_id):
        found.append(f"document {document_id}: the text is not what was stored; remove it and ingest it again")
    end = 0
    for number, start, stop in sql.execute(
        "SELECT number, start, stop FROM pages WHERE document_id = ? ORDER BY number", (document_id,)
    ):
        if start < end or stop > characters:
            found.append(f"document {document_id}: page {number} lies outside the text")
        end = stop
    outside = sql.execute(
        "SELECT COUNT(*) FROM chunks WHERE document_id = ? AND (start < 0 OR stop > ? OR start >= stop)",
        (document_id, characters),
    ).fetchone()[0]
    if outside:
        found.append(f"document {document_id}: {outside} chunks lie outside the text; ingest it again")
    return found
