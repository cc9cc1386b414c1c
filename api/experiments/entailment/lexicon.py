"""What the verifier knows about words: how rare each is, which mean the same, which stand in the same places.

- rarity: inverse document frequency over paragraphs (Spärck Jones 1972);
- paraphrases: words that translate into the same words of the other language (pivoting: Bannard & Callison-Burch 2005,
  ACL), from translation tables by IBM model 1 (Brown et al. 1993); a word and its translation are among them, so a
  claim may be in another language than its text. Unlike neighbours in a vector space, opposites are not alike;
- company: vectors of the words around (positive mutual information, factored: Levy & Goldberg 2014). Words that keep
  the same company and are no paraphrases are what one puts in place of the other by mistake: mean and median.

All of it is counted in text (api/experiments/entailment/training/), nothing comes from a network. Shapes: V words that
have company, D its dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_COMMON_LETTERS = 5  # a common beginning this long, and two thirds of the longer word: of one root
_SAME_ROOT = 0.7


@dataclass(frozen=True, slots=True)
class Lexicon:
    """rarity: stem -> inverse document frequency, nats. paraphrases: stem -> stem -> likeness, 0..1. rows: stem -> row
    of company [V, D], rows of length 1."""

    rarity: Mapping[str, float]
    paraphrases: Mapping[str, Mapping[str, float]]
    rows: Mapping[str, int]
    company: NDArray[np.float32]
    unseen: float

    def rarity_of(self, stem: str) -> float:
        """A word never seen is as rare as one seen once."""
        return self.rarity.get(stem, self.unseen)

    def likeness(self, first: str, second: str) -> float:
        """How far two words mean the same, 0..1; 1 for the same stem."""
        if first == second:
            return 1.0
        known = self.paraphrases.get(first, {}).get(second, 0.0)
        return max(known, _SAME_ROOT) if same_root(first, second) else known

    def in_company(self, first: str, second: str) -> float:
        """Cosine of the words' company, 0 where one is unknown."""
        one, other = self.rows.get(first), self.rows.get(second)
        return 0.0 if one is None or other is None else float(self.company[one] @ self.company[other])


def same_root(first: str, second: str) -> bool:
    """Whether two stems are likely to be of one root: `запрашива` and `запрашиваем`, `quantiz` and `quantizat`."""
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) < _COMMON_LETTERS or longer[0].isdigit():
        return False
    common = next((n for n, letter in enumerate(shorter) if letter != longer[n]), len(shorter))
    return common >= _COMMON_LETTERS and 3 * common >= 2 * len(longer)
