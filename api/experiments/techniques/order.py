"""The order in which passages are read.

Liu et al. 2023, "Lost in the Middle", arXiv 2307.03172: large decoders use what stands first or last in their prompt
and overlook the middle. Lectern's reader takes each passage by itself with the question, and the decoder sees their
positions without an order among passages: by construction this arm has to come out the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from api.experiments.knobs import Order
from retrieval.hit import Hit


def ordered(hits: Sequence[Hit], order: Order | None, draw: random.Random) -> list[Hit]:
    """The hits, best first, in another order; each keeps the rank it was found at."""
    if order == "shuffled":
        return draw.sample(list(hits), len(hits))
    return list(hits)[::-1] if order == "best-last" else list(hits)
