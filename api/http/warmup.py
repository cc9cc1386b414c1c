"""Loading the models in the background, so that the server listens at once and /readyz tells when to ask."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from api.http.problem import as_problem

logger = logging.getLogger("lectern.http")


class Warmup:
    """One run of `load` in a thread of its own. done: it has succeeded. error: why it has not, or ""."""

    def __init__(self, load: Callable[[], None]) -> None:
        self._load = load
        self.done = False
        self.error = ""

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="lectern-warmup", daemon=True).start()

    def _run(self) -> None:
        try:
            self._load()
        except Exception as error:
            problem = as_problem(error)
            if problem.status_code == 500:
                logger.exception("the models could not be loaded")
            self.error = problem.detail
            logger.error("questions cannot be answered: %s", problem.detail)
        else:
            self.done = True
