"""Lists and tables are shown whole: who asks for the steps of something is not served by the second of them.

The reader judges sentences, and an item is one. Where what announces a list is chosen («Three steps follow:»), or an
item while others of its list are likely too, the answer is the list, quoted with what announces it; a table likewise,
which its first row announces. The likelihoods are those that further sentences are chosen by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generator.decisions import Decisions
from generator.evidence import Candidate, Choice, shares

# Of the softmax over all sentences, what the rest of a list must have to be shown beside an item: by reading answers
# from a few lists, not fitted, as dev has next to none.
REST = 0.15


def with_listing(choice: Choice | None, found: Sequence[Candidate], decisions: Decisions) -> Choice | None:
    """The choice with the whole list in place of its best candidate, where that is what was asked for; how likely it is
    right stays."""
    if choice is None or (listed := choice.candidate.listed) is None:
        return choice
    best = choice.candidate
    inside = [one.passage == best.passage and one.listed == listed for one in found]
    rest = sum(
        share for one, share, member in zip(found, shares(found, decisions), inside, strict=True)
        if member and one is not best
    )
    if best.interval[0] != listed[0] and rest < REST:
        return choice
    members = [one for one, member in zip(found, inside, strict=True) if member]
    whole = replace(best, interval=listed, alone=True, whole=True, header=None, verbatim=True)
    return replace(
        choice, candidate=whole, further=tuple(one for one in choice.further if one not in members), leads=()
    )
