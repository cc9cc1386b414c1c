"""What a request may carry: checked while it arrives, so memory and disk stay bounded whatever a client
claims.

A body is refused with 413 as soon as it is known to be too large: at once if Content-Length says so, else
at the chunk that passes the limit. A client that stops sending is given up after BODY_TIMEOUT_SECONDS
(408), so a thousand half-sent requests do not hold a thousand buffers. A body of the wrong type is refused
with 415 before it is read.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem import Problem

BODY_TIMEOUT_SECONDS = 30.0
UPLOAD_PATH = "/v1/documents"
_MAX_LENGTH_DIGITS = 18
_CLOSE = {"Connection": "close"}  # the rest of a refused body is not read


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """json_bytes: the largest JSON body. upload_bytes: the largest upload, all its files together."""

    json_bytes: int = 1_000_000
    upload_bytes: int = 256_000_000
    timeout_seconds: float = BODY_TIMEOUT_SECONDS


class BodyGate:
    """ASGI middleware that holds request bodies to `BodyLimits`."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in with a counted body, or answer it with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            headers = Headers(scope=scope)
            limit = self._check(scope, headers)
            await self.app(scope, self._counted(receive, limit), send_noted)
        except Problem as problem:
            if started:
                raise
            await problem.response(scope["path"])(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> int:
        """The limit of this request in bytes. Raises Problem 400, 413 or 415."""
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        multipart = media_type == "multipart/form-data" and scope["path"] == UPLOAD_PATH
        limit = self.limits.upload_bytes if multipart else self.limits.json_bytes
        declared = headers.get("content-length")
        if declared is not None and not declared.isdecimal():
            raise Problem(400, "Content-Length is not a number")
        if declared is not None and len(declared) > _MAX_LENGTH_DIGITS:
            raise _too_large(limit)
        has_body = "transfer-encoding" in headers or int(declared or "0") > 0
        if has_body and not multipart and media_type != "application/json":
            wanted = (
                "multipart/form-data or application/json"
                if scope["path"] == UPLOAD_PATH
                else "application/json"
            )
            raise Problem(415, f"send the body as {wanted}, not {media_type or 'without a type'}", _CLOSE)
        if int(declared or "0") > limit:
            raise _too_large(limit)
        return limit

    def _counted(self, receive: Receive, limit: int) -> Receive:
        """`receive` that gives up on a body that grows past `limit` or stops arriving."""
        seen_bytes = 0
        complete = False

        async def counted() -> Message:
            nonlocal seen_bytes, complete
            if (
                complete
            ):  # what follows is the wait for the client to leave, which may take as long as it likes
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self.limits.timeout_seconds)
            except TimeoutError:
                raise Problem(408, "the request body did not arrive in time: send it again", _CLOSE) from None
            seen_bytes += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen_bytes > limit:
                raise _too_large(limit)
            return message

        return counted


def _too_large(limit: int) -> Problem:
    return Problem(
        413, f"the body is larger than {limit // 1_000_000} MB: send less at once", _CLOSE, limit_bytes=limit
    )
