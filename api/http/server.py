"""The running server: a socket that is bound first (a port in use is one line), uvicorn, a clean end."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import filelock
import uvicorn

from api.errors import ApiError
from api.experiments import sources
from api.http.app import create_app
from api.http.guard import Access
from api.pipeline import Pipeline

GRACE_SECONDS = 10
LOCK_FILE = "server.lock"


class ServerError(ApiError):
    """The server cannot run here: its address or its home is taken."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ServerError, with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} is in use: stop what uses it, or choose another with --port"
            ) from error
        if error.errno == errno.EACCES:
            raise ServerError(f"port {port} needs more rights: choose one above 1023 with --port") from error
        raise ServerError(
            f"cannot listen on {host}: {error.strerror or error}; choose another --host"
        ) from error
    return listener


class Server(uvicorn.Server):
    """Tells its address when it can be asked: not before Ctrl-C is uvicorn's to handle (one that comes while modules
    are imported may be swallowed, and the server then runs on)."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            print(f"Lectern is at {address(listener)} (Ctrl-C ends it)", file=sys.stderr, flush=True)


def make_server(
    pipeline: Pipeline, access: Access, *, slots: int = 2, waiting: int = 16,
    endpoints: Mapping[str, str | None] | None = None,
) -> Server:
    """A server that is ready to run on a listening socket."""
    pipeline.open()  # a home that cannot be used is an error now and not at the first question
    # As the files are now: sources that change while it runs are not what runs here.
    sources.of_answers()
    sources.of_outside()
    config = uvicorn.Config(
        create_app(pipeline, access, slots=slots, waiting=waiting, endpoints=endpoints),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=64_000,  # bytes of headers; then 400
    )
    return Server(config)


def run_server(
    pipeline: Pipeline, listener: socket.socket, access: Access, *, slots: int, waiting: int,
    endpoints: Mapping[str, str | None] | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; answers in the making get GRACE_SECONDS to finish. endpoints: see `Service`."""
    with _only_server(pipeline.config.home):
        server = make_server(pipeline, access, slots=slots, waiting=waiting, endpoints=endpoints)
        _run(server, listener)


@contextmanager
def _only_server(home: Path) -> Iterator[None]:
    """Held while a server runs on `home`: it clears up after the one before, which must be gone."""
    home.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(home / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise ServerError(f"another server runs on {home}: stop it, or choose another --home") from error
    try:
        yield
    finally:
        lock.release()


def _run(server: Server, listener: socket.socket) -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    server.run(sockets=[listener])


def address(listener: socket.socket) -> str:
    """Where a browser on this machine finds the server."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
