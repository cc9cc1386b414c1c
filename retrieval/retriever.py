"""A question becomes hits: BM25 and nearest vectors, fused by rank, the best of them looked at again.

    question -> BM25  (depth) -\
                                fusion -> the best -> reranker -> top_k hits
             -> dense (depth) -/                     /
             -> nearest in other languages ---------/

Each hit carries the score of every stage it passed in `parts`, the share of the question's words that it holds, how
well its document fits the question, and "foreign" (1) if that is in another language than the question. A passage in
another language hands its place to its translation in the language of the question (retrieval/translations.py). Those
in other languages are looked for apart, too, as BM25 hardly finds them and fusion puts all that it finds before them.
Lists of references come behind everything else, unless the question is who wrote something or when it came out. A hit
is given out only while the library holds its chunk, so a deleted document is gone at once, before the index follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ingest.bibliography import asks_for_sources
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
        reranker = self._reranker if rerank else None
        hits, looked_at, snapshot = self._found(query, top_k, depth, retriever, documents, reranker)
        if reranker is None or snapshot is None:
            return hits
        together = [*self._reranked(query, hits[:looked_at], reranker, snapshot), *hits[looked_at:]]
        behind = _references(query, snapshot)
        together.sort(key=lambda hit: hit.chunk.id in behind)
        return [replace(hit, rank=rank) for rank, hit in enumerate(together[:top_k], start=1)]

    def candidates(
        self,
        query: str,
        *,
        top_k: int = 5,
        depth: int = 50,
        retriever: RetrieverName = "hybrid",
        documents: Collection[str] | None = None,
    ) -> list[Hit]:
        """What the reranker is given, in the order before it. Arguments and errors are those of `search`."""
        hits, looked_at, _ = self._found(query, top_k, depth, retriever, documents, self._reranker)
        return hits[:looked_at]

    def _found(
        self,
        query: str,
        top_k: int,
        depth: int,
        retriever: RetrieverName,
        documents: Collection[str] | None,
        reranker: Reranker | None,
    ) -> tuple[list[Hit], int, Snapshot | None]:
        """Hits before they are reranked, how many of them the reranker looks at, and where they were found; no snapshot
        where nothing was ever ingested."""
        _check(query, top_k, depth, retriever)
        library = self._store.library
        chosen = None if documents is None else {library.resolve(name) for name in documents}
        try:
            snapshot = self._store.snapshot()
        except IndexMissing:
            if library.documents():
                raise
            return [], 0, None
        allowed = None if chosen is None else snapshot.allowed(chosen)
        vector = None if retriever == "bm25" else self._encoder.encode([query])[0]  # [C]
        wanted = top_k if reranker is None else max(top_k, reranker.candidates)
        depth = max(depth, top_k)
        stages = self._stages(query, vector, retriever, depth, snapshot, allowed)
        hits = _hits(stages, library, wanted)
        looked_at = len(hits) if reranker is None else min(len(hits), reranker.candidates)
        if reranker is not None and retriever == "hybrid" and vector is not None:
            first = hits[: reranker.candidates]
            nearest: Ranking = []
            if reranker.across:
                nearest = self._across(query, vector, reranker.across, snapshot, allowed, stages)
            there = {hit.chunk.id for hit in first}
            nearest = [(name, score) for name, score in nearest if name not in there]
            behind = _hits([*stages[:1], _Stage("dense", nearest)], library, reranker.across)
            looked_at = len(first) + len(behind)
            hits = _behind(first, behind, hits[len(first) :])
        return _with_words(query, hits, snapshot, chosen), looked_at, snapshot

    def _stages(
        self,
        query: str,
        vector: NDArray[np.float32] | None,
        retriever: RetrieverName,
        depth: int,
        snapshot: Snapshot,
        allowed: NDArray[np.bool_] | None,
    ) -> list[_Stage]:
        """The rankings that were made, the one to go by last."""
        stages = []
        behind = _references(query, snapshot)
        deeper = min(depth, len(behind))
        if retriever != "dense":
            ranking = snapshot.bm25.search(analyze_query(query), depth + deeper, allowed)
            stages.append(_Stage("bm25", _put_behind(ranking, behind)))
        if vector is not None:
            # Twice as deep: half of what is nearest may be translations of the other half.
            ranking = snapshot.dense.search(vector, 2 * depth + deeper, allowed)
            stages.append(_Stage("dense", _put_behind(ranking, behind)))
        stages = self._in_own_language(query, stages, snapshot)
        stages = [_Stage(stage.name, stage.ranking[:depth]) for stage in stages]
        if retriever == "hybrid":
            weights = fusion_weights(detect(query), self._encoder)
            rankings = [[name for name, _ in stage.ranking] for stage in stages]
            fused = rrf(rankings, [weights.bm25, weights.dense])
            stages.append(_Stage("fused", _put_behind(fused, behind)))
        return stages

    def _across(
        self,
        query: str,
        vector: NDArray[np.float32],
        wanted: int,
        snapshot: Snapshot,
        allowed: NDArray[np.bool_] | None,
        stages: Sequence[_Stage],
    ) -> Ranking:
        """The chunks in other languages that are nearest to the question; those that have a translation among what was
        found hand it their place. None if the encoder does not know the question's language."""
        language, known = detect(query), self._encoder.languages
        mask = snapshot.written_in(known - {language}) if language in known else np.zeros(0, np.bool_)
        mask = mask if allowed is None or not mask.any() else mask & allowed
        if not mask.any():
            return []
        behind = _references(query, snapshot)
        ranking = snapshot.dense.search(vector, 2 * wanted, mask)  # half may be translations of what was found
        ranking = [(name, score) for name, score in ranking if name not in behind]
        found = dict.fromkeys(name for stage in stages for name, _ in stage.ranking)
        translated = self._translated(language, [*found, *(name for name, _ in ranking if name not in found)], snapshot)
        kept: dict[str, float] = {}
        for name, score in ranking:
            kept.setdefault(translated.get(name, name), score)
        return list(kept.items())

    def _in_own_language(self, query: str, stages: list[_Stage], snapshot: Snapshot) -> list[_Stage]:
        """The stages with translations in the question's language, found by any of them, in the place of foreign
        chunks."""
        by = self._translated(detect(query), [name for stage in stages for name, _ in stage.ranking], snapshot)
        return [_Stage(stage.name, replaced(stage.ranking, by)) for stage in stages]

    def _translated(self, language: str, names: Sequence[str], snapshot: Snapshot) -> dict[str, str]:
        """Chunk -> its translation in `language`, of the chunks in `names` that have one among these; none if the
        encoder does not know the language, nor for chunks in languages that it does not know: there it cannot tell a
        translation."""
        known = self._encoder.languages
        names = [name for name in dict.fromkeys(names) if snapshot.languages[document_of(name)] in known]
        if language not in known or not names:
            return {}
        own = np.array([snapshot.languages[document_of(name)] == language for name in names])
        pairs = translations(snapshot.vectors(names), own)
        return {names[foreign]: names[its] for foreign, its in pairs.items() if self._holds(names[its])}

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


def _behind(first: list[Hit], then: list[Hit], rest: list[Hit]) -> list[Hit]:
    """All in this order, each chunk once, ranks from 1."""
    kept: dict[str, Hit] = {}
    for hit in (*first, *then, *rest):
        kept.setdefault(hit.chunk.id, hit)
    return [replace(hit, rank=rank) for rank, hit in enumerate(kept.values(), start=1)]


def _with_words(
    query: str, hits: list[Hit], snapshot: Snapshot, documents: Collection[str] | None
) -> list[Hit]:
    """The hits with more parts: "coverage", the share of the question's words that each holds
    (`BM25Index.coverage`); "foreign", 1, if its document is in another language than the question; "document", the
    mean BM25 score of the best chunks of its document over the best score of all chunks of `documents` (None: of the
    library): what a passage is about is said around it too (Callan 1994, "Passage-Level Evidence in Document
    Retrieval", SIGIR)."""
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
    language = detect(query)
    told = []
    for hit, share in zip(hits, held.tolist(), strict=True):
        name = document_of(hit.chunk.id)
        foreign = {} if snapshot.languages[name] == language else {"foreign": 1.0}
        told.append(replace(hit, parts={**hit.parts, "coverage": share, "document": fits[name], **foreign}))
    return told


def _check(query: str, top_k: int, depth: int, retriever: str) -> None:
    if not query.strip():
        raise QueryError('the question is empty; ask something, such as "What does a KV cache store?"')
    if len(query) > MAX_QUERY_CHARS:
        raise QueryError(f"the question has {len(query)} characters; shorten it to {MAX_QUERY_CHARS}")
    if top_k < 1 or depth < 1:
        raise QueryError(f"top_k={top_k} and depth={depth} must be 1 or more")
    if retriever not in get_args(RetrieverName):
        raise QueryError(f"unknown retriever {retriever!r}; use one of {', '.join(get_args(RetrieverName))}")


def _references(query: str, snapshot: Snapshot) -> frozenset[str]:
    """The chunks that come behind all others: none where the question asks for such."""
    return frozenset() if asks_for_sources(query) else snapshot.references


def _put_behind(ranking: Ranking, names: Collection[str]) -> Ranking:
    """The ranking with these after all others, otherwise in its order."""
    return sorted(ranking, key=lambda row: row[0] in names)


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
