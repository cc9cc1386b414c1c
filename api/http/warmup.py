"""Loading the models in the background, so that the server listens at once and /readyz tells when to ask."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from api.http.problem import as_problem

logger = logging.getLogger("lectern.http")


RETRY_SECONDS = 30.0


class Warmup:
    """Runs `load` in a thread of its own until it succeeds. done: it has. error: why it has not the last time, or "".

    A disk that is full or a library that is locked at the start may be well a minute later.
    """

    def __init__(self, load: Callable[[], None], *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._load = load
        self._retry_seconds = retry_seconds
        self._closed = threading.Event()
        self.done = False
        self.error = ""

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="lectern-warmup", daemon=True).start()

    def close(self) -> None:
        """Try no more."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._try()
            if self.done or self._closed.wait(self._retry_seconds):
                return

    def _try(self) -> None:
        try:
            self._load()
        except Exception as error:
            problem = as_problem(error)
            if problem.status_code == 500:
                logger.exception("the models could not be loaded")
            self.error = problem.detail
            logger.error("questions cannot be answered: %s", problem.detail)
        else:
            self.error = ""
            self.done = True
