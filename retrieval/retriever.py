"""A question becomes hits: BM25 and nearest vectors, fused by rank, the best of them looked at again.

    question -> BM25  (depth) -\
                                fusion -> the best -> reranker -> top_k hits
             -> dense (depth) -/

Each hit carries the score of every stage it passed in `parts`, the share of the question's words that it holds, and
how well its document fits the question. A passage in another language hands its place to its translation in the
language of the question (retrieval/translations.py). A hit is given out only while the library holds its chunk, so a
deleted document is gone at once, before the index has followed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ingest.errors import UnknownChunk
from ingest.library import Library
from retrieval.analysis import analyze_query
from retrieval.encoder import Encoder
from retrieval.errors import IndexMissing, QueryError
from retrieval.fusion import fusion_weights, rrf
from retrieval.hit import Hit
from retrieval.language import detect
from retrieval.rerank import Reranker
from retrieval.snapshot import Snapshot, document_of
from retrieval.store import IndexStore
from retrieval.translations import replaced, translations

RetrieverName = Literal["hybrid", "dense", "bm25"]
MAX_QUERY_CHARS = 8_000
# A document fits a question as well as the mean of so many of its chunks, the best ones.
_BEST_OF_DOCUMENT = 3

Ranking = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class _Stage:
    """A ranking of (chunk id, score) and the name it goes by in `Hit.parts`."""

    name: str
    ranking: Ranking


class Retriever:
    """Searches the index of `store`. reranker: None where none is wanted. Safe to share between threads."""

    def __init__(self, store: IndexStore, encoder: Encoder, reranker: Reranker | None = None) -> None:
        self._store = store
        self._encoder = encoder
        self._reranker = reranker

    def search(
        self,
        query: str,
        *,
        top_k: int = 5,
        depth: int = 50,
        retriever: RetrieverName = "hybrid",
        rerank: bool = True,
        documents: Collection[str] | None = None,
    ) -> list[Hit]:
        """At most `top_k` hits, best first, ranks from 1; fewer where fewer match.

        depth: how many chunks BM25 and the vectors propose each. documents: what to stay within (None: all),
        by id, beginning of an id, or source. Raises QueryError; UnknownDocument; IndexMissing, IndexDamaged,
        IndexOutdated.
        """
        _check(query, top_k, depth, retriever)
        library = self._store.library
        chosen = None if documents is None else {library.resolve(name) for name in documents}
        try:
            snapshot = self._store.snapshot()
        except IndexMissing:
            if library.documents():
                raise
            return []  # nothing was ever ingested: there is nothing to find
        stages = self._stages(query, retriever, max(depth, top_k), snapshot, chosen)
        reranker = self._reranker if rerank else None
        hits = _hits(stages, library, max(top_k, reranker.candidates) if reranker else top_k)
        hits = _with_words(query, hits, snapshot, chosen)
        return self._reranked(query, hits, reranker, snapshot)[:top_k] if reranker else hits

    def _stages(
        self,
        query: str,
        retriever: RetrieverName,
        depth: int,
        snapshot: Snapshot,
        documents: Collection[str] | None,
    ) -> list[_Stage]:
        """The rankings that were made, the one to go by last."""
        allowed = None if documents is None else snapshot.allowed(documents)
        stages = []
        if retriever != "dense":
            stages.append(_Stage("bm25", snapshot.bm25.search(analyze_query(query), depth, allowed)))
        if retriever != "bm25":
            vector = self._encoder.encode([query])[0]  # [C]
            # Twice as deep: half of what is nearest may be translations of the other half.
            stages.append(_Stage("dense", snapshot.dense.search(vector, 2 * depth, allowed)))
        stages = self._in_own_language(query, stages, snapshot)
        stages = [_Stage(stage.name, stage.ranking[:depth]) for stage in stages]
        if retriever == "hybrid":
            weights = fusion_weights(detect(query), self._encoder)
            rankings = [[name for name, _ in stage.ranking] for stage in stages]
            stages.append(_Stage("fused", rrf(rankings, [weights.bm25, weights.dense])))
        return stages

    def _in_own_language(self, query: str, stages: list[_Stage], snapshot: Snapshot) -> list[_Stage]:
        """The stages with translations in the question's language, found by any of them, in the place of foreign
        chunks; as they are if the encoder does not know that language, nor chunks in languages that it does not know:
        there it cannot tell a translation."""
        language, known = detect(query), self._encoder.languages
        found = dict.fromkeys(name for stage in stages for name, _ in stage.ranking)
        names = [name for name in found if snapshot.languages[document_of(name)] in known]
        if language not in known or not names:
            return stages
        own = np.array([snapshot.languages[document_of(name)] == language for name in names])
        pairs = translations(snapshot.vectors(names), own)
        by = {names[foreign]: names[its] for foreign, its in pairs.items() if self._holds(names[its])}
        return [_Stage(stage.name, replaced(stage.ranking, by)) for stage in stages]

    def _holds(self, name: str) -> bool:
        """Whether the library still has the chunk."""
        try:
            self._store.library.chunk(name)
        except UnknownChunk:
            return False
        return True

    def _reranked(self, query: str, hits: list[Hit], reranker: Reranker, snapshot: Snapshot) -> list[Hit]:
        hits = reranker.rerank(query, hits, len(hits))
        by_name = {hit.chunk.id: hit for hit in hits}
        stage = _Stage("reranked", [(hit.chunk.id, hit.score) for hit in hits if hit.stage == "reranked"])
        moved = [
            replace(by_name[name], score=score, parts={**by_name[name].parts, "reranked": score})
            for name, score in self._in_own_language(query, [stage], snapshot)[0].ranking
        ]
        together = [*moved, *hits[len(moved) :]]  # those that were looked at come first
        return [replace(hit, rank=rank) for rank, hit in enumerate(together, start=1)]


def _with_words(
    query: str, hits: list[Hit], snapshot: Snapshot, documents: Collection[str] | None
) -> list[Hit]:
    """The hits with two more parts: "coverage", the share of the question's words that each holds
    (`BM25Index.coverage`); "document", the mean BM25 score of the best chunks of its document over the best score of
    all chunks of `documents` (None: of the library): what a passage is about is said around it too (Callan 1994,
    "Passage-Level Evidence in Document Retrieval", SIGIR)."""
    terms = analyze_query(query)
    held = snapshot.bm25.coverage(terms, [hit.chunk.id for hit in hits])
    scores = snapshot.bm25.scores(terms)  # [N]
    if documents is not None:
        scores = np.where(snapshot.allowed(documents), scores, 0.0)
    best = float(scores.max(initial=0.0)) or 1.0
    fits = {
        name: float(np.sort(scores[snapshot.positions[name]])[-_BEST_OF_DOCUMENT:].mean()) / best
        for name in {document_of(hit.chunk.id) for hit in hits}
    }
    return [
        replace(hit, parts={**hit.parts, "coverage": share, "document": fits[document_of(hit.chunk.id)]})
        for hit, share in zip(hits, held.tolist(), strict=True)
    ]


def _check(query: str, top_k: int, depth: int, retriever: str) -> None:
    if not query.strip():
        raise QueryError('the question is empty; ask something, such as "What does a KV cache store?"')
    if len(query) > MAX_QUERY_CHARS:
        raise QueryError(f"the question has {len(query)} characters; shorten it to {MAX_QUERY_CHARS}")
    if top_k < 1 or depth < 1:
        raise QueryError(f"top_k={top_k} and depth={depth} must be 1 or more")
    if retriever not in get_args(RetrieverName):
        raise QueryError(f"unknown retriever {retriever!r}; use one of {', '.join(get_args(RetrieverName))}")


def _hits(stages: list[_Stage], library: Library, wanted: int) -> list[Hit]:
    """The first `wanted` hits of the last stage whose chunks the library still holds."""
    scores = {stage.name: dict(stage.ranking) for stage in stages}
    last = stages[-1]
    hits: list[Hit] = []
    for name, score in last.ranking:
        if len(hits) == wanted:
            break
        try:
            chunk = library.chunk(name)
        except UnknownChunk:
            continue
        parts = {stage: found[name] for stage, found in scores.items() if name in found}
        hits.append(Hit(chunk, score, len(hits) + 1, last.name, parts))
    return hits
