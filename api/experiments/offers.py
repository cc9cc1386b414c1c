"""The shipped experiments as they were read: each file once, unless it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from api.experiments import definition
from api.experiments.definition import Experiment


@dataclass(slots=True)
class Offers:
    """Threads may share it: at worst a file is read twice."""

    _read: dict[Path, tuple[tuple[int, int], Experiment]] = field(default_factory=dict)

    def all(self) -> list[Experiment]:
        """The experiments that come with the program, by name. Raises ConfigError."""
        return [self._one(path) for path in definition.shipped()]

    def _one(self, path: Path) -> Experiment:
        found = path.stat()
        version = found.st_mtime_ns, found.st_size
        known = self._read.get(path)
        if known is None or known[0] != version:
            known = self._read[path] = (version, definition.load(path))
        return known[1]
