"""Several rankings become one by reciprocal rank fusion, which knows what the encoder does not know.

A chunk gets weight / (k + rank) from every ranking it stands in, ranks counted from 1: scores of different
kinds are never compared.

Equal weights help when both rankings are good, and hurt when one is noise: with an English encoder on Russian
questions BM25 alone has the passage among the first five for 98 %, equal-weight fusion for 63 %. So the
weights depend on the language of the question. Where the encoder does not know it, BM25 decides alone and the
dense ranking only continues where BM25 has nothing more (`FOLLOWER`): the first chunks are then BM25's own,
so fusion cannot be worse than its better half.

Where the encoder knows it, a small k and a slightly smaller weight for the vectors came out best. Recall@5
and MRR@10, dense by the bilingual embedder before it was trained on questions (213 to 600 questions each on
700 to 950 passages; today's figures: `python -m tests.bench.bench_retrieval_settings`):

    passages            BM25          dense         equal, k = 60   equal, k = 10   0.75, k = 5
    our notes, en       0.710 0.561   0.562 0.459   0.738 0.591     0.750 0.605     0.760 0.605
    our notes, ru       0.647 0.544   0.471 0.365   0.645 0.513     0.686 0.534     0.694 0.563
    encyclopaedia       0.963 0.894   0.917 0.827   0.954 0.889     0.963 0.897     0.969 0.907
    Natural Questions   0.874 0.808   0.951 0.885   0.949 0.870     0.951 0.876     0.954 0.867
    reviews             0.577 0.439   0.426 0.298   0.540 0.419     0.586 0.434     0.583 0.458

The paper's k = 60 was found for many deep rankings; with two, it lets agreement on middling ranks outweigh a
first place. With k = 5 fusion has at least the recall of its better half on each; with all-MiniLM-L6-v2 in
place of the bilingual one too, but for one question in 350. A reranker mends the one MRR that is lower.

Source: Cormack, Clarke & Buettcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.encoder import Encoder

K = 5
DENSE_WEIGHT = 0.75

# Small enough never to overturn the order of the other ranking: two neighbours at ranks r and r + 1 differ by
# 1 / ((k + r)(k + r + 1)), which is above FOLLOWER / (k + 1), the most a follower can add, for every r below
# 2,400.
FOLLOWER = 1e-6


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each ranking counts."""

    bm25: float
    dense: float


def fusion_weights(query_language: str, encoder: Encoder) -> FusionWeights:
    """Weights for a question in `query_language` (ISO 639-1)."""
    if query_language in encoder.languages:
        return FusionWeights(bm25=1.0, dense=DENSE_WEIGHT)
    return FusionWeights(bm25=1.0, dense=FOLLOWER)


def rrf(rankings: Sequence[Sequence[str]], weights: Sequence[float], k: int = K) -> list[tuple[str, float]]:
    """(id, score) of every id that stands in a ranking, best first, equal scores by id.

    rankings: ids, best first, each at most once in a ranking. weights: one per ranking, not negative.
    Raises ValueError if their numbers differ.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, name in enumerate(ranking, start=1):
            scores[name] += weight / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
