"""What is indexed for a chunk: its words, and the title and headings they stand under."""

from __future__ import annotations

import hashlib

from ingest.document import Chunk
from retrieval.encoder import Encoder


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


def text_sha256(chunk: Chunk, title: str) -> str:
    """SHA-256 of `chunk_text` in hexadecimal: what tells a chunk that must be indexed again."""
    return hashlib.sha256(chunk_text(chunk, title).encode("utf-8", "surrogatepass")).hexdigest()
