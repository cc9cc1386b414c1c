"""Hard negatives: for each question the passages that keyword search takes for its answer, and that do not hold it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from generator.memory import Passage
from generator.training.examples import Example
from retrieval.analysis import analyze, analyze_query
from retrieval.bm25 import BM25Index

DEPTH = 12
KEPT = 6


def mine(
    examples: Sequence[Example], passages: Iterable[tuple[str, Passage]], *, depth: int = DEPTH, kept: int = KEPT
) -> dict[str, tuple[Passage, ...]]:
    """At most `kept` near misses by example id, of `passages` (language, passage) in the language of the example's own;
    a search looks `depth` passages deep for them.

    A question in another language than its passage takes the negatives of its twin, the example whose id it has
    before the first "@". A passage that holds the span's words is dropped: it may answer.
    """
    by_language: dict[str, list[Passage]] = defaultdict(list)
    for language, passage in dict.fromkeys(passages):
        by_language[language].append(passage)
    found: dict[str, tuple[Passage, ...]] = {}
    for language, own in by_language.items():
        names = [str(n) for n in range(len(own))]
        index = BM25Index.build(names, [analyze(f"{p.title}\n{p.text}") for p in own])
        for example in examples:
            if example.language != language or "@" in example.id:
                continue
            hits = index.search(analyze_query(example.question), depth)
            near = [own[int(name)] for name, _ in hits]
            found[example.id] = tuple(passage for passage in near if not may_answer(passage, example))[:kept]
    for example in examples:
        if "@" in example.id:
            found[example.id] = found.get(example.id.split("@")[0], ())
    return found


def may_answer(passage: Passage, example: Example) -> bool:
    """Whether it is one of the example's own passages, or holds the words of its answer span."""
    if any(passage.text == own.text for own in example.passages):
        return True
    if example.span is None:
        return False
    return example.passages[0].text[slice(*example.span)].lower() in passage.text.lower()
