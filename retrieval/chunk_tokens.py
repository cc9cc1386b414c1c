"""Token vectors of chunks, as codes: found beside the index, where an ingest puts them, or computed now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.document import Chunk
from retrieval.embedding_cache import find_codes
from retrieval.encoder import Encoder
from retrieval.entries import text_sha256, text_to_embed
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

    def __call__(self, chunks: Sequence[Chunk], width: int) -> list[NDArray[np.float32]]:
        """Of each chunk the turned vectors [S, width] of its tokens (`token_codes`). width: of the encoder's token
        vectors, which need not be that of its vectors of texts."""
        titles = {name: self._title_of(name) for name in {chunk.document_id for chunk in chunks}}
        texts = [text_sha256(chunk, titles[chunk.document_id]) for chunk in chunks]
        by_text = {text: (chunk, titles[chunk.document_id]) for text, chunk in zip(texts, chunks, strict=True)}

        def codes(wanted: Sequence[str]) -> list[bytes]:
            known = {} if self._folder is None else find_codes(self._folder, self._encoder.fingerprint, wanted)
            missing = [text for text in wanted if text not in known]
            if missing:
                vectors = self._encoder.token_vectors([text_to_embed(*by_text[one], self._encoder) for one in missing])
                known |= {text: encode(tokens) for text, tokens in zip(missing, vectors, strict=True)}
            return [known[text] for text in wanted]

        return [decode(code, width) for code in self._remembered.get(texts, codes)]
