"""Slots and queue: bounded, first come first served, freed whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from api.http.admission import Admission
from api.http.problem import Problem


def scenario(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine with a limit, so that a lost slot fails instead of hanging."""

    async def limited() -> None:
        await asyncio.wait_for(coroutine, 20)

    asyncio.run(limited())


async def settled(admission: Admission) -> None:
    """Wait until no slot is taken."""
    while admission.running:
        await asyncio.sleep(0.001)


def test_what_is_over_slots_and_queue_is_refused_with_retry_after() -> None:
    async def run() -> None:
        admission, gate = Admission(slots=1, waiting=1), threading.Event()
        running = asyncio.create_task(admission.run(gate.wait))
        waiting = asyncio.create_task(admission.run(gate.wait))
        while not (admission.running and admission.waiting):
            await asyncio.sleep(0.001)
        with pytest.raises(Problem) as refused:
            await admission.run(gate.wait)
        assert refused.value.status_code == 429
        assert int((refused.value.headers or {})["Retry-After"]) >= 1
        gate.set()
        assert await running and await waiting
        await settled(admission)
        admission.close()

    scenario(run())


def test_who_waits_in_vain_is_told_so() -> None:
    async def run() -> None:
        admission, gate = Admission(slots=1, waiting=5, patience_seconds=0.02), threading.Event()
        running = asyncio.create_task(admission.run(gate.wait))
        with pytest.raises(Problem) as late:
            while True:
                await admission.run(lambda: asyncio.sleep(0).close())
        assert late.value.status_code == 503 and admission.waiting == 0
        gate.set()
        await running
        admission.close()

    scenario(run())


def test_a_slot_is_freed_when_the_work_fails() -> None:
    async def run() -> None:
        admission = Admission(slots=1, waiting=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await admission.run(lambda: 1 // 0)
        await settled(admission)
        admission.close()

    scenario(run())


def test_a_stream_gives_its_items_in_order_and_its_error_last() -> None:
    def work() -> Iterator[int]:
        yield 1
        yield 2
        raise LookupError

    async def run() -> None:
        admission, seen = Admission(slots=1, waiting=1), []
        with pytest.raises(LookupError):
            async for item in await admission.stream(work):
                seen.append(item)
        assert seen == [1, 2]
        await settled(admission)
        admission.close()

    scenario(run())


def test_a_client_that_leaves_stops_the_work_at_its_next_item() -> None:
    gate, produced = threading.Semaphore(1), []

    def work() -> Iterator[int]:
        for number in range(1_000):
            assert gate.acquire(timeout=20)
            produced.append(number)
            yield number

    async def run() -> None:
        admission = Admission(slots=1, waiting=0)
        stream = await admission.stream(work)
        assert await anext(stream) == 0
        await stream.aclose()
        assert admission.running == 1  # the thread still has it
        gate.release()
        await settled(admission)
        assert produced == [0, 1]
        admission.close()

    scenario(run())


def test_a_cancelled_run_keeps_its_slot_until_its_thread_has_ended() -> None:
    async def run() -> None:
        admission, gate, begun = Admission(slots=1, waiting=0), threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            gate.wait()

        task = asyncio.create_task(admission.run(work))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert admission.running == 1
        gate.set()
        await settled(admission)
        admission.close()

    scenario(run())
