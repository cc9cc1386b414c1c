"""Sampling narrows as its definitions say, and extremes meet greedy."""

from __future__ import annotations

import torch

from generator.sampling import SamplingOptions, choose, narrow, penalise


def test_greedy_is_the_limit_of_every_knob() -> None:
    scores = torch.randn(50, generator=torch.Generator().manual_seed(1))
    best = int(scores.argmax())
    for options in (
        SamplingOptions(),
        SamplingOptions(temperature=1.0, top_k=1),
        SamplingOptions(temperature=1.0, top_p=1e-6),
        SamplingOptions(temperature=1.0, min_p=1.0),
        SamplingOptions(temperature=1e-6),
    ):
        assert choose(scores, options, torch.Generator().manual_seed(0)) == best


def test_top_p_keeps_the_fewest_that_hold_the_mass() -> None:
    kept = narrow(torch.tensor([0.5, 0.3, 0.15, 0.05]), SamplingOptions(temperature=1.0, top_p=0.7))
    torch.testing.assert_close(kept, torch.tensor([0.625, 0.375, 0.0, 0.0]))


def test_barred_actions_are_never_taken() -> None:
    scores = torch.zeros(20)
    scores[3:] = float("-inf")
    generator = torch.Generator().manual_seed(2)
    taken = {choose(scores, SamplingOptions(temperature=50.0), generator) for _ in range(60)}
    assert taken == {0, 1, 2}


def test_a_penalty_makes_what_was_taken_rarer() -> None:
    scores = torch.tensor([2.0, 1.9, 0.0])
    before = scores.softmax(-1)
    after = penalise(scores.clone(), torch.tensor([0]), 2.0).softmax(-1)
    assert after[0] < before[0] and int(after.argmax()) == 1
