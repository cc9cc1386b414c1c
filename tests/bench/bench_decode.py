"""Decoding with the key-value cache against without, same weights, same answer: ratio in one run.

    python -m tests.bench.bench_decode [--steps 64] [--passages 3]

Without the cache step t gives the decoder all t pieces anew (memory keys and values are kept in both: what is
compared is the cache of self-attention). Prints milliseconds per answer, per step, and the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from corpus.format import load_reading
from generator.answerer import load_answerer
from generator.engine import Engine
from generator.memory import Passage, Prompt
from generator.model import Memory


def milliseconds(engine: Engine, memory: Memory, steps: int, *, cached: bool) -> float:
    """Time of `steps` greedy steps over fixed pieces."""
    model = engine.model
    ids = torch.randint(1000, 20_000, (1, steps), generator=torch.Generator().manual_seed(0))
    zeros, nowhere = torch.zeros_like(ids), torch.full_like(ids, -1)
    started = time.perf_counter()
    with torch.inference_mode():
        prepared = model.prepare(memory, cached=cached)
        for t in range(steps):
            span = slice(t, t + 1) if cached else slice(0, t + 1)
            model.scores(memory, prepared, ids[:, span], zeros[:, span], nowhere[:, span])
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Median of several runs of each, alternating."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--passages", type=int, default=3)
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    engine = load_answerer().engine
    texts = load_reading(language="en", split="dev")[: given.passages]
    prompt = Prompt("What does the cache store?", tuple(Passage(p.title, p.text) for p in texts))
    started = time.perf_counter()
    memory, _, _ = engine.read([prompt])
    read_ms = (time.perf_counter() - started) * 1000
    steps = min(given.steps, engine.model.config.max_steps)
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(given.runs):
        for cached in times:
            times[cached].append(milliseconds(engine, memory, steps, cached=cached))
    with_cache, without = statistics.median(times[True]), statistics.median(times[False])
    print(f"memory {memory.states.shape[1]} positions, read once in {read_ms:.0f} ms (first call)")
    print(f"{steps} steps with the cache     {with_cache:8.1f} ms, {with_cache / steps:.2f} ms a step")
    print(f"{steps} steps without the cache  {without:8.1f} ms, {without / steps:.2f} ms a step")
    print(f"ratio {without / with_cache:.2f}")


if __name__ == "__main__":
    main()
