"""What the decoder wrote: an answer as text and as pieces that know where they were copied from."""

from __future__ import annotations

from collections.abc import Sequence
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


def goes_on(pieces: Sequence[Written], number: int) -> bool:
    """Whether piece `number` is copied from where the one before it was copied on."""
    source = pieces[number].source
    before = pieces[number - 1].source if number else None
    return (
        source is not None and before is not None and (source.passage, source.kind) == (before.passage, before.kind)
        and before.piece.end + len(source.gap) == source.piece.start
    )


def runs_of(pieces: Sequence[Written]) -> list[Sequence[Written]]:
    """`pieces`, cut where the next one is not copied from where the one before was copied on."""
    bounds = [*(n for n in range(len(pieces)) if not goes_on(pieces, n)), len(pieces)]
    return [pieces[a:z] for a, z in zip(bounds, bounds[1:], strict=False)]
