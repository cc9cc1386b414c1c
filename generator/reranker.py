"""The reader as reranker: it reads the question with each candidate and says how likely it answers.

A cross-encoder (Nogueira & Cho 2019, arXiv 1901.04085) sees which words of the passage the question asks about, where
one vector, or one vector a token, only sees what they have in common. Its log-odds are summed with what the search
before it knew, with weights fitted on dev (`decisions.RANKING`). Candidates are read in two batches by length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from generator.decisions import probability, weighted
from generator.engine import Engine
from generator.memory import Passage, Prompt
from generator.passages import passage_of
from retrieval.hit import Hit


class ReaderReranker:
    """Reranks by `engine`'s reader.

    weights: of `decisions.RANKING`. title_of: the title of a document by id. candidates: how many of the first hits
    are read; the rest keep their order behind them. Safe to share between threads.
    """

    def __init__(
        self, engine: Engine, weights: Sequence[float], title_of: Callable[[str], str], *, candidates: int = 12
    ) -> None:
        self.engine, self.weights = engine, tuple(weights)
        self._title_of = title_of
        self.candidates = candidates

    def rerank(self, query: str, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        """The best `top_k` of `hits`, ranks from 1; scores are 0..1."""
        looked_at, rest = hits[: self.candidates], hits[self.candidates :]
        scored = []
        for hit, features in zip(looked_at, self.features(query, looked_at), strict=True):
            score = probability(weighted(self.weights, features))
            scored.append(replace(hit, score=score, stage="reranked", parts={**hit.parts, "reranked": score}))
        scored.sort(key=lambda hit: -hit.score)  # stable: equal scores keep the order of fusion
        best = [*scored, *rest][:top_k]
        return [replace(hit, rank=rank) for rank, hit in enumerate(best, start=1)]

    def features(self, query: str, hits: Sequence[Hit]) -> list[tuple[float, ...]]:
        """`decisions.RANKING` of each hit, in their order."""
        if not hits:
            return []
        passages = [
            passage_of(self._title_of(hit.chunk.document_id), hit.chunk.headings, hit.chunk.text) for hit in hits
        ]
        best = max((hit.parts.get("bm25", 0.0) for hit in hits), default=0.0) or 1.0
        return [
            (relevance, hit.parts.get("bm25", 0.0) / best, hit.parts.get("dense", 0.0), -math.log(number))
            for number, (relevance, hit) in enumerate(zip(self.relevance(query, passages), hits, strict=True), 1)
        ]

    def relevance(self, query: str, passages: Sequence[Passage]) -> list[float]:
        """Log-odds that each passage answers."""
        order = sorted(range(len(passages)), key=lambda n: len(passages[n].text))
        found = [0.0] * len(passages)
        for part in (order[: len(order) // 2], order[len(order) // 2 :]):
            if part:
                values = self.engine.relevance(Prompt(query, tuple(passages[n] for n in part)))
                for n, value in zip(part, values, strict=True):
                    found[n] = value
        return found
