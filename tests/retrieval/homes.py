"""Small libraries to index: documents of one chunk per paragraph."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ingest.document import Chunk, Document, Page, chunk_id, document_hash
from ingest.library import Library, Source
from retrieval.store import IndexStore
from tests.fakes import HashEncoder


def add_document(
    library: Library,
    title: str,
    paragraphs: Sequence[str],
    *,
    headings: tuple[str, ...] = (),
    source: str = "",
    language: str = "en",
) -> str:
    """Put a document into the library under `source` (`/<title>` if empty); returns its id."""
    text = "\n\n".join(paragraphs)
    sha256 = document_hash(text)
    document = Document(sha256[:16], title, (), language, sha256, (Page(1, 0, len(text)),), text)
    chunks, start = [], 0
    for paragraph in paragraphs:
        end = start + len(paragraph)
        chunks.append(Chunk(chunk_id(document.id, start, end), document.id, start, end, paragraph, headings))
        start = end + 2
    file_sha256 = hashlib.sha256(f"{title}{headings}{text}".encode()).hexdigest()
    library.add(
        document,
        chunks,
        Source(source or f"/{title}", file_sha256, ".txt", len(text)),
        settings=repr(headings),
    )
    return document.id


def numbered(library: Library, count: int, prefix: str = "doc") -> list[str]:
    """`count` documents of three chunks each, all different; returns their ids."""
    return [
        add_document(
            library,
            f"{prefix} {i}",
            [f"{prefix} {i} paragraph {j} holds the word {prefix}{i}x{j} and little else" for j in range(3)],
        )
        for i in range(count)
    ]


def open_store(home: Path, library: Library, encoder: HashEncoder | None = None, **limits: int) -> IndexStore:
    """The store of a home, as the program lays it out."""
    return IndexStore(home / "index", library, encoder or HashEncoder(), **limits)
