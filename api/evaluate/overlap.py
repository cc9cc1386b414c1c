"""Whether two quotes are of the same place, by shared runs of words: no entailment, and no paraphrase is seen."""

from __future__ import annotations

from collections.abc import Sequence

from generator.metrics import words

OVERLAP_WORDS = 8  # a run this long is no accident; shorter quotes have to be shared whole


def overlaps(first: str, second: str) -> bool:
    """Whether two quotes share a run of OVERLAP_WORDS words, or the whole of the shorter one if it has fewer."""
    one, other = (words(text, lemmas=False) for text in (first, second))
    n = min(OVERLAP_WORDS, len(one), len(other))
    return n > 0 and not _runs(one, n).isdisjoint(_runs(other, n))


def _runs(found: Sequence[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(found[i : i + n]) for i in range(len(found) - n + 1)}
