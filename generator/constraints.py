"""What the decoder may do at a step, so that grounding holds by construction and not by hope.

With documents: digits, capitals, negations and words of cause cannot be written from the vocabulary, so numbers and
names are copied, and nothing is denied or concluded that the documents do not; numbers, negations and causes come from
passages, not from the question, and question marks from neither: an answer asks nothing back. A copied word is copied
whole or given another ending; a copied number is copied whole. A place is copied once, and no four pieces repeat. A
bracket is closed only when one is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from generator.memory import QUESTION, Source
from generator.patience import Patience
from generator.pieces import CASES, SENTENCE_END
from generator.vocabulary import END, Vocabulary
from generator.wording import CAUSES, NEGATIONS, OPENED_BY

BARRED = float("-inf")
_ELLIPSIS_OF_NUMBER = frozenset(".,")
_ONLY_COPIED = NEGATIONS | CAUSES


@dataclass(frozen=True, slots=True)
class _Entries:
    """What a vocabulary's entries are, by number. keys: piece and case as one number; barred: negations, words of
    cause and the mark of a question; closing: by the bracket that they close; ending: ends of a sentence, and the end
    of the answer."""

    keys: tuple[int, ...]
    barred: tuple[int, ...]
    closing: dict[str, tuple[int, ...]]
    ending: tuple[int, ...]


@lru_cache(maxsize=4)
def _entries_of(vocabulary: Vocabulary) -> _Entries:
    """The same for every prompt, and thousands to look at."""
    surfaces = list(enumerate(vocabulary.surfaces))
    return _Entries(
        tuple(id_ * CASES + int(case) for id_, case in vocabulary.entries),
        tuple(
            n for n, surface in surfaces
            if surface == "?" or (surface.lower() in _ONLY_COPIED and not vocabulary.continues[n])
        ),
        {bracket: tuple(n for n, surface in surfaces if surface == bracket) for bracket in OPENED_BY},
        (END, *(n for n, surface in surfaces if surface in SENTENCE_END)),
    )


class Constraints:
    """The bars for one prompt, over V vocabulary entries and M memory positions.

    grounded: documents are given; without them (closed book) every piece may be written. patience: says when an answer
    may not end yet.
    """

    def __init__(
        self, vocabulary: Vocabulary, sources: Sequence[Source | None], *, grounded: bool,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience
        self.vocabulary, self.sources = vocabulary, sources
        self._V = V = len(vocabulary)
        entries = _entries_of(vocabulary)
        self._endings = torch.tensor(vocabulary.continues)
        self._base = torch.zeros(V + len(sources))
        for m, source in enumerate(sources):
            not_of_the_question = (
                grounded and source is not None and source.kind == QUESTION
                and (source.has_digit or source.surface == "?" or source.surface.lower() in _ONLY_COPIED)
            )
            # The inside of a word or a number can only be reached by going on from its beginning.
            inside = source is not None and (source.piece.continues or (m > 0 and self._inside_number(m - 1)))
            if source is None or inside or not_of_the_question:
                self._base[V + m] = BARRED
        if grounded:
            self._base[vocabulary.digits] = BARRED
            self._base[vocabulary.capitals] = BARRED
            self._base[list(entries.barred)] = BARRED
        self._keys = [
            *entries.keys,
            *(-1 if source is None else source.piece.id * CASES + int(source.piece.case) for source in sources),
        ]
        self._key_tensor = torch.tensor(self._keys)
        self._closing = {
            bracket: [*own, *self._copies_of(bracket)] for bracket, own in entries.closing.items()
        }
        self._ending = [*entries.ending, *(action for end in SENTENCE_END for action in self._copies_of(end))]

    def _copies_of(self, surface: str) -> list[int]:
        return [
            self._V + m for m, source in enumerate(self.sources) if source is not None and source.surface == surface
        ]

    def _next(self, m: int) -> Source | None:
        """What touches position m from the right, without a gap, in the same text."""
        here = self.sources[m]
        after = self.sources[m + 1] if m + 1 < len(self.sources) else None
        if here is None or after is None or after.gap or (here.passage, here.kind) != (after.passage, after.kind):
            return None
        return after

    def _inside_number(self, m: int) -> bool:
        """Whether a copy that ends at m would cut a number: `19|78`, `3|.5`, `3.|5`."""
        here, after = self.sources[m], self._next(m)
        if here is None or after is None:
            return False
        if here.has_digit and after.has_digit:
            return True
        if here.has_digit and after.surface in _ELLIPSIS_OF_NUMBER:
            beyond = self._next(m + 1)
            return beyond is not None and beyond.has_digit
        before = self.sources[m - 1] if m > 0 else None
        return (
            here.surface in _ELLIPSIS_OF_NUMBER and not here.gap and after.has_digit
            and before is not None and before.has_digit
        )

    def bars(self, actions: Sequence[int]) -> torch.Tensor:
        """Additive bars [V + M], 0 or -inf, for the action that follows `actions`."""
        V = self._V
        position = actions[-1] - V if actions and actions[-1] >= V else -1
        if position >= 0:
            after = self._next(position)
            if after is not None and (after.piece.continues or self._inside_number(position)):
                only = torch.full_like(self._base, BARRED)
                only[V + position + 1] = 0.0
                if not self._inside_number(position):
                    only[:V] = torch.where(self._endings, self._base[:V], only[:V])
                return only
        bars = self._base.clone()
        if not self._takes_ending(actions):
            bars[:V] = torch.where(self._endings, BARRED, bars[:V])
        copied = [action for action in actions if action >= V]
        bars[copied] = BARRED
        if not actions:
            bars[END] = BARRED
        self._bar_repeats(bars, actions)
        surfaces = [self.surface(action) for action in actions]
        open_ = False
        for bracket, where in self._closing.items():
            if surfaces.count(OPENED_BY[bracket]) <= surfaces.count(bracket):
                bars[where] = BARRED
            else:
                open_ = True
        going_on = actions[-1] + 1 if position >= 0 and position + 1 < len(self.sources) else -1
        if self._patience is not None and going_on >= 0 and bars[going_on] == 0.0:
            places = [action - V if action >= V else -1 for action in actions]
            if open_ or self._patience.holds(places):
                bars[self._ending] = BARRED
                bars[going_on] = 0.0
        return bars

    def surface(self, action: int) -> str:
        """The characters of an action, as its source or the vocabulary has them."""
        if action < self._V:
            return self.vocabulary.surfaces[action]
        source = self.sources[action - self._V]
        return "" if source is None else source.surface

    def _takes_ending(self, actions: Sequence[int]) -> bool:
        """Whether a word has been begun that a `##` piece can go on."""
        if not actions:
            return False
        surface = self.surface(actions[-1])
        return bool(surface) and surface[-1].isalpha() and surface not in SENTENCE_END

    def _bar_repeats(self, bars: torch.Tensor, actions: Sequence[int]) -> None:
        keys = [self._keys[action] for action in actions]
        followers = {
            keys[n + 3] for n in range(len(keys) - 3) if keys[n : n + 3] == keys[-3:]
        }
        for key in followers:
            bars[self._key_tensor == key] = BARRED
