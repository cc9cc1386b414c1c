"""Corrective retrieval: where the best passage is poor, search again; where that is poor too, say nothing.

Yan et al. 2024, "Corrective Retrieval Augmented Generation", arXiv 2401.15884. There a trained evaluator grades each
passage, the web is searched where all are poor, and passages are cut into strips. Here the reranker's score is the
grade, the second search goes over the same library (key words alone, four times as deep), passages graded below the
threshold are left out of it, and nothing is cut.

A language that the reranker does not know has no grades: there the first search stands.
"""

from __future__ import annotations

import dataclasses

from api.config import MAX_DEPTH
from api.experiments.techniques.found import RANKED, Found, Search, ranked
from api.experiments.techniques.queries import rewritten
from api.pipeline import Ask, Pipeline

WIDER = 4
GRADED = "reranked"


def corrected(pipeline: Pipeline, request: Ask, first: Found, relevance: float, search: Search) -> Found:
    """`first` if its best passage reaches `relevance` (0..1), else what of a second search does; possibly nothing."""
    grades = [hit.score for hit in first.hits if hit.stage == GRADED]
    if not grades or max(grades) >= relevance:
        return first
    depth = min(WIDER * request.retrieval.depth, MAX_DEPTH)
    wider = dataclasses.replace(request, retrieval=dataclasses.replace(request.retrieval, depth=depth))
    second = search(pipeline, rewritten(pipeline, wider, "keywords"))
    kept = tuple(hit for hit in second.hits if hit.stage == GRADED and hit.score >= relevance)
    candidates = tuple(dict.fromkeys((*first.candidates, *second.candidates)))
    return Found(ranked(kept), candidates, tuple(hit.chunk.id for hit in kept[:RANKED]))
