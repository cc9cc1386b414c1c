"""Batches of the contrastive stage: hard neighbours together, the two languages of a note never as wrong answers."""

from __future__ import annotations

import random

from ingest.sentences import split_sentences
from retrieval.training.contrastive import ContrastSettings, draw_clusters
from retrieval.training.pairs import QuestionPassage, window


def pairs() -> list[QuestionPassage]:
    return [
        QuestionPassage(f"corpus-{language}", f"note{unit}", language, f"q{unit}{n}{language}", f"p{unit}{n}{language}",
                        False)
        for unit in range(12) for n in range(6) for language in ("en", "ru")
    ]


def test_a_note_is_in_a_batch_in_one_language_with_its_neighbours() -> None:
    settings = ContrastSettings(batch_size=24, cluster=4)
    for seed in range(20):
        batch = draw_clusters(pairs(), settings, random.Random(seed))
        assert len(batch) <= 24
        languages: dict[str, str] = {}
        for pair in batch:
            assert languages.setdefault(pair.group, pair.language) == pair.language
        assert max(sum(pair.group == group for pair in batch) for group in languages) >= 2


def test_a_batch_is_drawn_again_from_the_same_seed() -> None:
    settings = ContrastSettings(batch_size=24)
    assert draw_clusters(pairs(), settings, random.Random(5)) == draw_clusters(pairs(), settings, random.Random(5))


def test_a_window_is_whole_sentences_around_the_answer() -> None:
    text = " ".join(f"Sentence number {n} has exactly seven words." for n in range(40))
    cut = text[slice(*window(text, split_sentences(text), 20, max_words=30))]
    assert "number 20" in cut and len(cut.split()) <= 30
    assert cut.startswith("Sentence") and cut.endswith(".")
