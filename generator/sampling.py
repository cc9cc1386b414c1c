"""From scores to one action: greedy, temperature, top-k, top-p, min-p, repetition penalty, all pure functions.

Scores are a row [A] of unnormalised log-probabilities over A actions; -inf bars an action. Randomness comes from the
generator that is passed in, so a seed fixes the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """How to choose. temperature 0: the best action (greedy); the other knobs narrow what may be sampled.

    top_k: the k best (0: all). top_p: the fewest best that hold this much probability (Holtzman et al. 2020, arXiv
    1904.09751). min_p: those at least this share of the best one's probability (Nguyen et al. 2024, arXiv
    2407.01082). repetition_penalty: divides the odds of what was taken before (Keskar et al. 2019, arXiv
    1909.05858); 1: none. Ranges are checked where they enter, in `generator.options.AnswerOptions`.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0


def penalise(scores: torch.Tensor, taken: torch.Tensor, penalty: float) -> torch.Tensor:
    """Log-probabilities of the actions `taken` times `penalty` (they are negative, so this makes them rarer)."""
    if penalty == 1.0 or taken.numel() == 0:
        return scores
    log_probabilities = scores.log_softmax(-1)
    log_probabilities[taken] *= penalty
    return log_probabilities


def narrow(probabilities: torch.Tensor, options: SamplingOptions) -> torch.Tensor:
    """`probabilities` [A] with all that top-k, top-p and min-p shut out set to 0, summing to 1 again."""
    if not options.top_k and options.top_p >= 1.0 and options.min_p <= 0.0:
        return probabilities  # nothing to sort for
    ordered, order = probabilities.sort(descending=True)
    keep = torch.ones_like(ordered, dtype=torch.bool)
    if options.top_k:
        keep[options.top_k :] = False
    # An action stays while the ones before it hold less than top_p: the first always does.
    keep &= ordered.cumsum(-1) - ordered < options.top_p
    keep &= ordered >= options.min_p * ordered[0]
    kept = torch.zeros_like(probabilities)
    kept[order[keep]] = ordered[keep]
    return kept / kept.sum()


def choose(scores: torch.Tensor, options: SamplingOptions, generator: torch.Generator) -> int:
    """One action of `scores` [A]."""
    if options.temperature == 0.0:
        return int(scores.argmax())
    # Divided after the maximum is taken off, so that a small temperature cannot overflow.
    probabilities = ((scores - scores.max()) / options.temperature).softmax(-1)
    return int(torch.multinomial(narrow(probabilities, options), 1, generator=generator))
