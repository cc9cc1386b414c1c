"""The library: documents, pages, chunks, and where they came from; the truth of the whole program.

    <home>/library.sqlite3     documents, pages, chunks, sources, jobs
    <home>/originals/          the files as they came, named by content

Rules it keeps:
- Content decides identity: the same text met at two places is one document with two sources. Removing one
  source keeps the document while another remains.
- A source points to one document: new content at a source replaces the old one there.
- Each change is one transaction that also raises `generation()`, by which other processes notice. Killed at
  any moment the library is as before the change or as after it.
- Chunks store offsets only; their text is cut from the document when read, so it cannot differ from it.
"""

from __future__ import annotations

import difflib
import json
import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from ingest import library_rows as rows
from ingest.database import Database
from ingest.document import Chunk, Document
from ingest.errors import LibraryError, UnknownChunk, UnknownDocument
from ingest.jobs import Jobs, utc_now
from ingest.library_check import problems
from ingest.originals import Originals
from ingest.structure import Heading

LIBRARY_FILE = "library.sqlite3"
ORIGINALS_FOLDER = "originals"
Change = Literal["added", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document was met. name: absolute path or URL. sha256, bytes: of the file. suffix: ".pdf"."""

    name: str
    sha256: str
    suffix: str
    bytes: int


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document without its text. bytes: of its (first) file. settings: digest of the chunk settings used.

    added_at: ISO 8601, UTC.
    """

    id: str
    title: str
    sources: tuple[str, ...]
    language: str
    pages: int
    chunks: int
    characters: int
    bytes: int
    added_at: str
    settings: str


class Library:
    """The library in the folder `home`, made if absent. A context manager; safe to share between threads.

    Several processes may open the same home, all of them for writing. Raises LibraryError if it cannot be
    opened.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"cannot make {home}: {error.strerror}; choose another folder with --home") from error
        self._database = Database(home / LIBRARY_FILE)
        self.originals = Originals(home / ORIGINALS_FOLDER)
        self.jobs = Jobs(self._database)

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def generation(self) -> int:
        """How many changes of documents were committed so far, by any process."""
        return int(self._database.rows("SELECT value FROM meta WHERE key = 'generation'")[0][0])

    # ---- change

    def add(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        source: Source,
        *,
        headings: Sequence[Heading] = (),
        settings: str = "",
    ) -> Change:
        """Records that `document`, cut into `chunks` under `settings`, was met at `source`; one transaction.

        `document.sources` is not read: the library collects the sources itself. Content that was at
        `source` before is removed unless another source has it too. Store the file with
        `library.originals.store` first.
        """
        _check_chunks(document, chunks)
        with self._database.transaction(changes_documents=True) as sql:
            before = sql.execute("SELECT document_id, sha256 FROM sources WHERE name = ?", (source.name,)).fetchone()
            known = sql.execute("SELECT settings FROM documents WHERE id = ?", (document.id,)).fetchone()
            replaced = rows.original_names(sql, "name = ?", (source.name,))
            if known is None:
                rows.insert_document(sql, document, headings, settings)
            elif known != (settings,):
                rows.describe_document(sql, document, headings, settings)
            if known != (settings,) or not rows.holds_chunks(sql, document.id, chunks):
                rows.replace_chunks(sql, document.id, chunks)
            sql.execute(
                "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " document_id = excluded.document_id, sha256 = excluded.sha256,"
                " suffix = excluded.suffix, bytes = excluded.bytes",
                (source.name, document.id, source.sha256, source.suffix, source.bytes, utc_now()),
            )
            if before is not None:
                rows.drop_if_sourceless(sql, before[0])
            stale = rows.unreferenced(sql, replaced)
        self.originals.remove(stale)
        if before is None:
            return "added"
        return "unchanged" if before == (document.id, source.sha256) and known == (settings,) else "updated"

    def remove(self, document_id: str) -> None:
        """Removes the document with all its sources and originals. Raises UnknownDocument."""
        with self._database.transaction(changes_documents=True) as sql:
            if not sql.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone():
                raise self._unknown(document_id)
            originals = rows.original_names(sql, "document_id = ?", (document_id,))
            sql.execute("DELETE FROM documents WHERE id = ?", (document_id,))
            stale = rows.unreferenced(sql, originals)
        self.originals.remove(stale)

    def remove_source(self, name: str) -> bool:
        """Forgets one source; the document goes when it was the last. Returns whether it was known."""
        with self._database.transaction(changes_documents=True) as sql:
            known = sql.execute("SELECT document_id FROM sources WHERE name = ?", (name,)).fetchone()
            if known is None:
                return False
            originals = rows.original_names(sql, "name = ?", (name,))
            sql.execute("DELETE FROM sources WHERE name = ?", (name,))
            rows.drop_if_sourceless(sql, known[0])
            stale = rows.unreferenced(sql, originals)
        self.originals.remove(stale)
        return True

    # ---- read

    def documents(self) -> list[DocumentInfo]:
        """All documents, by title."""
        with self._database.snapshot() as sql:
            sources = defaultdict(list)
            for document_id, name, size in sql.execute("SELECT document_id, name, bytes FROM sources ORDER BY name"):
                sources[document_id].append((name, size))
            pages = dict(sql.execute("SELECT document_id, COUNT(*) FROM pages GROUP BY document_id").fetchall())
            chunks = dict(sql.execute("SELECT document_id, COUNT(*) FROM chunks GROUP BY document_id").fetchall())
            found = sql.execute("SELECT id, title, language, characters, added_at, settings FROM documents").fetchall()
        infos = [
            DocumentInfo(
                id=row[0],
                title=row[1],
                sources=tuple(name for name, _ in sources[row[0]]),
                language=row[2],
                pages=pages.get(row[0], 0),
                chunks=chunks.get(row[0], 0),
                characters=row[3],
                bytes=sources[row[0]][0][1] if sources[row[0]] else 0,
                added_at=row[4],
                settings=row[5],
            )
            for row in found
        ]
        return sorted(infos, key=lambda info: (info.title.casefold(), info.id))

    def document(self, document_id: str) -> Document:
        """Raises UnknownDocument, which names the nearest ids and titles."""
        with self._database.snapshot() as sql:
            document = rows.read_document(sql, document_id)
        if document is None:
            raise self._unknown(document_id)
        return document

    def title(self, document_id: str) -> str:
        """The document's title, without reading its text. Raises UnknownDocument."""
        found = self._database.rows("SELECT title FROM documents WHERE id = ?", (document_id,))
        if not found:
            raise self._unknown(document_id)
        return str(found[0][0])

    def headings(self, document_id: str) -> tuple[Heading, ...]:
        """The document's headings as its parser found them. Raises UnknownDocument."""
        found = self._database.rows("SELECT headings FROM documents WHERE id = ?", (document_id,))
        if not found:
            raise self._unknown(document_id)
        return tuple(Heading(*fields) for fields in json.loads(found[0][0]))

    def resolve(self, name: str) -> str:
        """The id of the document meant: by its id, a beginning of it (4 digits or more), or a source's name; of a file
        also by its path from here (`../notes.md` too).

        Raises UnknownDocument, also if several documents could be meant.
        """
        found = self._database.rows("SELECT id FROM documents WHERE id = ?", (name,))
        for source in (name, os.path.abspath(name)):
            found = found or self._database.rows("SELECT document_id FROM sources WHERE name = ?", (source,))
        if not found and len(name) >= 4:
            found = self._database.rows(
                "SELECT id FROM documents WHERE substr(id, 1, ?) = ?", (len(name), name.lower())
            )
        if len(found) != 1:
            raise self._unknown(name)
        return str(found[0][0])

    def sources(self, document_id: str) -> tuple[str, ...]:
        """Where the document was met, sorted; nothing for an unknown id."""
        found = self._database.rows("SELECT name FROM sources WHERE document_id = ? ORDER BY name", (document_id,))
        return tuple(str(name) for (name,) in found)

    def chunks(self, document_ids: Collection[str] | None = None) -> list[Chunk]:
        """Chunks of the documents named (None: of all) by document and place in it; unknown ids give none."""
        wanted = None if document_ids is None else set(document_ids)
        with self._database.snapshot() as sql:
            ids = [row[0] for row in sql.execute("SELECT id FROM documents ORDER BY id")]
            chosen = [one for one in ids if wanted is None or one in wanted]
            return [chunk for document_id in chosen for chunk in rows.read_chunks(sql, document_id)]

    def chunk(self, chunk_id: str) -> Chunk:
        """Raises UnknownChunk."""
        with self._database.snapshot() as sql:
            row = sql.execute("SELECT document_id FROM chunks WHERE id = ?", (chunk_id,)).fetchone()
            found = rows.read_chunks(sql, row[0], chunk_id) if row else []
        if not found:
            raise UnknownChunk(f"no chunk {chunk_id}: its document was removed, or cut anew under other settings")
        return found[0]

    def source_state(self, name: str) -> tuple[str, str] | None:
        """(SHA-256 of the file's bytes, digest of the chunk settings) last seen at the source, or None."""
        found = self._database.rows(
            "SELECT sources.sha256, settings FROM sources JOIN documents ON id = document_id WHERE name = ?",
            (name,),
        )
        return (str(found[0][0]), str(found[0][1])) if found else None

    def original(self, document_id: str) -> Path:
        """The kept file of the document's first source. Raises UnknownDocument; LibraryError if lost."""
        found = self._database.rows(
            "SELECT sha256, suffix FROM sources WHERE document_id = ? ORDER BY name LIMIT 1", (document_id,)
        )
        if not found:
            raise self._unknown(document_id)
        path = self.originals.path(*found[0])
        if not path.is_file():
            raise LibraryError(
                f"the original of {document_id} is missing from {self.originals.folder}: ingest it again"
            )
        return path

    # ---- check

    def check(self) -> list[str]:
        """What is wrong with the library, one line each; empty when all is well. Reads everything."""
        with self._database.snapshot() as sql:
            return problems(sql, self.originals)

    def clean(self) -> int:
        """Deletes originals that nothing refers to (a kill may leave some); returns how many.

        Only while nothing else ingests: a file is stored shortly before it is referred to.
        """
        with self._database.transaction() as sql:
            return self.originals.remove_unreferenced(rows.original_names(sql))

    def _unknown(self, name: str) -> UnknownDocument:
        found = self._database.rows("SELECT id, title FROM documents")
        near = [f"{one} ({title})" for one, title in found if name and one.startswith(name[:4].lower())]
        titles = {title: one for one, title in found}
        near += [f"{titles[title]} ({title})" for title in difflib.get_close_matches(name, titles, n=3, cutoff=0.5)]
        near += [f"{one} ({title})" for one, title in found if len(name) > 2 and name.casefold() in title.casefold()]
        hint = f"did you mean {', '.join(dict.fromkeys(near[:3]))}?" if near else (
            "list them with: lectern documents; a file has to be added first: lectern ingest FILE"
        )
        return UnknownDocument(f"no document {name!r}: {hint}")


def _check_chunks(document: Document, chunks: Sequence[Chunk]) -> None:
    for chunk in chunks:
        if chunk.document_id != document.id or document.text[chunk.start : chunk.end] != chunk.text:
            raise LibraryError(f"chunk {chunk.id} is no slice of document {document.id}: cut it with chunk_document")
