"""Several rankings become one by reciprocal rank fusion, which knows what the encoder does not know.

A chunk gets weight / (k + rank) from every ranking it stands in, ranks counted from 1: scores of different
kinds are never compared.

Equal weights help when both rankings are good, and hurt when one is noise: with an English encoder on Russian
questions BM25 alone has the passage among the first five for 98 %, equal-weight fusion for 63 %. So the
weights depend on the language of the question. Where the encoder does not know it, BM25 decides alone and the
dense ranking only continues where BM25 has nothing more (`FOLLOWER`): the first chunks are then BM25's own,
so fusion cannot be worse than its better half.

Where the encoder knows it, equal weights and a small k came out best. Recall@5 in English with
all-MiniLM-L6-v2 (213 to 400 questions each, 150 to 1,200 passages):

    passages            BM25     dense    k = 60   k = 20   k = 10   k = 5
    our notes           0.748    0.761    0.822    0.826    0.826    0.822
    encyclopaedia       0.963    0.917    0.951    0.957    0.966    0.974
    Natural Questions   0.874    0.946    0.946    0.949    0.949    0.949
    reviews             0.577    0.414    0.554    0.574    0.571    0.569
    three mixed         0.735    0.630    0.718    0.733    0.757    0.767

The paper's k = 60 was found for dozens of deep rankings; with two, it lets agreement on middling ranks
outweigh a first place. With k = 10 fusion is at or above its better half everywhere, reviews within the
noise.

Source: Cormack, Clarke & Buettcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.encoder import Encoder

K = 10

# Small enough never to overturn the order of the other ranking: two neighbours at ranks r and r + 1 differ by
# 1 / ((k + r)(k + r + 1)), which is above FOLLOWER / (k + 1), the most a follower can add, for every r below
# 3,300.
FOLLOWER = 1e-6


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each ranking counts."""

    bm25: float
    dense: float


def fusion_weights(query_language: str, encoder: Encoder) -> FusionWeights:
    """Weights for a question in `query_language` (ISO 639-1)."""
    if query_language in encoder.languages:
        return FusionWeights(bm25=1.0, dense=1.0)
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
