"""Batches of the contrastive stage: hard neighbours together, nothing that may answer as a wrong answer."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import torch
import torch.nn.functional as F

from ingest.sentences import split_sentences
from retrieval.training.contrastive import ContrastSettings, Pairs, draw_clusters, may_answer
from retrieval.training.pairs import QuestionPassage, window


def pair(unit: int, n: int, language: str, gold: str = "") -> QuestionPassage:
    return QuestionPassage(
        f"corpus-{language}", f"note{unit}", language, f"q{unit}-{n}-{language}", f"p{unit}-{n}-{language}", False, gold
    )


def pairs() -> Pairs:
    """Passages of 12 notes in both languages; the vectors of a note's passages lie close together."""
    rows = [pair(unit, n, language) for unit in range(12) for n in range(6) for language in ("en", "ru")]
    torch.manual_seed(0)
    vectors = torch.eye(16)[[int(row.group.removeprefix("note")) for row in rows]] + 0.05 * torch.randn(len(rows), 16)
    return Pairs(rows, F.normalize(vectors, dim=-1), near=5)


def test_neighbours_are_the_nearest_of_the_same_language() -> None:
    found = pairs()
    for index, near in enumerate(found.near):
        own = found.by_passage[found.passages[index]][0]
        assert index not in near and len(near) == 5
        for other in near:
            (row,) = found.by_passage[found.passages[other]]
            assert (row.group, row.language) == (own.group, own.language)


def test_a_batch_has_no_passage_twice_and_neighbours_of_most() -> None:
    settings = ContrastSettings(passages=24, cluster=4, questions=1)
    for seed in range(20):
        batch = draw_clusters(pairs(), settings, random.Random(seed))
        assert len({row.passage for row in batch}) == len(batch) == 24
        together = Counter((row.group, row.language) for row in batch)
        assert sum(count for count in together.values() if count >= 3) >= 16


def test_a_batch_is_no_larger_than_the_pairs_and_is_drawn_again_from_the_same_seed() -> None:
    settings = ContrastSettings(passages=1000)
    assert len(draw_clusters(pairs(), settings, random.Random(5))) == 144
    small = ContrastSettings(passages=24)
    assert draw_clusters(pairs(), small, random.Random(5)) == draw_clusters(pairs(), small, random.Random(5))


def test_what_may_answer_too_is_no_wrong_answer() -> None:
    own = pair(1, 1, "en", gold="P2-3")
    assert may_answer(own, [pair(2, 3, "en")])  # holds the words that answer
    assert may_answer(own, [pair(1, 4, "ru")])  # the same note in the other language
    assert may_answer(own, [pair(5, 1, "en"), replace(own, passage="another chunk")])
    assert not may_answer(own, [pair(1, 2, "en")])
    assert not may_answer(replace(own, gold="p"), [pair(2, 3, "en")])


def test_a_window_is_whole_sentences_around_the_answer() -> None:
    text = " ".join(f"Sentence number {n} has exactly seven words." for n in range(40))
    cut = text[slice(*window(text, split_sentences(text), 20, max_words=30))]
    assert "number 20" in cut and len(cut.split()) <= 30
    assert cut.startswith("Sentence") and cut.endswith(".")
