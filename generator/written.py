"""What the decoder wrote: an answer as text and as pieces that know where they were copied from."""

from __future__ import annotations

from dataclasses import dataclass

from generator.memory import Source


@dataclass(frozen=True, slots=True)
class Written:
    """One piece of an answer: the characters `text[start:end]` it added, where it was copied from (None: written from
    the vocabulary), and its log-probability under the model before any bar."""

    start: int
    end: int
    source: Source | None
    log_probability: float


@dataclass(frozen=True, slots=True)
class Generated:
    """A whole answer: `text`, its pieces, and whether it ended by itself."""

    text: str
    pieces: tuple[Written, ...]
    ended: bool

    @property
    def mean_log_probability(self) -> float:
        """Mean over pieces, 0 for an empty answer."""
        return sum(p.log_probability for p in self.pieces) / max(1, len(self.pieces))
