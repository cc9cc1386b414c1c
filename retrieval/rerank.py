"""The second look at a handful of hits: late interaction, token by token (MaxSim).

One vector per chunk must hold everything that a chunk says; here every token of the question looks for its
best match among the tokens of the chunk, and the chunk's score is the mean of what they found (ColBERT,
Khattab & Zaharia 2020, arXiv 2004.12832). Two additions:

- A token that every candidate answers equally well («what», and the topic that brought them all here) tells
  nothing. Tokens are weighted by an idf over the candidates, where a candidate counts as holding a token if
  its match comes within 0.2 of the best one (a soft reading of the idf of Sparck Jones 1972: vectors know no
  "contains").
- The BM25 score, relative to the best candidate's, weighs 5 %: names and figures blur in token vectors.

Measured on the 20 best of fusion with exact vectors of headings and text, MRR@10 before and after. With
all-MiniLM-L6-v2, which was never trained for this: notes 0.679 and 0.772 (213 questions), encyclopaedia 0.894 and 0.925
(350), Natural Questions 0.873 and 0.895 (350), reviews 0.438 and 0.504 (350). With the bilingual embedder before it was
trained on questions, on notes in both languages: 0.537 and 0.615 in English, 0.525 and 0.614 in Russian (400 each). On
Russian questions the English model turns 0.556 into 0.441, so in a language that the encoder does not know the order
stays as it was.

Price: the tokens of chunks are computed when they are embedded, by the same pass, and kept as codes of 50 bytes each
(`chunk_tokens`, `token_codes`): a question takes its own pass and some milliseconds.

Shapes: n candidates, T tokens of the question, S tokens of a chunk, C dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.document import Chunk
from ingest.language import detect_language
from retrieval.chunk_tokens import ChunkTokens
from retrieval.encoder import Encoder
from retrieval.hit import Hit
from retrieval.token_codes import turned

_MATCH_MARGIN = 0.2
_BM25_SHARE = 0.05


class Reranker(Protocol):
    """Puts hits into a better order."""

    @property
    def candidates(self) -> int:
        """How many hits it looks at, whatever `top_k`."""

    @property
    def across(self) -> int:
        """How many more it looks at, behind these, of the nearest in other languages than the question."""

    def rerank(self, query: str, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        """The best `top_k` of `hits`, ranks from 1; those looked at carry the score "reranked"."""


class LateInteraction:
    """MaxSim scores: tokens of the question by `encoder`, of chunks by `tokens`. Safe to share between threads."""

    def __init__(self, encoder: Encoder, tokens: ChunkTokens) -> None:
        self._encoder, self._tokens = encoder, tokens

    def scores(self, query: str, chunks: Sequence[Chunk]) -> NDArray[np.float64]:
        """`late_interaction` [n] of the question with each chunk under its title and headings; 0 where the question has
        no tokens or is in a language that the encoder does not know."""
        if not chunks or detect_language(query) not in self._encoder.languages:
            return np.zeros(len(chunks))
        question = self._encoder.token_vectors([query])[0]  # [T, C]
        if not len(question):
            return np.zeros(len(chunks))
        return late_interaction(turned(question), self._tokens(chunks, question.shape[1]))


class LateInteractionReranker:
    """Ranks by late interaction.

    candidates: how many of the first hits are looked at; the rest keep their order behind them. Safe to share between
    threads.
    """

    across = 0

    def __init__(self, late: LateInteraction, *, candidates: int = 20) -> None:
        self._late = late
        self.candidates = candidates

    def rerank(self, query: str, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        """As `Reranker.rerank`; the first `top_k` as they came if the encoder does not know the language."""
        looked_at, rest = hits[: self.candidates], hits[self.candidates :]
        scores = self._late.scores(query, [hit.chunk for hit in looked_at])
        if not scores.any():
            return list(hits[:top_k])
        scores = (scores + _BM25_SHARE * relative_bm25(looked_at)) / (1 + _BM25_SHARE)
        scored = [
            replace(hit, score=score, stage="reranked", parts={**hit.parts, "reranked": score})
            for hit, score in zip(looked_at, scores.tolist(), strict=True)
        ]
        scored.sort(key=lambda hit: -hit.score)  # stable: equal scores keep the order of fusion
        best = [*scored, *rest][:top_k]
        return [replace(hit, rank=rank) for rank, hit in enumerate(best, start=1)]


def late_interaction(question: NDArray[np.float32], chunks: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Scores [n] of about -1 to 1 of `chunks` (n arrays [S, C]) for the tokens of `question` [T, C] of norm 1. Chunks:
    of norm 1 too, or as `token_codes.decode` gives them.

    A chunk without tokens matches nothing: -1 for every token.
    """
    matches = np.full((len(chunks), len(question)), -1.0)  # [n, T]
    for i, tokens in enumerate(chunks):
        if len(tokens):
            matches[i] = (question @ tokens.T).max(axis=1)  # [T, S] -> [T]
    holding = (matches >= matches.max(axis=0) - _MATCH_MARGIN).sum(axis=0)  # [T], at least 1 each
    weights = np.log(1 + len(chunks) / holding)  # [T]
    scores: NDArray[np.float64] = matches @ weights / weights.sum()
    return scores


def relative_bm25(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """BM25 scores [n] over the best of them; 0 where BM25 did not find the chunk."""
    scores = np.array([hit.parts.get("bm25", 0.0) for hit in hits])
    best = scores.max()
    return scores / best if best > 0 else scores
