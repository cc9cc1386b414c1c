"""Okapi BM25 over dictionaries, chunk by chunk, in Python floats: rank_bm25's formula written out once more.

The formula: score(q, d) = sum over t in q of idf(t) * f(t, d) * (k1 + 1) / (f(t, d) + k1 * (1 - b + b * |d| /
mean|d|)), idf(t) = ln(N - n(t) + 0.5) - ln(n(t) + 0.5); a negative idf becomes epsilon times the mean idf
(epsilon itself where that mean is not positive, the one point in which Lectern differs from rank_bm25).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def bm25_scores(
    chunks: Sequence[Sequence[str]],
    query: Sequence[str],
    k1: float = 1.5,
    b: float = 0.75,
    epsilon: float = 0.25,
) -> list[float]:
    """The score of each chunk (a list of terms) for the terms of `query`."""
    idf = inverse_frequencies(chunks, epsilon)
    counts = [Counter(chunk) for chunk in chunks]
    mean_length = sum(map(len, chunks)) / len(chunks)
    scores = []
    for chunk, count in zip(chunks, counts, strict=True):
        score = 0.0
        for term in query:
            if count[term]:
                length_part = k1 * (1 - b + b * len(chunk) / mean_length)
                score += idf[term] * count[term] * (k1 + 1) / (count[term] + length_part)
        scores.append(score)
    return scores


def inverse_frequencies(chunks: Sequence[Sequence[str]], epsilon: float) -> dict[str, float]:
    """idf of every term, floor included."""
    holding = Counter(term for chunk in chunks for term in set(chunk))
    idf = {term: math.log(len(chunks) - n + 0.5) - math.log(n + 0.5) for term, n in holding.items()}
    mean = math.fsum(idf.values()) / max(1, len(idf))
    for term, value in idf.items():
        if mean <= 0 and value <= 0:
            idf[term] = epsilon
        elif value < 0:
            idf[term] = epsilon * mean
    return idf


def bm25_search(
    ids: Sequence[str], chunks: Sequence[Sequence[str]], query: Sequence[str], top_k: int
) -> list[tuple[str, float]]:
    """The best `top_k` (id, score) with a positive score, equal scores by id."""
    scored = [(name, score) for name, score in zip(ids, bm25_scores(chunks, query), strict=True) if score > 0]
    return sorted(scored, key=lambda item: (-item[1], item[0]))[:top_k]
