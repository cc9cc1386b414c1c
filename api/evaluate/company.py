"""Dev questions, each with its gold passage among distractors: what a writer is measured on, apart from retrieval.

Sources: the encyclopaedia articles of SQuAD-shifts held back from training (Miller et al. 2020, arXiv 2004.14444), the
reading sets and the documentation, each by language; question and passage in the same one. Distractors are near misses
of the same source, as BM25 ranks them, and where these run out random ones. None holds the words of the gold span or
has a sentence in common with another passage of the prompt (contexts of one article overlap).

What is drawn follows from a fixed seed and the question's id: a question has the same prompt whatever the limit.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.errors import ConfigError
from generator.memory import Passage
from generator.training.documentation_examples import documentation_examples
from generator.training.examples import Example, load_reading_examples, shared_examples
from generator.training.mining import may_answer, mine
from ingest.sentences import split_sentences

SOURCES = ("new_wiki", "reading-en", "reading-ru", "docs-en", "docs-ru")
DISTRACTORS = 4
_SEED = 19
_DEPTH, _NEAR = 50, 30


@dataclass(frozen=True, slots=True)
class Asked:
    """An answerable example and the passages it is asked of, shuffled, the gold one among them."""

    example: Example
    passages: tuple[Passage, ...]


def load(data: Path, limit: int = 0) -> list[Asked]:
    """The dev questions by source; limit: at most so many of each, spread over it, 0 for all.

    Raises ConfigError if the data folder lacks a file, ValueError if it holds other texts than it should.
    """
    try:
        every = [example for example, is_dev in shared_examples(data, {}, {}) if is_dev]
        every += load_reading_examples("dev")
        every += documentation_examples(data, "dev")
    except FileNotFoundError as error:
        raise ConfigError(f"{error.filename} is missing: name the data folder with --data") from None
    return [
        asked for source in SOURCES for asked in in_company([one for one in every if one.source == source], limit)
    ]


def in_company(examples: Sequence[Example], limit: int = 0) -> list[Asked]:
    """Those examples of one source that have an answer span, with distractors out of all its passages; fewer than
    DISTRACTORS only where there are no more. limit: see `load`."""
    pool = list(dict.fromkeys(passage for example in examples for passage in example.passages))
    wanted = [example for example in examples if example.answerable and example.span is not None]
    if 0 < limit < len(wanted):
        wanted = [wanted[n * len(wanted) // limit] for n in range(limit)]
    language = {passage: example.language for example in examples for passage in example.passages}
    near = mine(wanted, [(language[passage], passage) for passage in pool], depth=_DEPTH, kept=_NEAR)
    found = []
    for example in wanted:
        draw = random.Random(f"{_SEED}:{example.id}")
        own = example.passages[0]
        others = _apart(own, [*near[example.id], *draw.sample(pool, len(pool))], example)
        passages = [own, *others]
        draw.shuffle(passages)
        found.append(Asked(example, tuple(passages)))
    return found


def _apart(own: Passage, candidates: Iterable[Passage], example: Example) -> list[Passage]:
    """The first DISTRACTORS candidates that cannot answer and share no sentence with what is there already."""
    kept: list[Passage] = []
    seen = _sentences(own)
    for passage in candidates:
        if len(kept) == DISTRACTORS:
            break
        sentences = _sentences(passage)
        if seen.isdisjoint(sentences) and not may_answer(passage, example):
            kept.append(passage)
            seen |= sentences
    return kept


def _sentences(passage: Passage) -> set[str]:
    return {passage.text[a:z] for a, z in split_sentences(passage.text)}
