"""Server-sent events (WHATWG HTML, section 9.2): how answers are streamed.

An event is `event: name`, `data: <one line of JSON>` and an empty line. While the models are busy a
comment line is sent every HEARTBEAT_SECONDS, so that proxies keep the connection and a client that has
gone is noticed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse

from api.http.problem import Problem, as_problem

logger = logging.getLogger("lectern.http")

HEARTBEAT_SECONDS = 15.0
T = TypeVar("T")


def event(data: Any, name: str | None = None) -> str:
    """One event; JSON writes line breaks as escapes, so the data is always one line."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def error_event(problem: Problem) -> str:
    """An error once the response has started: the problem as an `error` event."""
    return event(problem.body(), "error")


def event_stream(
    events: AsyncGenerator[str, None], on_error: Callable[[Problem], str] = error_event
) -> StreamingResponse:
    """The response that sends `events` as they come, with heartbeats, and an error as its last event."""
    headers = {"X-Accel-Buffering": "no"}  # a buffering proxy would hold the sentences back
    return StreamingResponse(_guarded(events, on_error), media_type="text/event-stream", headers=headers)


async def _guarded(
    events: AsyncGenerator[str, None], on_error: Callable[[Problem], str]
) -> AsyncGenerator[str, None]:
    try:
        async for item in _with_heartbeat(events):
            yield item
    except Exception as error:
        problem = as_problem(error)
        if problem.status_code == 500:
            logger.exception("unforeseen error in a stream")
        yield on_error(problem)


async def _next(events: AsyncGenerator[str, None]) -> str:
    return await anext(events)


async def _with_heartbeat(events: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    upcoming: asyncio.Task[str] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.create_task(_next(events))
            done, _ = await asyncio.wait([upcoming], timeout=HEARTBEAT_SECONDS)
            if not done:
                yield ": still working\n\n"
                continue
            try:
                item = upcoming.result()
            except StopAsyncIteration:
                return
            upcoming = None
            yield item
    finally:
        if upcoming is not None:  # the client has gone: let the producer know
            upcoming.cancel()
        else:
            await events.aclose()
