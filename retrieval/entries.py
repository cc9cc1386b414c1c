"""The library as the index sees it: every chunk with its title, its language, and the text that stands for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ingest.document import Chunk
from ingest.library import Library
from retrieval.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk to be indexed. title, language: of its document. sha256: of `chunk_text`, in hexadecimal."""

    chunk: Chunk
    title: str
    language: str
    sha256: str


def chunk_text(chunk: Chunk, title: str) -> str:
    """What is indexed for a chunk: its document's title, the headings above it, its text.

    Words of the question often stand only there: «Attention» is the title, the chunk says "it".
    """
    headings = [heading for heading in chunk.headings if heading != title]
    return "\n".join([part for part in (title, " > ".join(headings)) if part] + [chunk.text])


def text_to_embed(chunk: Chunk, title: str, encoder: Encoder) -> str:
    """`chunk_text`, less headings or title where the encoder would otherwise cut off the chunk's own end."""
    for text in (chunk_text(chunk, title), f"{title}\n{chunk.text}"):
        if encoder.count_tokens(text) <= encoder.max_tokens:
            return text
    return chunk.text


def read_entries(library: Library) -> dict[str, Entry]:
    """All that is to be indexed, by chunk id, in the order of documents and text. Reads every chunk."""
    infos = {info.id: info for info in library.documents()}
    entries = {}
    for chunk in library.chunks():
        if info := infos.get(chunk.document_id):  # none: its document has come since
            entries[chunk.id] = Entry(chunk, info.title, info.language, text_sha256(chunk, info.title))
    return entries


def text_sha256(chunk: Chunk, title: str) -> str:
    """SHA-256 of `chunk_text` in hexadecimal: what vectors and codes are kept under."""
    return hashlib.sha256(chunk_text(chunk, title).encode("utf-8", "surrogatepass")).hexdigest()


def library_digest(library: Library) -> str:
    """Digest of the list of documents: tells a library from another one with as many changes."""
    listed = sorted((info.id, info.title, info.chunks, info.settings, info.added_at) for info in library.documents())
    return hashlib.sha256(repr(listed).encode("utf-8", "surrogatepass")).hexdigest()
