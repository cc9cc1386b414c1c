"""An OpenAI-compatible server on this machine that says what a test wants, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[[dict[str, Any]], str | tuple[int, dict[str, str], str]]


@dataclass
class Fake:
    """address: its base URL. bodies, headers: of the requests so far. answering: body -> content of the reply, or
    (status, headers, body) as they are to be sent."""

    address: str
    answering: Answering
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def told(body: dict[str, Any]) -> tuple[str, str]:
    """(what the system message of a request says, what the user's says)."""
    system, user = (message["content"] for message in body["messages"])
    return system, user


@contextmanager
def serving(answering: Answering) -> Iterator[Fake]:
    """A server that runs while the test does."""
    fake = Fake("", answering)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fake.bodies.append(body)
            fake.headers.append({key.lower(): value for key, value in self.headers.items()})
            said = fake.answering(body) if self.path == "/v1/chat/completions" else (404, {}, "no such path")
            status, headers, content = said if isinstance(said, tuple) else (200, {}, completion(said))
            self.send_response(status)
            for key, value in {**headers, "content-length": str(len(content.encode()))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_arguments: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.address = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(content: str) -> str:
    """The body of a reply."""
    message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    return json.dumps({"choices": [message], "usage": {"prompt_tokens": 11, "completion_tokens": 3}})
