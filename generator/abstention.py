"""When to say that the documents do not answer: a threshold on the reader's relevance, chosen on dev.

`thresholds.json` beside the weights holds, for a grid of thresholds, the share of wrong answers among those given
(risk) and the share of questions answered (coverage), measured on dev by `lectern train thresholds`. A person who
names a risk gets the lowest threshold that keeps it on dev; nobody promises it elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

THRESHOLDS_FILE = "thresholds.json"


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold (a probability of relevance) with its risk and coverage on dev, each 0..1."""

    threshold: float
    risk: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Abstention:
    """default: the threshold when no risk is named. log_probability: a decoder sentence below this mean is not good
    enough and the evidence is quoted instead. supported: likewise for its share of words found in the source."""

    default: float = 0.5
    log_probability: float = -1.5
    supported: float = 0.6
    curve: tuple[Point, ...] = ()

    def threshold(self, risk: float | None) -> float:
        """The relevance below which there is no answer. A risk that no threshold keeps on dev gives the strictest."""
        if risk is None or not self.curve:
            return self.default
        kept = [point.threshold for point in self.curve if point.risk <= risk]
        return min(kept) if kept else max(point.threshold for point in self.curve)

    def save(self, folder: Path) -> None:
        """Write `thresholds.json`."""
        (folder / THRESHOLDS_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Abstention:
        """What `save` wrote; the defaults where nothing was measured."""
        path = folder / THRESHOLDS_FILE
        if not path.is_file():
            return cls()
        values = json.loads(path.read_text(encoding="utf-8"))
        values["curve"] = tuple(Point(**point) for point in values["curve"])
        return cls(**values)
