"""How well passages are found: recall@5, MRR@10 and nDCG@10 of each stage. A hit counts when it holds a quote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.evaluate.questions import Evidenced
from api.evaluate.table import Row
from api.pipeline import Pipeline
from retrieval.metrics import ndcg, recall_at_k, reciprocal_rank

# Stage -> the options that stop after it.
STAGES: dict[str, dict[str, Any]] = {
    "bm25": {"retriever": "bm25", "rerank": False},
    "dense": {"retriever": "dense", "rerank": False},
    "fused": {"retriever": "hybrid", "rerank": False},
    "reranked": {"retriever": "hybrid", "rerank": True},
}
_TOP_K = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One question's rankings, by stage, and the milliseconds that each took."""

    row: Row
    rankings: dict[str, list[str]]
    milliseconds: dict[str, float]


def measure(
    pipeline: Pipeline, questions: Sequence[Evidenced], only: Sequence[str] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Measured]:
    """Every question at every stage. only: names of documents to stay within (none: all)."""
    for number, item in enumerate(questions, start=1):
        rankings, milliseconds, values = {}, {}, {}
        gains = dict.fromkeys(item.gold, 1.0)
        for stage, options in STAGES.items():
            request = pipeline.prepare(item.question.question, documents=only, top_k=_TOP_K, **options)
            started = time.perf_counter()
            ranking = [hit.chunk.id for hit in pipeline.search(request)]
            milliseconds[stage] = (time.perf_counter() - started) * 1000
            rankings[stage] = ranking
            values[f"{stage} recall@5"] = recall_at_k(ranking, gains, 5)
            values[f"{stage} MRR@10"] = reciprocal_rank(ranking, gains, 10)
            values[f"{stage} nDCG@10"] = ndcg(ranking, gains, 10)
        yield Measured(Row(item.question, values), rankings, milliseconds)
        if on_progress is not None:
            on_progress(number, len(questions))
