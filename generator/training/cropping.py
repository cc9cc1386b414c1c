"""Passages cut down to a few sentences while the reader learns.

What a step costs grows with the passages' length, what it teaches with the number of questions: of passages cut to a
third, about twice as many are read in the same time. The cut falls elsewhere each time, so that a passage that is drawn
again looks different, and evidence stands in every place of a text.
"""

from __future__ import annotations

import random
from dataclasses import replace

from generator.memory import Passage
from generator.training.examples import Interval
from ingest.sentences import split_sentences


def crop(
    passage: Passage, gold: tuple[Interval, ...], span: Interval | None, letters: int, rng: random.Random
) -> tuple[Passage, tuple[Interval, ...], Interval | None]:
    """(passage, gold, span) with consecutive sentences of the passage, about `letters` letters of them: those that hold
    gold and span, however long, and neighbours on sides drawn at random; any that follow each other where there is
    neither. The intervals are moved along. A passage that is no longer is as it was."""
    text = passage.text
    if len(text) <= letters:
        return passage, gold, span
    sentences = split_sentences(text)
    kept = gold if span is None else (*gold, span)
    held = [n for n, (a, z) in enumerate(sentences) if any(a < end and start < z for start, end in kept)]
    first, last = (held[0], held[-1]) if held else (rng.randrange(len(sentences)),) * 2
    while True:
        sides = [
            (a, z) for a, z in ((first - 1, last), (first, last + 1))
            if a >= 0 and z < len(sentences) and sentences[z][1] - sentences[a][0] <= letters
        ]
        if not sides:
            break
        first, last = rng.choice(sides)
    # A gold interval may reach over what lies between sentences: nothing of it is lost.
    begin = min([sentences[first][0], *(start for start, _ in kept)])
    end = max([sentences[last][1], *(stop for _, stop in kept)])
    moved = tuple((start - begin, stop - begin) for start, stop in gold)
    return replace(passage, text=text[begin:end]), moved, None if span is None else (span[0] - begin, span[1] - begin)
