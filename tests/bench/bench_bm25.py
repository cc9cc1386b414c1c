"""BM25 as Lectern does it against rank_bm25, on the same synthetic passages, in one run.

    OMP_NUM_THREADS=1 python -m tests.bench.bench_bm25 [--chunks 100000] [--queries 200]

Words are drawn by Zipf's law (exponent 1.07, 50,000 words), passages have 30 to 69 of them, questions 6 drawn
the same way, so most of them frequent: harder than questions without function words. Before anything is timed
the scores of both are compared. Prints a table, and the same as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rank_bm25 import BM25Okapi

from retrieval.bm25 import RANK_BM25_LIMIT, BM25Index

VOCABULARY, EXPONENT, QUESTION_WORDS, TOP_K = 50_000, 1.07, 6, 10


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long `work` takes, and what it gives."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def passages(n_chunks: int, n_queries: int) -> tuple[list[list[str]], list[list[str]]]:
    """Lists of words: chunks and questions."""
    random = np.random.default_rng(0)
    weights = 1 / np.arange(1, VOCABULARY + 1) ** EXPONENT
    words = np.array([f"w{i}" for i in range(VOCABULARY)], object)
    lengths = random.integers(30, 70, n_chunks)
    flat = words[random.choice(VOCABULARY, lengths.sum(), p=weights / weights.sum())]
    chunks = [list(part) for part in np.split(flat, lengths.cumsum()[:-1])]
    questions = words[random.choice(VOCABULARY, (n_queries, QUESTION_WORDS), p=weights / weights.sum())]
    return chunks, [list(question) for question in questions]


def per_query_ms(search: Callable[[list[str]], Any], queries: list[list[str]]) -> float:
    """Median milliseconds of one search."""
    return 1000 * statistics.median(seconds(partial(search, query))[0] for query in queries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    chunks, queries = passages(arguments.chunks, arguments.queries)
    ids = [f"{i:07d}" for i in range(len(chunks))]

    rank_build, okapi = seconds(lambda: BM25Okapi(chunks))
    build, index = seconds(lambda: BM25Index.build(ids, chunks, rank_bm25_limit=0))
    for query in queries[:5]:
        np.testing.assert_allclose(index.scores(query), okapi.get_scores(query), rtol=1e-4, atol=1e-4)

    def rank_search(query: list[str]) -> Any:
        return np.argsort(okapi.get_scores(query))[::-1][:TOP_K]

    rank_ms = per_query_ms(rank_search, queries[:10])
    for query in queries[:20]:  # warm
        index.search(query, TOP_K)
    ms = per_query_ms(lambda query: index.search(query, TOP_K), queries)
    add_one, _ = seconds(lambda: index.changed([], ["new"], [chunks[0]]))
    remove_one, _ = seconds(lambda: index.changed([ids[0]], [], []))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bm25.npz"
        save, _ = seconds(lambda: index.save(path))
        load, _ = seconds(lambda: BM25Index.load(path, ids, rank_bm25_limit=0))
        file_bytes = path.stat().st_size
    small = BM25Index.build(ids[:RANK_BM25_LIMIT], chunks[:RANK_BM25_LIMIT])
    small_ms = per_query_ms(lambda query: small.search(query, TOP_K), queries)
    figures = {
        "chunks": len(chunks),
        "rank_bm25 build s": rank_build,
        "build s": build,
        "rank_bm25 ms a query": rank_ms,
        "ms a query": ms,
        "times as fast": rank_ms / ms,
        "add one chunk s": add_one,
        "remove one chunk s": remove_one,
        "save s": save,
        "load s": load,
        "file MB": file_bytes / 1e6,
        f"ms a query with rank_bm25 at {RANK_BM25_LIMIT} chunks": small_ms,
    }
    for name, value in figures.items():
        print(f"{name:42} {value:12,.3f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
