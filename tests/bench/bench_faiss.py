"""The approximate index against the exact one, on the same synthetic vectors, in one run.

    OMP_NUM_THREADS=1 python -m tests.bench.bench_faiss [--sizes 10000 50000 100000] [--queries 200]

Vectors have 384 dimensions but lie near a space of 32, as embeddings of texts do (a graph finds nothing in
pure noise). For each size: time of a question, recall@10 of the graph against exact search, what making it
costs, and what removal of a tenth does to both. Prints a table, and one line of JSON per size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.dense import DenseIndex

DIMENSION, FACTORS, TOP_K = 384, 32, 10


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long `work` takes, and what it gives."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def unit_vectors(n: int, mixing: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Vectors [n, DIMENSION] of norm 1 near the space that `mixing` [FACTORS, DIMENSION] spans."""
    factors = random.standard_normal((n, FACTORS), dtype=np.float32)
    vectors = factors @ mixing + 0.5 * random.standard_normal((n, DIMENSION), dtype=np.float32)
    normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def filled(vectors: NDArray[np.float32], exact_limit: int) -> DenseIndex:
    index = DenseIndex(DIMENSION, exact_limit=exact_limit)
    index.add([f"{i:07d}" for i in range(len(vectors))], vectors)
    return index


def ask(index: DenseIndex, queries: NDArray[np.float32]) -> tuple[float, list[set[str]]]:
    """Median milliseconds of a question, and what each found."""
    timed = [seconds(partial(index.search, query, TOP_K)) for query in queries]
    return 1000 * statistics.median(time for time, _ in timed), [{name for name, _ in hits} for _, hits in timed]


def compare(n: int, n_queries: int) -> dict[str, float]:
    """All figures for `n` vectors."""
    random = np.random.default_rng(0)
    mixing = random.standard_normal((FACTORS, DIMENSION), dtype=np.float32)
    vectors, queries = unit_vectors(n, mixing, random), unit_vectors(n_queries, mixing, random)
    numpy_ms = 1000 * statistics.median(seconds(partial(np.matmul, vectors, query))[0] for query in queries)
    exact_build, exact = seconds(lambda: filled(vectors, exact_limit=n))
    graph_build, graph = seconds(lambda: filled(vectors, exact_limit=0))
    exact_ms, truth = ask(exact, queries)
    graph_ms, found = ask(graph, queries)
    figures = {
        "vectors": n,
        "exact build s": exact_build,
        "graph build s": graph_build,
        "numpy ms": numpy_ms,
        "exact ms": exact_ms,
        "graph ms": graph_ms,
        "times as fast": exact_ms / graph_ms,
        "recall@10": recall(found, truth),
    }
    gone = exact.ids[::10]
    figures["exact: remove a tenth, s"] = seconds(lambda: exact.remove(gone))[0]
    figures["graph: remove a tenth, s"] = seconds(lambda: graph.remove(gone))[0]
    _, truth = ask(exact, queries)
    figures["graph ms, a tenth dead"], found = ask(graph, queries)
    figures["recall@10, a tenth dead"] = recall(found, truth)
    return figures


def recall(found: list[set[str]], truth: list[set[str]]) -> float:
    """Share of the true nearest that were found."""
    return float(np.mean([len(one & other) / len(other) for one, other in zip(found, truth, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    for n in arguments.sizes:
        figures = compare(n, arguments.queries)
        for name, value in figures.items():
            print(f"{name:28} {value:12,.3f}")
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
