"""When an answer may not end yet: amid a clause that it copies, or before it has said what the reader takes for the
short answer.

Only while the copy could go on: at the end of what may be copied it may always end, so that patience costs at most the
rest of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from generator.memory import EVIDENCE, Prompt, Source
from generator.wording import JOINTS, LONG_RUN, STOPS


class Patience:
    """For the sources of one prompt. wanted: positions of the pieces that the answer should not leave out."""

    @classmethod
    def of(cls, prompt: Prompt, sources: Sequence[Source | None]) -> Patience:
        """For what the prompt says an answer should keep."""
        wanted = [
            m for m, source in enumerate(sources)
            if source is not None and source.kind == EVIDENCE
            and prompt.keep[source.passage][0] <= source.piece.start < prompt.keep[source.passage][1]
        ]
        return cls(sources, wanted)

    def __init__(self, sources: Sequence[Source | None], wanted: Sequence[int]) -> None:
        self._sources = sources
        self._wanted = [m for m in wanted if (source := sources[m]) is not None and source.surface.isalnum()]

    def holds(self, positions: Sequence[int]) -> bool:
        """Whether the answer must go on; positions: where each action so far was copied from, -1 for those that were
        not."""
        if not positions or positions[-1] < 0:
            return False
        last = positions[-1]
        here, after = self._at(last), self._at(last + 1)
        if here is None or after is None or here.kind != EVIDENCE or after.passage != here.passage:
            return False
        # What lies before this place, going on would not bring.
        said = {self._key(m) for m in positions if m >= 0}
        if any(m > last and self._key(m) not in said for m in self._wanted):
            return True
        beyond = self._at(last + 2)
        joins = after.surface.lower() in JOINTS and not (beyond is not None and beyond.piece.continues)
        return not joins and after.surface not in STOPS and self._words_to(positions) >= LONG_RUN

    def _words_to(self, positions: Sequence[int]) -> int:
        """How many words the run has that ends with the last of `positions`."""
        first = len(positions) - 1
        while first > 0 and positions[first - 1] == positions[first] - 1:
            first -= 1
        run = [self._at(m) for m in positions[first:]]
        return 1 + sum(source is not None and bool(source.gap) for source in run[1:])

    def _at(self, m: int) -> Source | None:
        return self._sources[m] if m < len(self._sources) else None

    def _key(self, m: int) -> str:
        source = self._sources[m]
        return "" if source is None else source.surface.lower()
