"""Late interaction against its definition, word by word."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from retrieval.training.late_interaction import inner, max_similarity


def test_scores_are_those_of_the_definition() -> None:
    torch.manual_seed(0)
    questions, texts = F.normalize(torch.randn(3, 4, 8), dim=-1), F.normalize(torch.randn(5, 6, 8), dim=-1)
    asked = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]])
    given = torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 1, 0], [1, 0, 0, 0, 0, 0], [0] * 6])
    found = max_similarity(questions, asked, texts, given)
    for q in range(3):
        for n in range(5):
            best = [
                max((float(questions[q, t] @ texts[n, s]) for s in range(6) if given[n, s]), default=0.0)
                for t in range(4) if asked[q, t]
            ]
            assert float(found[q, n]) == pytest.approx(sum(best) / len(best), abs=1e-6)


def test_a_text_meets_its_own_words_wholly_and_padding_changes_nothing() -> None:
    torch.manual_seed(1)
    states = F.normalize(torch.randn(1, 5, 8), dim=-1)
    ones = torch.ones(1, 5, dtype=torch.long)
    assert float(max_similarity(states, ones, states, ones)) == pytest.approx(1.0, abs=1e-6)
    padded, mask = torch.cat([states, states[:, :2]], dim=1), torch.tensor([[1, 1, 1, 1, 1, 0, 0]])
    other = F.normalize(torch.randn(1, 3, 8), dim=-1)
    alone = max_similarity(other, torch.ones(1, 3, dtype=torch.long), states, ones)
    assert torch.equal(alone, max_similarity(other, torch.ones(1, 3, dtype=torch.long), padded, mask))


def test_the_frame_does_not_count() -> None:
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]])
    assert inner(mask).tolist() == [[0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
