"""What a person may set about an answer. No heavy imports: the command line reads this at start-up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How to write an answer, and when not to.

    temperature 0: one draft is greedy, the others are sampled near it and do not depend on the seed; top_k_sampling
    (0: all), top_p, min_p, repetition_penalty, seed: see `generator.sampling.SamplingOptions`. max_tokens: pieces
    written of each draft, 1 to 90. verify: check every sentence against its source before it is shown. abstain: say so
    when the documents do not answer. risk: the share of wrong answers among those given that is accepted, 0 to 1; None:
    the threshold that was best on dev.

    Raises ValueError for anything out of range.
    """

    temperature: float = 0.0
    top_k_sampling: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 80
    verify: bool = True
    abstain: bool = True
    risk: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature <= 100.0:
            raise ValueError(f"temperature must be 0 (greedy) to 100, not {self.temperature}")
        if self.top_k_sampling < 0:
            raise ValueError(f"top_k_sampling must be 0 (all) or more, not {self.top_k_sampling}")
        if not 0.0 < self.top_p <= 1.0:
            raise ValueError(f"top_p must be above 0 and at most 1, not {self.top_p}")
        if not 0.0 <= self.min_p <= 1.0:
            raise ValueError(f"min_p must be 0 to 1, not {self.min_p}")
        if not 1.0 <= self.repetition_penalty <= 10.0:
            raise ValueError(f"repetition_penalty must be 1 (none) to 10, not {self.repetition_penalty}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be a whole number from 0, not {self.seed}")
        if not 1 <= self.max_tokens <= 90:
            raise ValueError(f"max_tokens must be 1 to 90, not {self.max_tokens}")
        if self.risk is not None and not 0.0 <= self.risk <= 1.0:
            raise ValueError(f"risk must be 0 to 1, not {self.risk}")
