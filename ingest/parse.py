"""From a path to a document's content: size first, then the sandboxed parser of its kind."""

from __future__ import annotations

import stat
from pathlib import Path

from ingest.errors import LimitExceeded, ParseError
from ingest.limits import MEBIBYTE, Limits
from ingest.parsed import Parsed
from ingest.sandbox import Sandbox

__all__ = ["Parsed", "parse_file", "read_file"]


def parse_file(path: Path, *, limits: Limits | None = None) -> Parsed:
    """Reads one file in a parser process of its own. Raises ParseError.

    For many files, keep one `Sandbox` and call its `parse`: the process is then started once.
    """
    limits = limits or Limits()
    content = read_file(path, limits)
    with Sandbox(limits) as sandbox:
        return sandbox.parse(content, path.name)


def read_file(path: Path, limits: Limits) -> bytes:
    """The file's bytes. Raises LimitExceeded for a large one, ParseError for no readable regular file."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ParseError(f"{path.name}: not a regular file; name a file or a folder")
        if status.st_size <= limits.file_bytes:
            with path.open("rb") as file:
                content = file.read(limits.file_bytes + 1)  # it may have grown since
            if len(content) <= limits.file_bytes:
                return content
    except FileNotFoundError as error:
        raise ParseError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise ParseError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    raise LimitExceeded(f"{path.name}: larger than {limits.file_bytes // MEBIBYTE} MiB, the limit; split it")
