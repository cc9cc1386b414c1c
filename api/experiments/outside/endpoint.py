"""An OpenAI-compatible endpoint: `POST <base_url>/chat/completions`, patiently, and with a key that stays a secret.

- 408, 429 and 5xx, and connections that break, are tried again after 1, 2, 4, 8 seconds or what `Retry-After` asks.
- A reply has a limit on its size and on its whole time; redirects are not followed, since the key would go along.
- An error is one line; should the server repeat the key in it, it is blotted out.

The protocol: https://platform.openai.com/docs/api-reference/chat. Servers that know `max_completion_tokens` in place of
`max_tokens` say so, and are asked again that way.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from api.errors import OutsideError
from api.experiments.outside.model import OutsideModel
from api.experiments.outside.replies import Message, Reply

MAX_TRIES = 5
MAX_WAIT_SECONDS = 120.0
MAX_BYTES = 4_000_000
_RETRIED = (408, 429, 500, 502, 503, 504)
_SAID_CHARS = 200
_LOCAL = ("localhost", "127.0.0.1", "::1")


class _TryLater(Exception):
    """The request may be made again. seconds: the server wants that long a pause."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class Endpoint:
    """Asks the endpoint of `model`. sleep: waits between tries."""

    def __init__(self, model: OutsideModel, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._model, self._sleep = model, sleep
        self._limit = "max_tokens"  # what the server calls the limit on a reply

    def ready(self) -> None:
        """Raises OutsideError if the key's variable is not set."""
        self._key()

    def reply(self, messages: Sequence[Message], *, temperature: float, seed: int) -> Reply:
        """The reply; seed is sent where there is chance. Raises OutsideError."""
        for attempt in range(MAX_TRIES):
            try:
                return self._once(messages, temperature, seed)
            except _TryLater as later:
                if attempt + 1 == MAX_TRIES or later.seconds > MAX_WAIT_SECONDS:
                    raise OutsideError(
                        f"{self._model.address}: {later}; what was answered is kept: the same command goes on later"
                    ) from later
                self._sleep(max(later.seconds, 2.0**attempt))
        raise AssertionError("the loop returns or raises")

    def _key(self) -> str:
        name = self._model.key_env
        key = os.environ.get(name, "").strip() if name else ""
        if name and not key:
            raise OutsideError(f"{self._model.model} needs a key: set the environment variable {name}")
        if not key.isascii() or not key.isprintable():
            raise OutsideError(f"the environment variable {name} holds no key: it has characters that none can have")
        return key

    def _once(self, messages: Sequence[Message], temperature: float, seed: int) -> Reply:
        status, headers, content = self._post(self._body(messages, temperature, seed))
        if status == 400 and self._limit == "max_tokens" and b"max_completion_tokens" in content:
            self._limit = "max_completion_tokens"
            status, headers, content = self._post(self._body(messages, temperature, seed))
        if status in _RETRIED:
            raise _TryLater(f"it answers {status}: {self._said(content)}", _seconds_asked(headers))
        if status != 200:
            raise OutsideError(f"{self._model.address} answers {status}: {self._said(content)}{self._advice(status)}")
        return self._read(content)

    def _body(self, messages: Sequence[Message], temperature: float, seed: int) -> dict[str, Any]:
        chance: dict[str, Any] = {} if self._model.fixed_temperature else {"temperature": temperature}
        if temperature > 0:
            chance["seed"] = seed
        said = [dict(message) for message in messages]
        return {"model": self._model.model, "messages": said, self._limit: self._model.max_tokens, **chance}

    def _post(self, body: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        """(status, headers, content). Raises _TryLater, OutsideError."""
        key, address = self._key(), self._model.address
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # A proxy of the environment is for the way out; it knows nothing of servers on this machine.
        away = urlsplit(address).hostname not in _LOCAL
        deadline = time.monotonic() + self._model.timeout
        try:
            with (
                httpx.Client(timeout=self._model.timeout, trust_env=away, follow_redirects=False) as client,
                client.stream("POST", f"{address}/chat/completions", json=body, headers=headers) as response,
            ):
                content = b""
                for part in response.iter_bytes():
                    content += part
                    if len(content) > MAX_BYTES:
                        raise OutsideError(f"{address}: a reply of more than {MAX_BYTES} bytes; lower max_tokens")
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("the whole reply took too long")
                return response.status_code, response.headers, content
        except httpx.TimeoutException as error:
            raise _TryLater(f"no reply within {self._model.timeout:g} s (raise timeout?)") from error
        except httpx.HTTPError as error:
            raise _TryLater(f"the connection failed ({type(error).__name__})") from error

    def _read(self, content: bytes) -> Reply:
        try:
            found = json.loads(content)
            choice, usage = found["choices"][0], found.get("usage") or {}
            text = choice["message"].get("content") or ""
            tokens = [int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
            if not isinstance(text, str):
                raise TypeError("the content is no text")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise OutsideError(
                f"{self._model.address} speaks another protocol than OpenAI's; check base_url: {self._said(content)}"
            ) from error
        if not text.strip() and choice.get("finish_reason") == "length":
            raise OutsideError(
                f"{self._model.model} wrote nothing within {self._model.max_tokens} tokens; raise max_tokens"
            )
        return Reply(text, *tokens)

    def _said(self, content: bytes) -> str:
        """The server's message in one short line, without the key."""
        text = content.decode("utf-8", "replace")
        try:
            error = json.loads(text)["error"]
            text = str(error["message"] if isinstance(error, dict) else error)
        except (ValueError, LookupError, TypeError):
            pass
        key = self._key()
        line = " ".join((text.replace(key, "***") if key else text).split())
        return line[:_SAID_CHARS] + ("…" if len(line) > _SAID_CHARS else "")

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            variable = self._model.key_env
            return f"; is the key in {variable} right?" if variable else "; name the key's variable in key_env"
        if status in (404, 405) or 300 <= status < 400:
            return "; check base_url and model"
        return ""


def _seconds_asked(headers: httpx.Headers) -> float:
    """What `Retry-After` asks for in seconds; 0 where it says nothing, or names a date."""
    asked = headers.get("retry-after", "").strip()
    return float(asked) if asked.isascii() and asked.isdigit() else 0.0
