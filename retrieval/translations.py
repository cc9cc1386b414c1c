"""Of a passage and its translation the one in the language of the question is the hit.

A bilingual encoder puts the two side by side, and which of them comes out ahead is chance; an answer should
rest on the one that the reader can read, and two that say the same take the place of one that says something else.
So in a ranking a chunk in another language hands its place to its translation, if that was found too, by
whatever search, and goes to the end; where there is none it stays.

Taken for a translation: the nearest chunk in the language of the question whose vector has a cosine of 0.72 or more
with it. Chunks of our notes that are nearest to each other, in the two languages of one note, nearly all have that.
Passages that only have their subject in common have it now and then; then what the foreign one alone says is not found,
which a lower bound makes worse.

What it brings is measured by `python -m tests.bench.bench_retrieval_settings` (no language preferred). A fixed margin
taken off every foreign chunk loses where the answer is in the other language only.

Shapes: n chunks, C dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

TRANSLATION_COSINE = 0.72


def translations(
    vectors: NDArray[np.float32], own: NDArray[np.bool_], cosine: float = TRANSLATION_COSINE
) -> dict[int, int]:
    """The number of its translation for each foreign text that has one among the n.

    vectors: [n, C], rows of norm 1. own: [n], which are in the language of the question. cosine: the least that two
    texts that say the same have.
    """
    foreign, ours = np.flatnonzero(~own), np.flatnonzero(own)
    if not len(foreign) or not len(ours):
        return {}
    likeness = vectors[foreign] @ vectors[ours].T  # [foreign, own]
    nearest = likeness.argmax(axis=1)
    near = likeness[np.arange(len(foreign)), nearest] >= cosine
    return {int(f): int(ours[n]) for f, n, yes in zip(foreign, nearest, near, strict=True) if yes}


def replaced(ranking: Sequence[tuple[str, float]], by: Mapping[str, str]) -> list[tuple[str, float]]:
    """`ranking` with each chunk that stands in `by` at the end and its translation at its place, once, with the score
    of that place. At the end scores are the lowest."""
    kept: dict[str, float] = {}
    for name, score in ranking:
        kept.setdefault(by.get(name, name), score)
    last = min((score for _, score in ranking), default=0.0)
    return [*kept.items(), *((name, last) for name, _ in ranking if name in by)]
