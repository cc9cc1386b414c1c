"""What a search of an arm came to: the passages to read, and what was proposed before they were chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from api.pipeline import Ask, Pipeline
from retrieval.fusion import rrf
from retrieval.hit import Hit

RANKED = 10  # how deep an arm's own ranking is kept: as deep as it is measured


@dataclass(frozen=True, slots=True)
class Found:
    """hits: to be read, best first. candidates: ids of the chunks proposed before reranking, best first, of every
    search that was made. ranking: ids as the search left them, after reranking, at most RANKED; None where nothing was
    searched."""

    hits: tuple[Hit, ...]
    candidates: tuple[str, ...]
    ranking: tuple[str, ...] | None = None


Search = Callable[[Pipeline, Ask], Found]  # `search` itself, or what keeps what it finds (searches.py)


def search(pipeline: Pipeline, request: Ask) -> Found:
    """The hits of a request, with what the reranker saw. Raises what `Pipeline.search` raises."""
    settings = request.retrieval
    # Of a search no deeper than before, more are kept: it begins with the same hits.
    wider = dataclasses.replace(settings, top_k=max(settings.top_k, min(RANKED, settings.depth)))
    found = pipeline.search(dataclasses.replace(request, retrieval=wider))
    hits = found[: settings.top_k]
    before = pipeline.candidates(request) if settings.rerank else hits
    return Found(tuple(hits), tuple(hit.chunk.id for hit in before), tuple(hit.chunk.id for hit in found[:RANKED]))


def merged(first: Found, second: Found, top_k: int) -> Found:
    """The best `top_k` of two searches by reciprocal rank: scores given to different queries are not comparable.

    A passage that both found keeps the score of the first.
    """
    by_name = {hit.chunk.id: hit for hit in (*second.hits, *first.hits)}
    rankings = [[hit.chunk.id for hit in found.hits] for found in (first, second)]
    names = [name for name, _ in rrf(rankings, [1.0, 1.0])]
    hits = ranked(tuple(by_name[name] for name in names[:top_k]))
    return Found(hits, tuple(dict.fromkeys((*first.candidates, *second.candidates))), tuple(names[:RANKED]))


def ranked(hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """The same hits with ranks from 1 in their order."""
    return tuple(dataclasses.replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1))
