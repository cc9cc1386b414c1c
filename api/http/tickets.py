"""Addresses that open one report without the API key, for a while: a browser's new tab cannot send the key.

Whoever has the key gets a ticket; the ticket is 256 bits of chance and stands in the address. It opens that report and
nothing else, for anyone who has it, until it is too old or the server stops. The key itself never is in an address.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SECONDS = 600.0  # long enough to reload a page that is being read
MOST = 256  # tickets at a time; the oldest goes first


@dataclass(slots=True)
class Tickets:
    """Threads may share it. now: seconds on a clock that never goes back."""

    now: Callable[[], float] = time.monotonic
    _issued: dict[str, tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, run_id: str) -> str:
        """A new ticket for the report of a run."""
        ticket = secrets.token_urlsafe(32)
        with self._lock:
            self._issued = {old: row for old, row in self._issued.items() if self.now() < row[0]}
            while len(self._issued) >= MOST:
                del self._issued[next(iter(self._issued))]
            self._issued[ticket] = (self.now() + SECONDS, run_id)
        return ticket

    def run_of(self, ticket: str) -> str | None:
        """The run whose report the ticket opens; None for one that is unknown or too old."""
        with self._lock:
            until, run_id = self._issued.get(ticket, (0.0, ""))
            if run_id and self.now() >= until:
                del self._issued[ticket]
                return None
        return run_id or None
