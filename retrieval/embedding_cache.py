"""Vectors computed so far, so that none is computed twice: a SQLite file beside the index; with the codes of their
tokens (`token_codes`), which only this file holds.

Embedding is what an ingest spends its time on (10 to 40 ms a chunk on a laptop core). Each block of vectors
is committed as soon as it is there, so an ingest that is killed goes on where it was, an index whose files
are damaged is made anew in seconds, and a document that comes back or is renamed back costs nothing. Vectors
are found by the SHA-256 of the text and the encoder's fingerprint; each carries a checksum, and one that does
not fit counts as absent.

Price: 1.6 KB a chunk at 384 dimensions, as much again as the index itself, and 50 bytes for each of its tokens, 10 KB
at 200. What nothing needs any more goes when it is half of the file. A damaged file is deleted: everything in it can be
computed again. Whoever asks a question reads codes without a lock (`find_codes`); missing ones are computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import StoreError
from retrieval.token_codes import CODES_VERSION

FILE = "embeddings.sqlite3"

# One table each, so that vectors can be read without stepping over codes.
_VECTORS, _CODES = "embeddings", "tokens"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS {} (
    text_sha256 BLOB NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (fingerprint, text_sha256)
)
"""
_ASK_AT_ONCE = 500  # placeholders in one SQLite query
_LITTLE = 1_000  # unneeded vectors that are not worth a clean-up


class EmbeddingCache:
    """Vectors and codes of one encoder, a context manager. Only the process that holds the index's lock may open it.

    folder: of the index. dimension: length of a vector.
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int) -> None:
        self._path = folder / FILE
        self._fingerprint = fingerprint
        self._dimension = dimension
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> EmbeddingCache:
        try:
            self._open()
        except sqlite3.OperationalError as error:  # read-only, disk full: no damage
            raise _store_error(self._path, error) from error
        except sqlite3.DatabaseError:
            self._start_anew()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path)
        for table in (_VECTORS, _CODES):
            self._connection.execute(_SCHEMA.format(table))

    def _start_anew(self) -> None:
        if self._connection is not None:
            self._connection.close()
        for suffix in ("", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._open()

    def find(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The known vectors [C] among those of `texts` (SHA-256 in hexadecimal) whose codes are known too."""
        try:
            coded = frozenset(self._coded(texts))
            found = _rows(self._sql(), _VECTORS, self._fingerprint, [text for text in texts if text in coded])
            return {
                text: np.frombuffer(vector, "<f4").astype(np.float32)
                for text, vector in found if len(vector) == 4 * self._dimension
            }
        except sqlite3.OperationalError as error:
            raise _store_error(self._path, error) from error
        except sqlite3.DatabaseError:
            self._start_anew()
            return {}

    def _coded(self, texts: Sequence[str]) -> Iterator[str]:
        """Those of `texts` that have codes, which are not read."""
        for asked in _some(texts):
            query = f"SELECT text_sha256 FROM {_CODES} WHERE {_among(asked)}"
            for (text,) in self._sql().execute(query, (_coded_by(self._fingerprint), *asked)):
                yield text.hex()

    def keep(self, vectors: Mapping[str, NDArray[np.float32]], codes: Mapping[str, bytes]) -> None:
        """Commit `vectors` and `codes` by the SHA-256 of their texts."""
        blobs = {text: vector.astype("<f4").tobytes() for text, vector in vectors.items()}
        with self._transaction() as sql:
            for table, name, rows in (
                (_VECTORS, self._fingerprint, blobs), (_CODES, _coded_by(self._fingerprint), codes)
            ):
                sql.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)",
                    [(key := bytes.fromhex(text), name, blob, _checksum(key, name, blob))
                     for text, blob in rows.items()],
                )

    def tidy(self, needed: Collection[str]) -> None:
        """Drop what this encoder made of texts that are not `needed`, once it is the larger half."""
        with self._transaction() as sql:
            held = sql.execute(
                f"SELECT COUNT(*) FROM {_VECTORS} WHERE fingerprint = ?", (self._fingerprint,)
            ).fetchone()[0]
            if held <= 2 * len(needed) + _LITTLE:
                return
            sql.execute("CREATE TEMP TABLE needed (text_sha256 BLOB PRIMARY KEY)")
            sql.executemany("INSERT OR IGNORE INTO needed VALUES (?)", ((bytes.fromhex(text),) for text in needed))
            for table, name in ((_VECTORS, self._fingerprint), (_CODES, _coded_by(self._fingerprint))):
                sql.execute(f"DELETE FROM {table} WHERE fingerprint = ? AND text_sha256 NOT IN needed", (name,))
            sql.execute("DROP TABLE needed")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._sql() as sql:  # commits, or rolls back on an error
                yield sql
        except sqlite3.Error as error:
            raise _store_error(self._path, error) from error

    def _sql(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError("the embedding cache is closed; use it in a with statement")
        return self._connection


def find_codes(folder: Path, fingerprint: str, texts: Sequence[str]) -> dict[str, bytes]:
    """The known codes of `texts` (SHA-256 in hexadecimal) in the index in `folder`; none where the file is missing,
    damaged or being replaced."""
    try:
        with contextlib.closing(sqlite3.connect(f"{(folder / FILE).absolute().as_uri()}?mode=ro", uri=True)) as sql:
            return dict(_rows(sql, _CODES, _coded_by(fingerprint), texts))
    except sqlite3.Error:
        return {}


def _coded_by(fingerprint: str) -> str:
    return f"{fingerprint}/{CODES_VERSION}"


def _some(texts: Sequence[str]) -> Iterator[list[bytes]]:
    for start in range(0, len(texts), _ASK_AT_ONCE):
        yield [bytes.fromhex(text) for text in texts[start : start + _ASK_AT_ONCE]]


def _among(asked: Sequence[bytes]) -> str:
    return f"fingerprint = ? AND text_sha256 IN ({','.join('?' * len(asked))})"


def _rows(sql: sqlite3.Connection, table: str, name: str, texts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """(text, what is kept of it) as far as it is known and whole."""
    for asked in _some(texts):
        query = f"SELECT text_sha256, vector, checksum FROM {table} WHERE {_among(asked)}"
        for text, blob, checksum in sql.execute(query, (name, *asked)):
            if checksum == _checksum(text, name, blob):
                yield text.hex(), blob


def _checksum(text: bytes, name: str, blob: bytes) -> bytes:
    return hashlib.blake2b(text + name.encode() + blob, digest_size=8).digest()


def _store_error(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"cannot use {path} ({error}); free some space and make its folder writable, or delete it")
