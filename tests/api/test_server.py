"""The server over a real socket: overload, clients that leave, one server per home."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.config import RunConfig
from api.http.guard import Access
from api.http.server import ServerError, address, listen, make_server, run_server
from api.pipeline import Pipeline
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder

QUESTION = {"question": "What does a KV cache store?"}


@contextmanager
def serving(home: Path, answerer: FakeAnswerer, *, slots: int, waiting: int) -> Iterator[httpx.Client]:
    """A client of a server on a free port."""
    with (
        Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=answerer) as pipeline,
        listen("127.0.0.1", 0) as listener,
    ):
        server = make_server(pipeline, Access(), slots=slots, waiting=waiting)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=address(listener), timeout=20, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def test_overload_is_refused_at_once_and_the_rest_is_served(home: Path) -> None:
    gate = threading.Semaphore(0)
    answerer = FakeAnswerer(gate)
    with serving(home, answerer, slots=1, waiting=1) as client, ThreadPoolExecutor(4) as pool:
        first = pool.submit(client.post, "/v1/ask", json=QUESTION)
        assert answerer.waiting.wait(timeout=20)
        later = [pool.submit(client.post, "/v1/ask", json=QUESTION) for _ in range(3)]
        ended = as_completed(later, timeout=20)
        refused = [next(ended), next(ended)]
        assert client.get("/healthz").status_code == 200  # what needs no model is not held up
        for call in refused:
            assert call.result().status_code == 429 and int(call.result().headers["retry-after"]) >= 1
        gate.release(10)
        assert first.result(timeout=20).status_code == 200
        assert sorted(call.result(timeout=20).status_code for call in later) == [200, 429, 429]


def test_a_client_that_leaves_a_stream_frees_the_slot(home: Path) -> None:
    gate = threading.Semaphore(1)
    answerer = FakeAnswerer(gate)
    with serving(home, answerer, slots=1, waiting=0) as client:
        with client.stream("POST", "/v1/ask", json={**QUESTION, "stream": True}) as response:
            assert next(response.iter_lines()) == "event: sentence"
        gate.release(10)
        status = 429
        while status == 429:
            status = client.post("/v1/ask", json={**QUESTION, "mode": "closed_book"}).status_code
        assert status == 200


def test_garbage_and_half_requests_do_not_harm(home: Path) -> None:
    with serving(home, FakeAnswerer(), slots=1, waiting=1) as client:
        where = (client.base_url.host, client.base_url.port or 0)
        for junk in (
            b"\x00\xff\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
            b"POST /v1/ask",
        ):
            with socket.create_connection(where, timeout=20) as connection:
                connection.sendall(junk)
        assert client.get("/healthz").status_code == 200


def test_two_servers_on_one_home_are_one_too_many(home: Path) -> None:
    import filelock

    with (
        filelock.FileLock(home / "server.lock"),
        Pipeline(RunConfig(home)) as pipeline,
        listen("127.0.0.1", 0) as listener,
        pytest.raises(ServerError, match="--home"),
    ):
        run_server(pipeline, listener, Access(), slots=1, waiting=1)


def test_a_port_in_use_and_an_address_that_is_not_ours_are_named() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(ServerError, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(ServerError, match="--host"):
        listen("192.0.2.1", 0)
