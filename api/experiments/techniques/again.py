"""Retrieval during generation: what was said first is searched for before the answer is written.

The first sentence of the answer is searched together with the question, and the passages of both searches, merged by
reciprocal rank, are read. The idea of FLARE, Jiang et al. 2023, "Active Retrieval Augmented Generation", arXiv
2305.06983. FLARE looks ahead at every sentence and searches where a word of it is improbable; here it is done once,
always, and the whole answer is written anew.
"""

from __future__ import annotations

from api.experiments.techniques.found import Found, Search, merged
from api.experiments.techniques.queries import searching
from api.pipeline import Ask, Pipeline


def found_again(pipeline: Pipeline, request: Ask, first: Found, search: Search) -> Found:
    """The passages for the second writing; the same as before where the first writing said nothing."""
    draft = pipeline.ask(request, first.hits)
    if not draft.sentences:
        return first
    second = search(pipeline, searching(request, draft.sentences[0].text))
    return merged(first, second, request.retrieval.top_k)
