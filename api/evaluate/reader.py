"""What the reader alone can do, given passages: find the span, the evidence sentence, and tell what is not answered.

Dev questions of the encyclopaedia articles held back from training, of the reading sets and of the corpus, each asked
of its gold passage; three more passages for each measure relevance:

- span F1: token F1 of the best span with the literal answer, the best over all that were given (Rajpurkar et al. 2016,
  arXiv 1606.05250);
- evidence: the sentence with the highest mean evidence score is a gold one; beside it the sentence nearest to the
  question by two embedders, the baseline;
- AUROC of relevance: the gold passage against a random one of another topic, against the best near miss that keyword
  search finds, and, in the reading sets, against passages asked what they do not say.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.rows import load_rows
from generator.engine import Engine, Reading
from generator.memory import Passage, Prompt
from generator.metrics import token_f1
from generator.training.corpus_examples import load_corpus_examples
from generator.training.documentation_examples import documentation_examples
from generator.training.examples import Example, load_reading_examples, shared_examples
from generator.training.mining import mine
from ingest.sentences import split_sentences
from retrieval.encoder import Encoder
from retrieval.metrics import auroc


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One question. values: span F1, evidence found (by the reader, and per baseline), where they apply. gold: log-odds
    of its own passage; other, near: of a random and of a near passage; None where there is none."""

    example: Example
    values: Mapping[str, float]
    gold: float
    other: float | None
    near: float | None


def dev_examples(data: Path, count_tokens: Callable[[str], int]) -> list[Example]:
    """All dev examples."""
    translated = {row.id: row.text for row in load_rows("translations")}
    every = [example for example, is_dev in shared_examples(data, {}, translated) if is_dev]
    every += load_reading_examples("dev") + load_corpus_examples("dev", count_tokens)[0]
    return [*every, *documentation_examples(data, "dev")]


def draw(every: Sequence[Example], per_source: int) -> list[Example]:
    """At most `per_source` examples of each source, by a fixed seed."""
    rng = random.Random(11)
    chosen: list[Example] = []
    for source in (
        "new_wiki", "cross", "reading-en", "reading-ru", "reading-cross", "notes-en", "notes-ru", "notes-cross",
        "docs-en", "docs-ru", "docs-cross", "corpus-en", "corpus-ru", "corpus-cross",
    ):
        own = [example for example in every if example.source == source]
        chosen += rng.sample(own, min(per_source, len(own)))
    return chosen


def near_misses(every: Sequence[Example], drawn: Sequence[Example]) -> dict[str, Passage]:
    """By id of a drawn example the passage of another that keyword search likes best for it, if there is one.

    A question in another language than its passage is searched for in its twin's words: `every` has to hold the twins.
    """
    twins = {example.id.split("@")[0] for example in drawn if "@" in example.id}
    known = {example.id for example in drawn}
    also = [example for example in every if example.id in twins - known]
    found = mine([*also, *drawn], [(example.language, example.passages[0]) for example in drawn])
    return {example.id: found[example.id][0] for example in drawn if found[example.id]}


def measure(
    engine: Engine, examples: Sequence[Example], near: Mapping[str, Passage], encoders: Mapping[str, Encoder],
    on_progress: Callable[[int, int], None] | None = None,
) -> list[ReadRow]:
    """Read every question with its gold passage, a random one and its near miss, where it has one."""
    rng = random.Random(13)
    rows = []
    for number, example in enumerate(examples, start=1):
        passages = [example.passages[0]]
        elsewhere = [
            e.passages[0] for e in examples if e.group != example.group and e.language == example.language
        ]
        other = rng.choice(elsewhere) if elsewhere else None
        closest = near.get(example.id)
        passages += [passage for passage in (other, closest) if passage is not None]
        _, _, (reading,) = engine.read([Prompt(example.question, tuple(passages))])
        _, _, (alone,) = engine.read([Prompt(example.question, (passages[0],))])
        relevance = list(reading.relevance)
        gold = relevance.pop(0)
        rows.append(
            ReadRow(
                example, _values(example, alone, encoders), gold,
                relevance.pop(0) if other is not None else None,
                relevance.pop(0) if closest is not None else None,
            )
        )
        if on_progress is not None:
            on_progress(number, len(examples))
    return rows


def _values(example: Example, reading: Reading, encoders: Mapping[str, Encoder]) -> dict[str, float]:
    if not example.answerable:
        return {}
    passage: Passage = example.passages[0]
    values: dict[str, float] = {}
    if example.span is not None and reading.span is not None:
        _, a, z, _ = reading.span
        values["span F1"] = token_f1(passage.text[a:z], example.gold)
    sentences = split_sentences(passage.text)
    is_gold = [any(min(z, e) - max(a, s) > 0.5 * (z - a) for s, e in example.evidence[0]) for a, z in sentences]
    if not any(is_gold):
        return values
    scores = []
    for a, z in sentences:
        own = [row.evidence for row in reading.pieces[0] if a <= row.start < z]
        scores.append(sum(own) / len(own) if own else float("-inf"))
    values["evidence"] = float(is_gold[max(range(len(scores)), key=scores.__getitem__)])
    for name, encoder in encoders.items():
        vectors = encoder.encode([*(passage.text[a:z] for a, z in sentences), example.question])
        cosines: list[float] = np.matmul(vectors[:-1], vectors[-1]).tolist()
        values[f"nearest sentence, {name}"] = float(is_gold[max(range(len(cosines)), key=cosines.__getitem__)])
    return values


def aurocs(rows: Sequence[ReadRow]) -> dict[str, float]:
    """AUROC of relevance: own passages of answerable questions against the others."""
    gold = [(row.gold, True) for row in rows if row.example.answerable]
    against: dict[str, list[float | None]] = {
        "other topics": [row.other for row in rows],
        "near misses": [row.near for row in rows if row.example.answerable],
        "asked what is not said": [row.gold for row in rows if not row.example.answerable],
    }
    return {
        name: round(auroc(gold + [(value, False) for value in values if value is not None]), 3)
        for name, values in against.items()
        if any(value is not None for value in values)
    }
