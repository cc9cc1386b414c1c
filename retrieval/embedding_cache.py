"""Vectors computed so far, so that none is computed twice: a SQLite file beside the index.

Embedding is what an ingest spends its time on (10 to 40 ms a chunk on a laptop core). Each block of vectors
is committed as soon as it is there, so an ingest that is killed goes on where it was, an index whose files
are damaged is made anew in seconds, and a document that comes back or is renamed back costs nothing. Vectors
are found by the SHA-256 of the text and the encoder's fingerprint; each carries a checksum, and one that does
not fit counts as absent.

Price: 1.6 KB a chunk at 384 dimensions, as much again as the index itself. Vectors that nothing needs any
more go when they are half of the file. A damaged file is deleted: everything in it can be computed again.
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

FILE = "embeddings.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings (
    text_sha256 BLOB NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (fingerprint, text_sha256)
)
"""
_ASK_AT_ONCE = 500  # placeholders in one SQLite query
_LITTLE = 1_000  # unneeded vectors that are not worth a clean-up


class EmbeddingCache:
    """Vectors of one encoder, a context manager. Only the process that holds the index's lock may open it.

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
        self._connection.execute(_SCHEMA)

    def _start_anew(self) -> None:
        if self._connection is not None:
            self._connection.close()
        for suffix in ("", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._open()

    def find(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The known vectors [C] among those of `texts` (SHA-256 in hexadecimal)."""
        try:
            return dict(self._found(texts))
        except sqlite3.OperationalError as error:
            raise _store_error(self._path, error) from error
        except sqlite3.DatabaseError:
            self._start_anew()
            return {}

    def _found(self, texts: Sequence[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
        for start in range(0, len(texts), _ASK_AT_ONCE):
            asked = [bytes.fromhex(text) for text in texts[start : start + _ASK_AT_ONCE]]
            holes = ",".join("?" * len(asked))
            query = (
                "SELECT text_sha256, vector, checksum FROM embeddings"
                f" WHERE fingerprint = ? AND text_sha256 IN ({holes})"
            )
            for text, vector, checksum in self._sql().execute(query, (self._fingerprint, *asked)):
                if len(vector) == 4 * self._dimension and checksum == self._checksum(text, vector):
                    yield text.hex(), np.frombuffer(vector, "<f4").astype(np.float32)

    def keep(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Commit `vectors` by the SHA-256 of their texts."""
        rows = []
        for text, vector in vectors.items():
            key, blob = bytes.fromhex(text), vector.astype("<f4").tobytes()
            rows.append((key, self._fingerprint, blob, self._checksum(key, blob)))
        with self._transaction() as sql:
            sql.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows)

    def tidy(self, needed: Collection[str]) -> None:
        """Drop this encoder's vectors of texts that are not `needed`, once they are the larger half."""
        with self._transaction() as sql:
            held = sql.execute(
                "SELECT COUNT(*) FROM embeddings WHERE fingerprint = ?", (self._fingerprint,)
            ).fetchone()[0]
            if held <= 2 * len(needed) + _LITTLE:
                return
            sql.execute("CREATE TEMP TABLE needed (text_sha256 BLOB PRIMARY KEY)")
            sql.executemany("INSERT OR IGNORE INTO needed VALUES (?)", ((bytes.fromhex(text),) for text in needed))
            sql.execute(
                "DELETE FROM embeddings WHERE fingerprint = ? AND text_sha256 NOT IN needed",
                (self._fingerprint,),
            )
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

    def _checksum(self, text: bytes, vector: bytes) -> bytes:
        return hashlib.blake2b(text + self._fingerprint.encode() + vector, digest_size=8).digest()


def _store_error(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"cannot use {path} ({error}); free some space and make its folder writable, or delete it")
