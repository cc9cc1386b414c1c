"""What the corpus check finds: errors (the corpus breaks its rules) and warnings (a person should look)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpus.records import CorpusError, Place


@dataclass(frozen=True, order=True)
class Finding:
    """One thing wrong: `path:line: message`; line 0 is the file (or folder) as a whole."""

    path: Path
    line: int
    message: str
    level: Literal["error", "warning"]

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else f"{self.path}"
        return f"{where}: {self.message}"


def error(place: Place, message: str) -> Finding:
    return Finding(place.path, place.line, message, "error")


def warning(place: Place, message: str) -> Finding:
    return Finding(place.path, place.line, message, "warning")


def from_exception(exception: CorpusError) -> Finding:
    return Finding(exception.path, exception.line, exception.message, "error")


def at(place: Place, errors: Iterable[str], warnings: Iterable[str] = ()) -> list[Finding]:
    """Findings of one place."""
    return [*(error(place, text) for text in errors), *(warning(place, text) for text in warnings)]
