"""One SQLite file shared by threads and processes: transactions, readable errors, a generation counter.

Write-ahead log, so readers never wait for a writer; one writer at a time (`BEGIN IMMEDIATE`, waits up to 30
s). After SIGKILL at any moment SQLite rolls back what was not committed, when the file is next opened:
nothing here needs repair.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.errors import LibraryError

FORMAT_VERSION = 1
_BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, language TEXT NOT NULL, sha256 TEXT NOT NULL,
    characters INTEGER NOT NULL, added_at TEXT NOT NULL, settings TEXT NOT NULL, headings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS texts (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE, text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pages (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (document_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sources (
    name TEXT PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL, suffix TEXT NOT NULL, bytes INTEGER NOT NULL, added_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS sources_by_document ON sources(document_id);
CREATE INDEX IF NOT EXISTS sources_by_file ON sources(sha256);
CREATE TABLE IF NOT EXISTS chunks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, headings TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS chunks_by_document ON chunks(document_id, start);
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, content TEXT NOT NULL
);
"""


class Database:
    """An open SQLite file with the schema of the library. `path` is made if absent; its folder must exist.

    One connection, guarded by a lock: safe to share between threads. Raises LibraryError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with readable_errors(path):
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == FORMAT_VERSION:
            return
        if version > FORMAT_VERSION:
            raise LibraryError(f"{self.path} was written by a newer Lectern: update the program, or use another --home")
        with self.transaction() as sql:
            for statement in _SCHEMA.split(";"):
                sql.execute(statement)
            sql.execute("INSERT OR IGNORE INTO meta VALUES ('generation', 0)")
            sql.execute(f"PRAGMA user_version={FORMAT_VERSION}")

    @contextmanager
    def transaction(self, *, changes_documents: bool = False) -> Iterator[sqlite3.Connection]:
        """All or nothing. `changes_documents` also raises the generation, in the same transaction."""
        with self._lock, readable_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                if changes_documents:
                    self._connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Reads that see one state, whatever other processes commit meanwhile."""
        with self._lock, readable_errors(self.path):
            if self._connection.in_transaction:  # inside `transaction` of the same thread
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("COMMIT")

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of one query."""
        with self._lock, readable_errors(self.path):
            return self._connection.execute(query, parameters).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's and the file system's errors into one line that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise LibraryError(f"library {path}: {_advice(str(error))}") from error
    except UnicodeEncodeError as error:
        raise LibraryError(f"library {path}: a text holds characters that are no text (lone surrogates)") from error


def _advice(message: str) -> str:
    known = {
        "readonly": "it is read-only: make its folder writable, or choose another with --home",
        "unable to open": "it cannot be opened: make its folder writable, or choose another with --home",
        "full": "the disk is full: free some space and run it again",
        "locked": "another process has been writing to it for 30 s: try again later",
        "malformed": "the file is damaged: restore it from a copy, or delete it and ingest again",
        "not a database": "the file is no SQLite database: choose another --home",
    }
    return next((advice for word, advice in known.items() if word in message), message)
