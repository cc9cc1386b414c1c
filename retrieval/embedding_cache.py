"""Vectors computed so far, so that none is computed twice: a SQLite file beside the index; with the codes of their
tokens (`token_codes`), which only this file holds.

Embedding is what an ingest spends its time on (10 to 40 ms a chunk on a laptop core). Each block of vectors
is committed as soon as it is there, so an ingest that is killed goes on where it was, an index whose files
are damaged is made anew in seconds, and a document that comes back or is renamed back costs nothing. Vectors
are found by the SHA-256 of the text and the encoder's fingerprint; each carries a checksum, and one that does
not fit counts as absent.

Price: 1.6 KB a chunk at 384 dimensions, as much again as the index itself, and 50 bytes for each of its tokens, 10 KB
at 200. What nothing needs any more goes when it is half of the file. A damaged file is deleted: everything in it can be
computed again. Whoever asks a question reads codes without the index's lock (`find_codes`).
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

# One table each, so that vectors can be read without stepping over codes; of codes, "vector" holds one text's.
_VECTORS, _CODES = "embeddings", "tokens"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS {} (
    text_sha256 BLOB NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (fingerprint, text_sha256)
)
"""
_ASK_AT_ONCE = 500  # placeholders in one SQLite query
_LITTLE = 1_000  # unneeded vectors that are not worth a clean-up
_DROP_AT_ONCE = 200  # texts of which codes are deleted between two commits: readers wait that long at most
_READER_SECONDS = 0.2


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
            # Read and checked, not only looked for: what is damaged must be made anew.
            coded = {text for text, _ in _rows(self._sql(), _CODES, _codes_name(self._fingerprint), texts)}
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

    def keep(self, vectors: Mapping[str, NDArray[np.float32]], codes: Mapping[str, bytes]) -> None:
        """Commit `vectors` and `codes` by the SHA-256 of their texts."""
        blobs = {text: vector.astype("<f4").tobytes() for text, vector in vectors.items()}
        with self._transaction() as sql:
            for table, name, rows in (
                (_VECTORS, self._fingerprint, blobs), (_CODES, _codes_name(self._fingerprint), codes)
            ):
                sql.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)",
                    [(key := bytes.fromhex(text), name, blob, _checksum(key, name, blob))
                     for text, blob in rows.items()],
                )

    def tidy(self, needed: Collection[str]) -> None:
        """Drop what this encoder made of texts that are not `needed`, once it is the larger half, and codes of other
        versions. What other encoders made stays, so that going back to one costs nothing."""
        now = _codes_name(self._fingerprint)
        with self._transaction() as sql:
            names = [name for (name,) in sql.execute(f"SELECT DISTINCT fingerprint FROM {_CODES}")]
            held = sql.execute(
                f"SELECT COUNT(*) FROM {_VECTORS} WHERE fingerprint = ?", (self._fingerprint,)
            ).fetchone()[0]
        for name in names:
            if name != now and name.startswith(_codes_name(self._fingerprint, "")):
                self._drop(_CODES, name, self._texts(_CODES, name))
        if held > 2 * len(needed) + _LITTLE:
            gone = [text for text in self._texts(_VECTORS, self._fingerprint) if text not in needed]
            self._drop(_CODES, now, gone)
            self._drop(_VECTORS, self._fingerprint, gone)

    def _texts(self, table: str, name: str) -> list[str]:
        """The texts of which something is kept under a name."""
        with self._transaction() as sql:
            rows = sql.execute(f"SELECT text_sha256 FROM {table} WHERE fingerprint = ?", (name,))
            return [text.hex() for (text,) in rows]

    def _drop(self, table: str, name: str, texts: Sequence[str]) -> None:
        """Delete the rows of `texts` under a name, a block at a time."""
        for block in _in_blocks(texts, _DROP_AT_ONCE):
            with self._transaction() as sql:
                sql.execute(f"DELETE FROM {table} WHERE {_where(block)}", (name, *block))

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
    """The known codes of `texts` (SHA-256 in hexadecimal) in the index in `folder`; none where the file is missing or
    damaged, or a writer has it for longer than 0.2 s."""
    return dict(_codes(folder, fingerprint, texts))


def count_codes(folder: Path, fingerprint: str, texts: Sequence[str]) -> int:
    """Of how many of `texts` `find_codes` finds codes; one is held at a time."""
    return sum(1 for _ in _codes(folder, fingerprint, texts))


def _codes(folder: Path, fingerprint: str, texts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    path = folder / FILE
    if not path.is_file():  # connecting would make one
        return
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path, _READER_SECONDS)) as sql:
        yield from _rows(sql, _CODES, _codes_name(fingerprint), texts)


def _codes_name(fingerprint: str, version: str = str(CODES_VERSION)) -> str:
    """What codes are kept under in place of the fingerprint alone."""
    return f"{fingerprint}/{version}"


def _in_blocks(texts: Sequence[str], size: int = _ASK_AT_ONCE) -> Iterator[list[bytes]]:
    for start in range(0, len(texts), size):
        yield [bytes.fromhex(text) for text in texts[start : start + size]]


def _where(block: Sequence[bytes]) -> str:
    """A condition on a name and the texts of a block, in this order."""
    return f"fingerprint = ? AND text_sha256 IN ({','.join('?' * len(block))})"


def _rows(sql: sqlite3.Connection, table: str, name: str, texts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """(text, what is kept of it) as far as it is known and whole."""
    for block in _in_blocks(texts):
        query = f"SELECT text_sha256, vector, checksum FROM {table} WHERE {_where(block)}"
        for text, blob, checksum in sql.execute(query, (name, *block)):
            if checksum == _checksum(text, name, blob):
                yield text.hex(), blob


def _checksum(text: bytes, name: str, blob: bytes) -> bytes:
    return hashlib.blake2b(text + name.encode() + blob, digest_size=8).digest()


def _store_error(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"cannot use {path} ({error}); free some space and make its folder writable, or delete it")
