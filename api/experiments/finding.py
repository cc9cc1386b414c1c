"""How well an arm's search found the evidence, by `retrieval.metrics`: with every passage that holds an evidence quote
worth the same.

- recall@5: of these passages, the share among the best five of those that were read;
- MRR@10 and nDCG@10: where they stand in the arm's own ranking, after reranking where it reranks. Of two searches: the
  hits of both, merged as they are read; of a corrective one, those of the second that reach the threshold, at most as
  many as are read.

Sought are passages in the language that is searched for: the question's, or, with documents = "other language", the
other one. Arms that do not search and questions without answers have none of these.
"""

from __future__ import annotations

from collections.abc import Collection

from api.experiments import metrics
from api.experiments.arms import Result
from api.experiments.knobs import Knobs
from api.experiments.techniques.found import RANKED
from retrieval.metrics import ndcg, recall_at_k, reciprocal_rank

READ = 5


def does_search(knobs: Knobs) -> bool:
    """Whether an arm reads what a search finds for an answerable question."""
    return knobs.mode == "rag" and not knobs.oracle and knobs.control != "always_refuse"


def judged_by_place(result: Result, gold: Collection[str]) -> dict[str, float]:
    """The figures of one search, by name. gold: ids of the passages that hold the evidence; none: no figures."""
    if not gold:
        return {}
    gains = dict.fromkeys(gold, 1.0)
    # The hits of an arm that found nothing good enough are what is shown as nearest: it did not read them.
    read = [] if result.ranking == () else [h.chunk.id for h in sorted(result.answer.hits, key=lambda hit: hit.rank)]
    values = {metrics.RECALL: recall_at_k(read, gains, READ)}
    if result.ranking is not None:
        values[metrics.MRR] = reciprocal_rank(result.ranking, gains, RANKED)
        values[metrics.NDCG] = ndcg(result.ranking, gains, RANKED)
    return values
