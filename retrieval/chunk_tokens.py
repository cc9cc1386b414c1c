"""Token vectors of chunks, as codes: found beside the index, where an ingest puts them, or computed now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.document import Chunk
from retrieval.embedding_cache import find_codes
from retrieval.encoder import Encoder
from retrieval.entries import Entry, entry_of, text_to_embed
from retrieval.remembered import Remembered
from retrieval.token_codes import decode, encode


class ChunkTokens:
    """What `encoder` says of each token of a chunk under its title and headings. Threads may share it.

    title_of: the title of a document by id. folder: of the index; None where there is none. kept: how many chunks'
    codes are remembered, 10 KB each.
    """

    def __init__(
        self, encoder: Encoder, title_of: Callable[[str], str], folder: Path | None = None, *, kept: int = 4096
    ) -> None:
        self._encoder, self._title_of, self._folder = encoder, title_of, folder
        self._remembered: Remembered[str, bytes] = Remembered(kept)

    def __call__(self, chunks: Sequence[Chunk]) -> list[NDArray[np.float32]]:
        """Of each chunk the turned vectors [S, C] of its tokens (`token_codes`)."""
        entries = [entry_of(chunk, self._title_of(chunk.document_id)) for chunk in chunks]
        by_text = {entry.sha256: entry for entry in entries}

        def codes(texts: Sequence[str]) -> list[bytes]:
            return self._codes([by_text[text] for text in texts])

        found = self._remembered.get([entry.sha256 for entry in entries], codes)
        return [decode(code, self._encoder.dimension) for code in found]

    def _codes(self, entries: Sequence[Entry]) -> list[bytes]:
        known = {} if self._folder is None else find_codes(
            self._folder, self._encoder.fingerprint, [entry.sha256 for entry in entries]
        )
        missing = [entry for entry in entries if entry.sha256 not in known]
        vectors = self._encoder.token_vectors([text_to_embed(one.chunk, one.title, self._encoder) for one in missing])
        known |= {one.sha256: encode(tokens) for one, tokens in zip(missing, vectors, strict=True)}
        return [known[entry.sha256] for entry in entries]
