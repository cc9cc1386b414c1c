"""The pages of kept PDFs as they look, drawn in a process of their own: a hostile file costs this one nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import ApiError
from ingest.errors import LimitExceeded, ParseError
from ingest.limits import Limits
from ingest.page_places import PagePlaces
from ingest.parse import read_file
from ingest.sandbox import Sandbox

# Somebody waits for the page, so less than reading a whole file may take.
_LIMITS = Limits(seconds=10.0, silent_seconds=6.0)
# Who would wait longer for the pages of others is told to come back.
_PATIENCE_SECONDS = 20.0


def can_be_drawn(path: Path) -> bool:
    """Whether a kept file has pages that look like something."""
    return path.suffix.lower() == ".pdf"


class ViewerBusy(ApiError):
    """Others' pages take too long."""


class PageViewer:
    """One process, started at the first page and ended by `close`. Threads may share it: they wait for each other, and
    raise ViewerBusy if that takes too long. All methods raise ParseError, which names `name`."""

    def __init__(self, limits: Limits = _LIMITS) -> None:
        self._limits = limits
        self._sandbox = Sandbox(limits)
        self._lock = threading.Lock()

    def image(self, path: Path, name: str, number: int, width: int) -> bytes:
        """The page (from 1) of the PDF at `path` as PNG, `width` pixels wide."""
        with self._turn():
            return self._sandbox.page_image(self._content(path, name), name, number, width)

    def places(self, path: Path, name: str, number: int, words: str, place: float) -> PagePlaces:
        """Where `words` are on the page. place: how far down its text they begin, 0 to 1."""
        with self._turn():
            return self._sandbox.page_places(self._content(path, name), name, number, words, place)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            raise ViewerBusy("other pages are being drawn; try again in a minute, or read the text of this one")
        try:
            yield
        finally:
            self._lock.release()

    def _content(self, path: Path, name: str) -> bytes:
        """The file, read by whose turn it is: many that wait must not hold many files in memory."""
        try:
            return read_file(path, self._limits)
        except LimitExceeded:
            raise
        except ParseError as error:  # removed since it was looked up; the message says where it was
            raise ParseError(f"{name}: its file is gone; ingest it again") from error

    def close(self) -> None:
        """Ends the process, also while it draws; nothing is drawn any more."""
        self._sandbox.leave()
