"""BM25 over chunks: rank_bm25 while the library is small, then the same scores from an inverted index.

rank_bm25 walks through every chunk for every query term: 0.7 ms a question at 1,000 chunks, 380 ms at
100,000. But the weight of a term in a chunk does not depend on the query, so it can be computed when the
index is made (eager scoring, Lù 2024, arXiv 2407.03618) and kept term by term; a query then adds up the few
lists of its own terms: 0.4 ms at 100,000 chunks, 900 times as fast (tests/bench/bench_bm25.py, one core).
Both ways give rank_bm25's Okapi scores, its floor under negative idf included, and tests hold them equal.

`BM25Index` does not change once made: `changed` gives a new one, so that a reader never sees half an update.
One new chunk changes every idf and the mean length, so each change computes all weights anew: 0.35 s at
100,000 chunks, where making the index from nothing takes 1.8 s.

Sources: Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"; Trotman, Puurula
& Burgess 2014, "Improvements to BM25 and Language Models Examined" (the variant); rank_bm25 0.2.2 (the idf
floor).

Shapes: N chunks, V terms in the vocabulary, P postings (pairs of a term and a chunk that holds it).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from retrieval.errors import IndexDamaged
from retrieval.postings import Postings

K1, B, EPSILON = 1.5, 0.75, 0.25  # rank_bm25's defaults

# Up to here rank_bm25 scores a question of fourteen terms in 2.5 ms, a fraction of what embedding it takes.
RANK_BM25_LIMIT = 1000


def term_weight(count: NDArray[np.float64], length: NDArray[np.float64], mean_length: float) -> NDArray[np.float64]:
    """What `count` occurrences in a chunk of `length` terms are worth before idf: 0 to K1 + 1, saturating."""
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length / mean_length))


def inverse_frequency(chunk_frequency: NDArray[np.int64], n_chunks: int) -> NDArray[np.float64]:
    """idf [V] of terms that stand in `chunk_frequency` [V] (above 0) of `n_chunks` chunks, floor included.

    A term in more than half of the chunks would get less than nothing; it gets EPSILON times the mean idf
    instead, as in rank_bm25. Where that mean is itself not positive (a library of one to three chunks),
    rank_bm25's scores turn negative and put the best chunk last; here the floor is then EPSILON.
    """
    frequency = chunk_frequency.astype(np.float64)
    idf = np.log(n_chunks - frequency + 0.5) - np.log(frequency + 0.5)
    # The exact sum does not depend on the order of the vocabulary: updated and new indexes agree to the last
    # bit.
    mean = math.fsum(idf.tolist()) / max(1, len(idf))
    if mean <= 0:
        return np.where(idf <= 0, EPSILON, idf)
    return np.where(idf < 0, EPSILON * mean, idf)


class BM25Index:
    """Chunk ids by position, their postings, and one of the two scorers.

    ids [N]: chunk ids, each once. rank_bm25_limit: up to how many chunks rank_bm25 itself does the scoring.
    """

    def __init__(self, ids: Sequence[str], postings: Postings, *, rank_bm25_limit: int = RANK_BM25_LIMIT) -> None:
        if len(ids) != len(postings.lengths):
            raise IndexDamaged(f"{len(ids)} chunk ids, {len(postings.lengths)} chunks in BM25; run: lectern reindex")
        self.ids = ids
        self._postings = postings
        self._limit = rank_bm25_limit
        self._okapi = _rank_bm25(postings) if 0 < len(ids) <= rank_bm25_limit and postings.vocabulary else None
        self._weights = _eager_weights(postings) if self._okapi is None else np.zeros(0, np.float32)

    @classmethod
    def build(
        cls,
        ids: Sequence[str],
        term_lists: Iterable[Sequence[str]],
        *,
        rank_bm25_limit: int = RANK_BM25_LIMIT,
    ) -> BM25Index:
        """An index of the chunks `ids` [N] with their terms (`analysis.analyze`), in the same order."""
        postings = Postings.empty().changed(np.zeros(0, np.bool_), term_lists)
        return cls(ids, postings, rank_bm25_limit=rank_bm25_limit)

    def changed(self, removed: Collection[str], ids: Sequence[str], term_lists: Iterable[Sequence[str]]) -> BM25Index:
        """A new index without the chunks `removed` and with `ids` and their terms after the rest."""
        gone = frozenset(removed)
        keep = np.fromiter((chunk not in gone for chunk in self.ids), np.bool_, len(self.ids))
        kept = [chunk for chunk in self.ids if chunk not in gone]
        postings = self._postings.changed(keep, term_lists)
        return BM25Index([*kept, *ids], postings, rank_bm25_limit=self._limit)

    def __len__(self) -> int:
        return len(self.ids)

    def scores(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """The score of every chunk [N]; a repeated term counts as often as it stands in the query."""
        if self._okapi is not None:
            return np.asarray(self._okapi.get_scores(terms), np.float32)
        scores = np.zeros(len(self), np.float32)
        for term, times in Counter(terms).items():
            here = self._postings.of(term)
            # No chunk is twice in a list, so `scores[chunks] += ...` would do, but add.at is three times as
            # fast.
            np.add.at(scores, self._postings.chunks[here], times * self._weights[here])
        return scores

    def search(
        self, terms: Sequence[str], top_k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[str, float]]:
        """At most `top_k` (chunk id, score), best first, equal scores by id; only positive scores.

        allowed [N]: which chunks may be returned (None: all).
        """
        if top_k < 1 or not terms or not len(self):
            return []
        scores = self.scores(terms)
        if allowed is not None:
            scores[~allowed] = 0.0
        best = np.flatnonzero(scores >= self._least_score(scores, terms, top_k))
        if len(best) > top_k:
            least = np.partition(scores[best], len(best) - top_k)[len(best) - top_k]
            best = best[scores[best] >= least]  # those that tie with the last one stay until the ids decide
        ranked = sorted((-score, self.ids[i]) for i, score in zip(best.tolist(), scores[best].tolist(), strict=True))
        return [(chunk, -score) for score, chunk in ranked[:top_k]]

    def _least_score(self, scores: NDArray[np.float32], terms: Sequence[str], top_k: int) -> np.float32:
        """A positive score that the `top_k` best chunks reach: cheaper to find than the exact one among all.

        The chunks of the rarest term are a fair sample of the best; the `top_k`-th of them cannot be better
        than the `top_k`-th of all. Saves half of the time where the other terms are frequent.
        """
        lists = [self._postings.chunks[self._postings.of(term)] for term in set(terms)]
        smallest = np.finfo(np.float32).tiny
        rarest = min((chunks for chunks in lists if len(chunks) >= top_k), key=len, default=None)
        if rarest is None:
            return smallest
        return max(smallest, np.partition(scores[rarest], len(rarest) - top_k)[len(rarest) - top_k])

    def coverage(self, terms: Sequence[str], names: Sequence[str]) -> NDArray[np.float32]:
        """For the chunks `names` [n] the share, 0..1, of the idf of the different `terms` that each holds.

        Unlike a score it does not saturate in one term: a chunk that has every word of the question once is ahead of
        one that repeats a single word. Terms that no chunk has do not count; unknown chunks hold nothing.
        """
        vocabulary = self._postings.vocabulary
        known = [term for term in dict.fromkeys(terms) if term in vocabulary]
        held = np.zeros(len(names), np.float64)
        places = np.array([self._places.get(name, -1) for name in names], np.int64)
        if not known or not len(places):
            return held.astype(np.float32)
        for term in known:
            held += self._idf[vocabulary[term]] * np.isin(places, self._postings.chunks[self._postings.of(term)])
        total = sum(float(self._idf[vocabulary[term]]) for term in known)
        return (held / total if total else held).astype(np.float32)

    @cached_property
    def _idf(self) -> NDArray[np.float64]:
        return inverse_frequency(np.diff(self._postings.starts), len(self))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.ids)}

    def save(self, path: Path) -> None:
        """Write the postings; ids are kept by the store."""
        self._postings.save(path)

    @classmethod
    def load(cls, path: Path, ids: Sequence[str], *, rank_bm25_limit: int = RANK_BM25_LIMIT) -> BM25Index:
        """The index written by `save`, for the same `ids`. Raises IndexDamaged if the arrays do not fit."""
        return cls(ids, Postings.load(path), rank_bm25_limit=rank_bm25_limit)


def _eager_weights(postings: Postings) -> NDArray[np.float32]:
    """idf times term weight of every posting [P]."""
    frequency = np.diff(postings.starts)  # [V]
    length = postings.lengths.astype(np.float64)  # [N]
    mean_length = float(length.mean()) if len(length) else 1.0
    weight = term_weight(postings.counts.astype(np.float64), length[postings.chunks], mean_length)  # [P]
    idf = inverse_frequency(frequency, len(length))  # [V]
    return (np.repeat(idf, frequency) * weight).astype(np.float32)


def _rank_bm25(postings: Postings) -> BM25Okapi:
    """rank_bm25 on the same chunks: the postings turned back into one list of terms per chunk."""
    term_lists: list[list[str]] = [[] for _ in range(len(postings.lengths))]
    for term in postings.vocabulary:
        here = postings.of(term)
        for chunk, count in zip(postings.chunks[here].tolist(), postings.counts[here].tolist(), strict=True):
            term_lists[chunk].extend(repeat(term, count))
    okapi = BM25Okapi(term_lists, k1=K1, b=B, epsilon=EPSILON)
    if okapi.average_idf <= 0:  # see `inverse_frequency`
        okapi.idf = {term: idf if idf > 0 else EPSILON for term, idf in okapi.idf.items()}
    return okapi
