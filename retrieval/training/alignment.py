"""First rows for the Russian pieces: the English rows of the pieces they are translated by.

A Russian piece starts as the weighted mean of the English word rows it co-occurs with most exclusively in parallel
sentences (Dice coefficient; Dice 1945). Rows that start near their meaning need far fewer steps than random ones.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from tokenizers import Tokenizer

from retrieval.bilingual import ENGLISH_ROWS
from retrieval.training.parallel import Pair

TRANSLATIONS_PER_PIECE = 4


def _incidence(tokenizer: Tokenizer, texts: list[str], columns: int) -> sparse.csr_matrix:
    """[sentences, pieces] with 1 where the piece occurs."""
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    rows = [sorted(set(encoding.ids)) for encoding in encodings]
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.fromiter((index for row in rows for index in row), dtype=np.int64)
    values = np.ones(len(indices), dtype=np.float32)
    return sparse.csr_matrix((values, indices, indptr), shape=(len(texts), columns))


def initial_rows(
    tokenizer: Tokenizer, pairs: list[Pair], english_rows: torch.Tensor, pieces: int
) -> torch.Tensor:
    """Rows [pieces, C] for the Russian pieces, from English rows [30522, C] by alignment on `pairs`."""
    english = _incidence(tokenizer, [pair.english for pair in pairs], ENGLISH_ROWS + pieces)[:, :ENGLISH_ROWS]
    russian = _incidence(tokenizer, [pair.russian for pair in pairs], ENGLISH_ROWS + pieces)[:, ENGLISH_ROWS:]
    together = (russian.T @ english).tocsr()  # [pieces, 30522] sentences that hold both
    count_russian = np.asarray(russian.sum(axis=0)).ravel()
    count_english = np.asarray(english.sum(axis=0)).ravel()
    table = english_rows.float().numpy()
    rows: NDArray[np.float32] = np.tile(table[1000:].mean(axis=0), (pieces, 1)).astype(np.float32)
    for piece in range(pieces):
        start, end = together.indptr[piece], together.indptr[piece + 1]
        if start == end:
            continue
        columns, counts = together.indices[start:end], together.data[start:end]
        dice = 2 * counts / (count_russian[piece] + count_english[columns])
        best = np.argsort(-dice)[:TRANSLATIONS_PER_PIECE]
        weights = dice[best] ** 2
        rows[piece] = (weights / weights.sum()) @ table[columns[best]]
    return torch.from_numpy(rows)
