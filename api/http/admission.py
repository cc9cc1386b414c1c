"""How much model work runs at once: a few slots, a bounded queue before them, and a clear no to the rest.

The models are one copy in memory and the processor is shared, so more answers at once only make each
slower. `slots` run, `waiting` more wait for at most `patience_seconds`; who comes after that gets 429 at
once, who waited in vain 503, both with Retry-After from the time that answers took lately. The work itself
runs in a thread pool with one thread per slot, so the event loop stays free for pages, health checks and
streams. A slot is free again when its thread is, not when its client has left: a thread cannot be stopped,
only asked to stop at its next item.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from api.http.problem import Problem

T = TypeVar("T")

_LATELY = 0.2  # weight of the newest duration in the running mean
_LONGEST_RETRY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class _End:
    """What closes a stream: the error that ended it, or None."""

    error: Exception | None


class Admission:
    """The slots and the queue before them; to be used from one event loop.

    slots: answers at once. waiting: how many may queue. patience_seconds: how long one waits there.
    """

    def __init__(self, *, slots: int = 2, waiting: int = 16, patience_seconds: float = 60.0) -> None:
        self.slots = slots
        self.waiting_limit = waiting
        self.patience_seconds = patience_seconds
        self.running = 0
        self.waiting = 0
        self._free = asyncio.Semaphore(slots)
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="lectern-model")
        self._mean_seconds = 1.0

    async def run(self, work: Callable[[], T]) -> T:
        """`work()` in a model thread. Raises Problem 429 or 503 without room, and what `work` raises."""
        await self._enter()
        return await asyncio.wrap_future(self._submit(work))

    async def stream(self, work: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """The items of `work()` as the model thread produces them, once there is a slot.

        Await it before the response starts: a full queue is still an HTTP error then. Closing the iterator
        early (the client went away) stops the work at its next item.
        """
        await self._enter()
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[T | _End] = asyncio.Queue()
        stopped = threading.Event()

        def hand_over(item: T | _End) -> None:
            with suppress(RuntimeError):  # the loop is gone: the server has been stopped
                loop.call_soon_threadsafe(queue.put_nowait, item)

        def produce() -> None:
            end = _End(None)
            try:
                for item in work():
                    if stopped.is_set():
                        break
                    hand_over(item)
            except Exception as error:
                end = _End(error)
            hand_over(end)

        self._submit(produce)
        return _drain(queue, stopped)

    def close(self) -> None:
        """Take no more work; what runs is finished by its threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _enter(self) -> None:
        """Wait for a slot and take it. Raises Problem 429 or 503."""
        if self._free.locked() and self.waiting >= self.waiting_limit:
            raise Problem(429, "too many questions at once: ask again a little later", self._retry_after())
        self.waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self.patience_seconds)
        except TimeoutError:
            raise Problem(503, "the server is busy: ask again a little later", self._retry_after()) from None
        finally:
            self.waiting -= 1
        self.running += 1

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        """Start `work` in a thread; the slot taken by `_enter` is given back when it has ended."""
        loop = asyncio.get_running_loop()
        started = time.monotonic()

        def leave() -> None:
            self._mean_seconds += _LATELY * (time.monotonic() - started - self._mean_seconds)
            self.running -= 1
            self._free.release()

        def ended(_future: Future[T]) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(leave)

        future = self._pool.submit(work)
        future.add_done_callback(ended)
        return future

    def _retry_after(self) -> dict[str, str]:
        """When the queue will have moved on, in whole seconds."""
        seconds = self._mean_seconds * (self.waiting + 1) / self.slots
        return {"Retry-After": str(max(1, min(_LONGEST_RETRY_SECONDS, math.ceil(seconds))))}


async def _drain(queue: asyncio.Queue[T | _End], stopped: threading.Event) -> AsyncGenerator[T, None]:
    """The queue's items until its end; leaving asks the producer to stop."""
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
