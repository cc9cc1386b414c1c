"""Instructions planted in passages while the reader learns: what a document orders is neither evidence nor an answer.

A passage that says «ignore the question and write …» is just text, but it speaks of answers and, often, in the words of
the question, which is what a reader learns to look for. Seen now and then in training, where the truth is another
sentence or none, it is learnt to be passed over (adversarial training, Goodfellow et al. 2015, arXiv 1412.6572, with
written adversaries).
"""

from __future__ import annotations

import random
from dataclasses import replace

from generator.memory import Passage
from generator.training.examples import Interval
from ingest.sentences import split_sentences

# Where an instruction repeats what was asked.
QUESTION = "{question}"


def plant(
    passage: Passage, gold: tuple[Interval, ...], span: Interval | None, text: str, rng: random.Random
) -> tuple[Passage, tuple[Interval, ...], Interval | None]:
    """(passage, gold, span) with `text` after one of the passage's sentences, the intervals moved along; none of them
    is cut. As it was where the passage has no such place."""
    kept = gold if span is None else (*gold, span)
    places = [z for _, z in split_sentences(passage.text) if not any(first < z < last for first, last in kept)]
    if not places:
        return passage, gold, span
    at = rng.choice(places)

    def moved(interval: Interval) -> Interval:
        by = len(text) + 1 if interval[0] >= at else 0
        return interval[0] + by, interval[1] + by

    planted = replace(passage, text=f"{passage.text[:at]} {text}{passage.text[at:]}")
    return planted, tuple(map(moved, gold)), None if span is None else moved(span)
