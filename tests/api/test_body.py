"""Request bodies: too large with and without Content-Length, too slow, of the wrong type."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from api.http.app import create_app
from api.http.body import BodyGate, BodyLimits
from api.pipeline import Pipeline

LIMITS = BodyLimits(json_bytes=1_000, upload_bytes=5_000)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def narrow(pipeline: Pipeline) -> Iterator[TestClient]:
    """A client of a server that takes little."""
    with TestClient(create_app(pipeline, body_limits=LIMITS), base_url="http://localhost:8000") as opened:
        yield opened


def test_a_declared_large_body_is_refused(narrow: TestClient) -> None:
    response = narrow.post("/v1/ask", content=b"x" * 1_001, headers=JSON)
    assert response.status_code == 413 and response.headers["content-type"] == "application/problem+json"


def test_an_undeclared_large_body_is_refused(narrow: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    for path, headers in (
        ("/v1/ask", JSON),
        ("/v1/documents", {"Content-Type": "multipart/form-data; boundary=b"}),
    ):
        response = narrow.post(path, content=chunks(), headers=headers)
        assert response.status_code == 413 and response.headers["content-type"] == "application/problem+json"


def test_a_large_upload_is_refused(narrow: TestClient) -> None:
    response = narrow.post("/v1/documents", files={"files": ("a.md", b"x" * 6_000)})
    assert response.status_code == 413


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_that_is_not_json_is_refused(narrow: TestClient, media_type: str) -> None:
    response = narrow.post("/v1/ask", content=b'{"question": "why"}', headers={"Content-Type": media_type})
    assert response.status_code == 415 and response.headers["content-type"] == "application/problem+json"


def test_a_content_length_that_is_no_number_is_refused(narrow: TestClient) -> None:
    response = narrow.post("/v1/ask", content=b"{}", headers={**JSON, "Content-Length": "-1"})
    assert response.status_code == 400


def test_a_body_that_stops_arriving_is_given_up() -> None:
    sent: list[Message] = []

    async def application(_scope: object, receive: object, _send: object) -> None:
        assert callable(receive)
        await receive()
        await receive()

    async def scenario() -> None:
        first = iter([{"type": "http.request", "body": b"{", "more_body": True}])

        async def receive() -> Message:
            for message in first:
                return message
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
        scope = {"type": "http", "path": "/v1/ask", "method": "POST", "headers": headers}
        await BodyGate(application, BodyLimits(timeout_seconds=0.05))(scope, receive, send)

    asyncio.run(scenario())
    assert sent[0]["status"] == 408
