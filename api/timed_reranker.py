"""A reranker with a stopwatch: the retriever ranks and reranks in one call, an answer tells the two times
apart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from retrieval.hit import Hit
from retrieval.rerank import Reranker


class TimedReranker:
    """Does what `reranker` does. `take_ms` gives the milliseconds since it was last asked, by the same
    thread.
    """

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker
        self._spent = threading.local()

    @property
    def candidates(self) -> int:
        """How many hits it looks at."""
        return self._reranker.candidates

    @property
    def across(self) -> int:
        """How many more of the nearest in other languages."""
        return self._reranker.across

    def rerank(self, query: str, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        """The best `top_k` of `hits`."""
        started = time.perf_counter()
        try:
            return self._reranker.rerank(query, hits, top_k)
        finally:
            self._spent.ms = (time.perf_counter() - started) * 1000

    def take_ms(self) -> float:
        """Milliseconds spent in `rerank` since the last call of this, 0 if none."""
        spent = getattr(self._spent, "ms", 0.0)
        self._spent.ms = 0.0
        return float(spent)
