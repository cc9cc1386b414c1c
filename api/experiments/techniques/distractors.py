"""Passages that do not answer, added behind those that were found.

Near misses are what the same search ranks next; other topics are drawn from documents of which nothing was found. The
noise robustness of RGB, Chen et al. 2023, arXiv 2309.01431; near misses hurt more than random passages in Cuconasu et
al. 2024, "The Power of Noise", arXiv 2401.14887. Passages that hold gold evidence are never added.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection

from api.config import MAX_TOP_K
from api.experiments.knobs import DistractorKind
from api.experiments.techniques.found import Found, Search, ranked
from api.pipeline import Ask, Pipeline
from ingest.document import Chunk
from retrieval.hit import Hit
from retrieval.snapshot import document_of

STAGE = "distractor"


def with_distractors(
    pipeline: Pipeline, request: Ask, found: Found, gold: Collection[str], number: int, kind: DistractorKind,
    draw: random.Random, search: Search,
) -> Found:
    """`found` with at most `number` passages more; fewer where there are no others. gold: ids never to be added."""
    if kind == "near misses":
        added = _near(pipeline, request, found, gold, search)
    else:
        added = _elsewhere(pipeline, request, found, gold, number, draw)
    return dataclasses.replace(found, hits=ranked((*found.hits, *added[:number])))


def _near(
    pipeline: Pipeline, request: Ask, found: Found, gold: Collection[str], search: Search
) -> list[Hit]:
    settings = dataclasses.replace(request.retrieval, top_k=MAX_TOP_K, depth=max(request.retrieval.depth, MAX_TOP_K))
    read = {hit.chunk.id for hit in found.hits}
    hits = search(pipeline, dataclasses.replace(request, retrieval=settings)).hits
    return [_unranked(hit.chunk) for hit in hits if hit.chunk.id not in read and hit.chunk.id not in gold]


def _elsewhere(
    pipeline: Pipeline, request: Ask, found: Found, gold: Collection[str], number: int, draw: random.Random
) -> list[Hit]:
    near = {document_of(name) for name in (*found.candidates, *(hit.chunk.id for hit in found.hits))}
    chunks = pipeline.library.chunks(request.documents or None)
    others = [c for c in chunks if c.document_id not in near and c.id not in gold]
    chosen = draw.sample(others, min(number, len(others)))
    return [_unranked(chunk) for chunk in chosen]


def _unranked(chunk: Chunk) -> Hit:
    """A hit that nobody ranked: beside evidence that was not searched for, a search's score would put it first."""
    return Hit(chunk, 0.0, 1, STAGE)
