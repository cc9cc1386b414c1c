"""The reader as reranker: it reads the question with the best candidates and says how likely each answers.

Two looks. The first is cheap and wide: what the search knew, the share of the question's words that a candidate holds,
and late interaction (`retrieval.rerank`). The second reads: a cross-encoder (Nogueira & Cho 2019, arXiv 1901.04085)
sees what the question asks about the words that it has in common with the passage. Each is a sum with weights fitted
on dev (`decisions.SIGNALS`, `decisions.RANKING`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from generator.decisions import Decisions, probability, weighted
from generator.engine import Engine
from generator.memory import Passage, Prompt
from generator.passages import passage_of
from retrieval.hit import Hit
from retrieval.rerank import LateInteraction, relative_bm25


class ReaderReranker:
    """Reranks by `engine`'s reader.

    title_of: the title of a document by id. candidates, across: how many of the first hits are looked at
    (`retrieval.rerank.Reranker`); read: how many of these are read; the rest keep their order behind them. Safe to
    share between threads.
    """

    def __init__(
        self, engine: Engine, decisions: Decisions, late: LateInteraction, title_of: Callable[[str], str], *,
        candidates: int = 30, across: int = 100, read: int = 10,
    ) -> None:
        self.engine, self.decisions = engine, decisions
        self._late, self._title_of = late, title_of
        self.candidates, self.across, self.read = candidates, across, read

    def rerank(self, query: str, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        """The best `top_k` of `hits`, ranks from 1. Those that were read come first, with the probability that they
        answer as their score; the others keep the stage they came from."""
        most = self.candidates + self.across
        looked_at, rest = list(hits[:most]), hits[most:]
        signals = self.signals(query, looked_at)
        before = [weighted(self.decisions.signals, row) for row in signals]
        # Stable, here and below: equal scores keep the order of fusion.
        order = sorted(range(len(looked_at)), key=lambda n: -before[n])
        chosen = order[: self.read]
        scored = []
        for n, relevance in zip(chosen, self.relevance(query, [looked_at[n] for n in chosen]), strict=True):
            score = probability(weighted(self.decisions.ranking, (relevance, *signals[n], 1.0)))
            hit = looked_at[n]
            scored.append(replace(hit, score=score, stage="reranked", parts={**hit.parts, "reranked": score}))
        scored.sort(key=lambda hit: -hit.score)
        best = [*scored, *(looked_at[n] for n in order[len(chosen) :]), *rest][:top_k]
        return [replace(hit, rank=rank) for rank, hit in enumerate(best, start=1)]

    def signals(self, query: str, hits: Sequence[Hit]) -> list[tuple[float, ...]]:
        """`decisions.SIGNALS` of each of the first hits, in their order."""
        if not hits:
            return []
        bm25 = relative_bm25(hits).tolist()
        late = self._late.scores(query, [hit.chunk for hit in hits]).tolist()
        return [
            (
                words, hit.parts.get("dense", 0.0), -math.log(number), hit.parts.get("coverage", 0.0),
                hit.parts.get("document", 0.0), score, hit.parts.get("foreign", 0.0),
            )
            for number, (hit, words, score) in enumerate(zip(hits, bm25, late, strict=True), start=1)
        ]

    def relevance(self, query: str, hits: Sequence[Hit]) -> list[float]:
        """Log-odds by the reader that each passage answers; read in two batches by length."""
        passages = [
            passage_of(self._title_of(hit.chunk.document_id), hit.chunk.headings, hit.chunk.text) for hit in hits
        ]
        order = sorted(range(len(passages)), key=lambda n: len(passages[n].text))
        found = [0.0] * len(passages)
        for part in (order[: len(order) // 2], order[len(order) // 2 :]):
            if part:
                for n, value in zip(part, self._read(query, [passages[n] for n in part]), strict=True):
                    found[n] = value
        return found

    def _read(self, query: str, passages: Sequence[Passage]) -> list[float]:
        return self.engine.relevance(Prompt(query, tuple(passages)))
