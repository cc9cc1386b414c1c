"""Lists and tables are shown whole: who asks for the steps of something is not served by the second of them.

The reader judges sentences, and an item is one. Where what announces a list is chosen («Three steps follow:»), or an
item while others of its list are likely too, the answer is the list, quoted with what announces it; a table likewise,
whose first row announces the others. The likelihoods are those that further sentences are chosen by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generator.decisions import Decisions
from generator.evidence import Candidate, Choice, follows, leads, shares
from generator.wording import begins_with_markup
from ingest.lists import Listing, without_marker
from ingest.sentences import split_sentences

# Of the softmax over all sentences, what the rest of a list must have to be shown beside an item: by reading answers
# from a few lists, not fitted, as dev has next to none.
REST = 0.15
# Characters of a list that are shown; how far around a passage its lists are followed.
LONGEST, AROUND = 1000, 2000
# Those of a list that is one sentence, which is shown whole for one of its items.
SHORT = 600
# A row of fewer columns, «Batch size | 256», says itself what is what.
COLUMNS_TO_NAME = 3


def harmless(listings: Sequence[Listing], text: str) -> list[Listing]:
    """The listings of a text up to the first item or row with a sentence that no answer may be taken from
    (`wording.begins_with_markup`)."""
    found = []
    for one in listings:
        # A first cell may be empty.
        lines = (text[slice(*part)] for part in one.parts)
        bad = (n for n, line in enumerate(lines) if _has_markup(line.removeprefix("| ") if one.columns else line))
        parts = one.parts[: next(bad, len(one.parts))]
        if len(parts) == len(one.parts) or len(parts) > 1:
            found.append(replace(one, parts=parts))
    return found


def with_listing(choice: Choice | None, found: Sequence[Candidate], decisions: Decisions) -> Choice | None:
    """The choice with the whole list in place of its best candidate, where that is what was asked for; how likely it is
    right stays. Of a list that is too long, what there is room for, if it holds the candidate. A list that is announced
    by what leans on the best candidate, «Such a reason is:», stands behind it."""
    if choice is None:
        return choice
    best = choice.candidate
    if best.listing is None:
        announcing = next((one for one in found if one.announces and follows(best, one) and not one.alone), None)
        if announcing is None:
            return choice
        below = with_listing(replace(choice, candidate=announcing, leads=()), found, decisions)
        return choice if below is None or below.candidate == announcing else replace(below, leads=(*choice.leads, best))
    listing = best.listing
    own = listing.part_at(best.interval[0])
    inside = [one.passage == best.passage and one.listing == listing for one in found]
    rest = sum(
        share for one, share, member in zip(found, shares(found, decisions), inside, strict=True)
        if member and listing.part_at(one.interval[0]) != own
    )
    end = max((z for _, z in listing.parts if z - listing.start <= LONGEST), default=listing.start)
    fits = end > listing.parts[0][1] or len(listing.parts) == 1 < end - listing.start
    part_of_it = best.is_item and not best.whole and end == listing.end and end - listing.start <= SHORT
    # Under a heading that asks the same, the first item is the whole list's beginning.
    others = rest >= REST or part_of_it or best.cue.gain > 0.0
    one_is_enough = best.interval[0] >= listing.informs and (best.cue.alone or not others)
    if one_is_enough or not fits or best.interval[1] > end:
        return choice
    members = [one for one, member in zip(found, inside, strict=True) if member]
    first = next((one for one in members if one.interval[0] == listing.start), None)
    return replace(
        choice, candidate=replace(best, interval=(listing.start, end), alone=True, whole=True, verbatim=True),
        further=tuple(one for one in choice.further if one not in members),
        leads=() if first is None else leads(first, found),
    )


def _has_markup(part: str) -> bool:
    words = part[without_marker(part, 0) :]
    return any(begins_with_markup(words[a:z]) for a, z in split_sentences(words))
