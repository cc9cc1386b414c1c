"""The pages of kept PDFs as they look, drawn in a process of their own: a hostile file costs this one nothing."""

from __future__ import annotations

import threading
from pathlib import Path

from ingest.limits import Limits
from ingest.page_places import PagePlaces
from ingest.parse import read_file
from ingest.sandbox import Sandbox

# Somebody waits for the page, so less than reading a whole file may take.
_LIMITS = Limits(seconds=20.0, silent_seconds=15.0)


class PageViewer:
    """One process, started at the first page and ended by `close`. Threads may share it: they wait for each other."""

    def __init__(self, limits: Limits = _LIMITS) -> None:
        self._limits = limits
        self._sandbox = Sandbox(limits)
        self._lock = threading.Lock()

    def image(self, path: Path, name: str, number: int, width: int) -> bytes:
        """The page (from 1) of the PDF at `path` as PNG, `width` pixels wide. Raises ParseError, which names `name`."""
        content = read_file(path, self._limits)
        with self._lock:
            return self._sandbox.page_image(content, name, number, width)

    def places(self, path: Path, name: str, number: int, words: str, place: float) -> PagePlaces:
        """Where `words` are on the page. place: how far down its text they begin, 0 to 1. Raises ParseError."""
        content = read_file(path, self._limits)
        with self._lock:
            return self._sandbox.page_places(content, name, number, words, place)

    def close(self) -> None:
        """Ends the process, also while it draws; nothing is drawn any more."""
        self._sandbox.leave()
