"""What the decoder proposes to say from one candidate, and which of it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.decisions import Decisions
from generator.engine import Verdict
from generator.evidence import Candidate
from generator.grounding import Draft, advantage

# A sentence with what the verifier says of it.
Judged = tuple[Draft, Verdict]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer that the decoder wrote from one candidate: its sentences, one at least."""

    sentences: tuple[Judged, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(draft.text for draft, _ in self.sentences)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the decoder writes from one candidate, as far as it could be shown, in the order it was drawn in."""

    candidate: Candidate
    proposals: tuple[Proposal, ...]


def best(proposals: Sequence[Proposal], confidence: float, decisions: Decisions) -> tuple[Proposal, float] | None:
    """The proposal whose first sentence is likeliest to be right, and by how much likelier than the candidate that it
    was written from; None without any. confidence: that the candidate is right, 0..1."""
    judged = [(one, advantage(*one.sentences[0], confidence, decisions)) for one in proposals]
    return max(judged, key=lambda item: item[1], default=None)


def passing(
    proposals: Sequence[Proposal], confidence: float, decisions: Decisions, own: float
) -> tuple[Judged, ...]:
    """The sentences of the best proposal that have an advantage of `own`; none where its first has not."""
    found = best(proposals, confidence, decisions)
    if found is None or found[1] < own:
        return ()
    return tuple(one for one in found[0].sentences if advantage(*one, confidence, decisions) >= own)
