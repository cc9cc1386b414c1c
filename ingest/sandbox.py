"""Parsing in a process of its own: `Sandbox.parse(content, name) -> Parsed`, or an error, in bounded time; so for
drawing the pages of a PDF.

The process (`ingest.sandbox_worker`) starts in a tenth of a second, serves one file after another, and is
replaced after a crash, a timeout or any error that leaves its state in doubt. pypdf spends 11 s on some
files of 0.15 MB and never returns from others; nothing of that reaches the caller but one line.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from ingest.errors import Encrypted, LimitExceeded, NoTextLayer, ParseError, Unsupported
from ingest.limits import MEBIBYTE, Limits
from ingest.page_places import PagePlaces
from ingest.parsed import Parsed
from ingest.sandbox_worker import (
    ALIVE,
    CONTENT,
    FAILURE,
    FRAME_HEAD,
    IMAGE,
    PARSE,
    PLACES,
    REQUEST,
    RESULT,
    write_frame,
)

_T = TypeVar("_T")

_ERRORS = {kind.__name__: kind for kind in (ParseError, Encrypted, LimitExceeded, NoTextLayer, Unsupported)}
# The same import path as here, and nothing else of this process: no environment, no site hooks, no byte
# code written.
_BOOT = "import sys; sys.path[:] = {path}; from ingest.sandbox_worker import main; main()"
_MAX_FILES = 200  # then a fresh process, so that leaks of libraries do not add up
_READ_BYTES = 1 << 20
# The limits are on processor time, which the kernel watches; by the clock we wait this many times as long.
_PATIENCE = 3


class Sandbox:
    """One parser process, started at the first file. A context manager; for one thread at a time, but that another
    one may leave it: what is being parsed then ends with an error, and nothing is started any more."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0
        self._is_idle = True  # waiting for a file, not in the middle of one
        self._is_left = False
        self._starting = threading.RLock()  # no process is started behind the back of who leaves

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def parse(self, content: bytes, name: str) -> Parsed:
        """Raises ParseError, or one of its subclasses, whose message begins with `name`; so do the others."""
        return self._done(content, name, Parsed.from_json, task=PARSE)

    def page_image(self, content: bytes, name: str, number: int, width: int) -> bytes:
        """A page of a PDF as PNG: see `ingest.formats.pdf_pages`."""
        return self._done(
            content, name, lambda answer: b64decode(answer["png"]), task=IMAGE, number=number, width=width
        )

    def page_places(self, content: bytes, name: str, number: int, words: str, place: float) -> PagePlaces:
        """Where words are on a page of a PDF: see `ingest.formats.pdf_pages`."""
        task = {"task": PLACES, "number": number, "words": words, "place": place}
        return self._done(content, name, PagePlaces.from_json, **task)

    def _done(self, content: bytes, name: str, read: Callable[[dict[str, Any]], _T], **task: object) -> _T:
        """What the process answers to a task, read by `read`."""
        process = self._started(name)
        self._files += 1
        try:
            return read(self._exchange(process, content, name, task))
        except (ValueError, KeyError, TypeError) as error:
            self.close()
            raise ParseError(f"{name}: the parser gave a broken answer; report the file") from error
        except BaseException:
            if process.poll() is not None or not self._is_idle:
                self.close()
            raise

    def leave(self) -> None:
        """Ends the process for good: what it is doing ends with an error, and nothing is started any more."""
        with self._starting:
            self._is_left = True
            self.close()

    def close(self) -> None:
        """Ends the process, whatever it is doing; the next file starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not yet written to a dead process
                    stream.close()

    def _started(self, name: str) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._is_left:
                raise ParseError(f"{name}: not read, the parsers were stopped")
            if self._process is not None and (self._process.poll() is not None or self._files >= _MAX_FILES):
                self.close()
            if self._process is None:
                self._files = 0
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-B", "-c", _BOOT.format(path=_import_path())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
                    cwd=os.path.abspath(os.sep),
                    start_new_session=True,  # Ctrl-C is for the parent, which then closes this
                )
            return self._process

    def _exchange(
        self, process: subprocess.Popen[bytes], content: bytes, name: str, task: dict[str, object]
    ) -> dict[str, Any]:
        """Sends the file and waits for the answer, no longer than the limits allow."""
        assert process.stdin is not None and process.stdout is not None
        self._is_idle = False
        request = json.dumps({**task, "name": name, "limits": asdict(self.limits)}).encode()
        sender = threading.Thread(target=_send, args=(process.stdin, request, content), daemon=True)
        sender.start()  # a thread, because a process that does not read would block us for ever
        kind, payload = self._receive(process, process.stdout.fileno(), name)
        sender.join(timeout=self.limits.silent_seconds)
        self._is_idle = True
        answer = json.loads(payload)
        if kind == FAILURE:
            self._is_idle = answer["sound"]
            raise _ERRORS.get(answer["type"], ParseError)(answer["message"])
        return dict(answer)

    def _receive(self, process: subprocess.Popen[bytes], stream: int, name: str) -> tuple[bytes, bytes]:
        """The first frame that is no sign of life."""
        started = heard = time.monotonic()
        largest = 8 * self.limits.characters + 16 * MEBIBYTE
        received = bytearray()
        while True:
            while len(received) >= FRAME_HEAD.size:
                kind, length = FRAME_HEAD.unpack_from(received)
                if kind not in (ALIVE, RESULT, FAILURE) or length > largest:
                    raise ValueError("no frame of ours")
                end = FRAME_HEAD.size + length
                if len(received) < end:
                    break
                payload = bytes(received[FRAME_HEAD.size : end])
                del received[:end]
                if kind != ALIVE:
                    return kind, payload
                heard = time.monotonic()
            now = time.monotonic()
            wait = _PATIENCE * self.limits.silent_seconds - (now - heard)
            wait = min(wait, _PATIENCE * self.limits.seconds - (now - started))
            if wait <= 0:
                raise LimitExceeded(f"{name}: not read within {now - started:.0f} s; damaged, or split it")
            if select.select([stream], [], [], wait)[0]:
                piece = os.read(stream, _READ_BYTES)
                if not piece:
                    raise self._death(process, name)
                received += piece

    def _death(self, process: subprocess.Popen[bytes], name: str) -> ParseError:
        """Why the process ended in the middle of a file."""
        if self._is_left:
            return ParseError(f"{name}: not read, the parsers were stopped")
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        status = process.returncode
        limits = {-signal.SIGXCPU: self.limits.seconds, -signal.SIGVTALRM: self.limits.silent_seconds}
        if status in limits:
            return LimitExceeded(f"{name}: not read within {limits[status]:g} s; damaged, or split it")
        if status == -signal.SIGKILL:
            return LimitExceeded(f"{name}: the parser was killed, most likely for want of memory; split it")
        return ParseError(f"{name}: the parser crashed on it (status {status}); damaged? open and save it anew")


def _import_path() -> list[str]:
    """Where the parser process finds its modules: absolute, because it works in another folder.

    With the place of this package, which an import hook (an editable installation) may have found off the
    path.
    """
    found = [os.path.abspath(entry) for entry in sys.path]
    root = str(Path(__file__).resolve().parent.parent)
    return found if root in found else [*found, root]


def _send(stream: IO[bytes], request: bytes, content: bytes) -> None:
    with suppress(OSError, ValueError):  # the process died or was closed: the receiver finds out
        write_frame(stream, REQUEST, request)  # type: ignore[arg-type]
        write_frame(stream, CONTENT, content)  # type: ignore[arg-type]
