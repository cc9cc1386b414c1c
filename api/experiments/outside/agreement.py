"""How far the judge's verdicts agree with our own measures, on the same answers: share and Cohen's kappa.

Kappa (Cohen 1960) is the agreement beyond what two markers with these shares of "yes" have by chance: (agreed -
expected) / (1 - expected). Where both say the same of everything it is not defined.

Ours: right is Match (`api.experiments.measures`), supported is by shared words with what was cited. Both are of the
first seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """answers: judged by both. both_yes, only_ours, only_judge, both_no: of them. share: 0..1; kappa: -1..1, None where
    it is not defined."""

    answers: int
    both_yes: int
    only_ours: int
    only_judge: int
    both_no: int
    share: float
    kappa: float | None


def agreement(pairs: Sequence[tuple[bool, bool]]) -> Agreement | None:
    """Of (ours, the judge's) on each answer; None for no answers."""
    if not pairs:
        return None
    from statsmodels.stats.inter_rater import cohens_kappa

    counted = [pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
    table = [counted[:2], counted[2:]]
    # Without a second verdict on either side the expected agreement is 1, and kappa is divided by nothing.
    one_sided = max(counted) == len(pairs) and pairs[0][0] == pairs[0][1]
    kappa = None if one_sided else float(cohens_kappa(table, return_results=False))
    both_yes, only_ours, only_judge, both_no = counted
    share = (both_yes + both_no) / len(pairs)
    return Agreement(len(pairs), both_yes, only_ours, only_judge, both_no, share, kappa)
