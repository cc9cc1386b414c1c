"""What is searched for in place of the question.

- hyde: the decoder answers closed book first, and its answer is searched together with the question. Gao et al. 2022,
  "Precise Zero-Shot Dense Retrieval without Relevance Labels", arXiv 2212.10496. There several answers of a large
  model are averaged as vectors; here one answer of a small one is joined to the question as text, so BM25 sees it too.
- keywords: the question without its question words and other function words (`retrieval.analysis.FUNCTION_WORDS`). It
  is the rule-based cousin of Rewrite-Retrieve-Read, Ma et al. 2023, arXiv 2305.14283, where a model is trained to
  rewrite. BM25 leaves these words out anyway, so only vectors and reranker can feel it.

The reranker rereads with the same text as the search. Of a long one it reads the end, so the question stands last.
"""

from __future__ import annotations

import dataclasses
import string

from api.experiments.knobs import Query
from api.pipeline import Ask, Pipeline
from retrieval.analysis import FUNCTION_WORDS
from retrieval.retriever import MAX_QUERY_CHARS

_EDGES = string.punctuation + "«»“”„…—–"


def rewritten(pipeline: Pipeline, request: Ask, query: Query | None) -> Ask:
    """The request with what is to be searched for. Raises what `Pipeline.ask` raises."""
    if query == "hyde":
        alone = pipeline.ask(dataclasses.replace(request, mode="closed_book", documents=()))
        return searching(request, " ".join(sentence.text for sentence in alone.sentences))
    return dataclasses.replace(request, search_text=keywords(request.search_text)) if query == "keywords" else request


def searching(request: Ask, addition: str) -> Ask:
    """The request that searches for `addition` and, after it, the question; never longer than a search may be."""
    text = f"{addition.strip()} {request.question}".strip()
    return dataclasses.replace(request, search_text=text[-MAX_QUERY_CHARS:])


def keywords(question: str) -> str:
    """The question without its function words; as it is where it has no others."""
    kept = [word for word in question.split() if (bare := _bare(word)) and bare not in FUNCTION_WORDS]
    return " ".join(word.strip(_EDGES) for word in kept) or question


def _bare(word: str) -> str:
    return word.strip(_EDGES).lower().replace("ё", "е")
