"""The parser process: reads files from a pipe, parses (or draws) them one after another under limits, writes back text.

Whatever a hostile file does happens here: endless loops meet the CPU limit, bombs the limit on memory, no file can
grow, and Python opens neither files for writing nor connections or processes, even if a library is talked into it.
(PDFium and the XML parser are native code, which these last rules do not see.)
The process holds no secret: its environment is empty and its memory knows only the files before this one.
It ends when its input ends, so a parent that was killed leaves nothing behind. `ingest.sandbox` is the
other side; results go back as JSON, never as a pickle.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import struct
import sys
import warnings
from base64 import b64encode
from typing import Any, BinaryIO

from ingest.errors import ParseError
from ingest.formats import parse_content
from ingest.limits import Limits
from ingest.progress import listening

# A frame is one letter, the length of what follows in 8 bytes, and that. The parent sends a request (JSON)
# and the file.
FRAME_HEAD = struct.Struct(">cQ")
REQUEST, CONTENT, ALIVE, RESULT, FAILURE = b"Q", b"C", b"A", b"R", b"F"
PARSE, IMAGE, PLACES = "parse", "image", "places"  # what a request may ask for

_NETWORK_AND_PROCESSES = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.kill",
)
_FILE_CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.truncate",
)
_MAX_OPEN_FILES = 64


def main() -> None:
    """Serves until the input ends. The limits come with each request."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)  # a library that prints must not print into the answers
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    _lower_limits()
    sys.addaudithook(_forbid)
    while True:
        request = read_frame(requests, REQUEST)
        content = read_frame(requests, CONTENT)
        if request is None or content is None:
            return
        fields = json.loads(request)
        limits = Limits(**fields.pop("limits"))
        kind, answer = _answer(content, fields.pop("name"), limits, answers, fields)
        write_frame(answers, kind, json.dumps(answer).encode())


def _answer(
    content: bytes, name: str, limits: Limits, answers: BinaryIO, task: dict[str, Any]
) -> tuple[bytes, dict[str, Any]]:
    """(kind of frame, answer). A failure says whether this process is sound, that is fit for another file."""
    _limit_resources(limits)

    def report_life() -> None:
        _limit_silence(limits.silent_seconds)
        write_frame(answers, ALIVE, b"")

    try:
        with listening(report_life):
            _limit_silence(limits.silent_seconds)
            return RESULT, _done(content, name, limits, **task)
    except ParseError as error:
        return _failure(type(error).__name__, str(error), sound=True)
    except MemoryError:
        message = f"{name}: reading it takes more than {limits.memory_bytes >> 20} MiB of memory; split it"
        return _failure("LimitExceeded", message, sound=False)
    except RecursionError:
        return _failure("ParseError", f"{name}: nested too deeply to be a real document", sound=False)
    except Exception as error:  # a library's bug on this file must not look like ours on all files
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        return _failure("ParseError", f"{name}: damaged or unusual file ({reason})", sound=False)
    finally:
        _limit_silence(0)


def _done(content: bytes, name: str, limits: Limits, task: str, **arguments: Any) -> dict[str, Any]:
    """What the task makes of the file. A library is loaded by the first file that needs it."""
    if task == PARSE:
        return parse_content(content, name, limits).as_json()
    from ingest.formats.pdf_pages import page_image, page_places

    if task == IMAGE:
        return {"png": b64encode(page_image(content, name, **arguments)).decode()}
    assert task == PLACES
    return page_places(content, name, **arguments).as_json()


def _failure(kind: str, message: str, *, sound: bool) -> tuple[bytes, dict[str, Any]]:
    return FAILURE, {"type": kind, "message": message, "sound": sound}


def read_frame(stream: BinaryIO, expected: bytes) -> bytes | None:
    """The payload of the next frame, None at the end of the stream."""
    head = stream.read(FRAME_HEAD.size)
    if len(head) < FRAME_HEAD.size:
        return None
    kind, length = FRAME_HEAD.unpack(head)
    payload = stream.read(length)
    return payload if kind == expected and len(payload) == length else None


def write_frame(stream: BinaryIO, kind: bytes, payload: bytes) -> None:
    stream.write(FRAME_HEAD.pack(kind, len(payload)))
    stream.write(payload)
    stream.flush()


def _lower_limits() -> None:
    """What holds for the life of the process: no file written, few opened, no core dump."""
    for name, value in (("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", _MAX_OPEN_FILES)):
        resource.setrlimit(getattr(resource, name), (value, value))


def _limit_resources(limits: Limits) -> None:
    """Memory, and CPU time counted from now: the kernel ends the process when the time is up (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime + limits.seconds) + 1
    for kind, value in ((resource.RLIMIT_CPU, until), (resource.RLIMIT_AS, limits.memory_bytes)):
        hard = resource.getrlimit(kind)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (soft, hard))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS
            continue


def _limit_silence(seconds: float) -> None:
    """The kernel ends the process after so much more processor time (SIGVTALRM), in C code too; 0: never."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578); once added it cannot be taken away."""
    if event.startswith(_NETWORK_AND_PROCESSES + _FILE_CHANGES):
        raise PermissionError(f"a parser must not call {event}")
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        raise PermissionError("a parser must not write files")
