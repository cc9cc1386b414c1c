"""Where in a TOML file a key stands: `tomllib` gives values without lines, and an error has to name its line.

Headers and keys are looked for as text, so a key inside a string of several lines can mislead the number, never the
message.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Protocol

_HEADER = re.compile(r"\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}\s*(?:#.*)?$")
_AT_LINE = re.compile(r"\(at line (\d+),")


class Places(Protocol):
    """Names the place of a key for an error: `TomlPlaces` for files, a request's own for what came over HTTP."""

    def at(self, table: str = "", number: int = 0, key: str = "") -> str:
        """The place of `key` in the `number`th table called `table` ("" before all tables), else of the table."""


class TomlPlaces:
    """Finds `path:line` of the keys of one file.

    Example: in `a = 1`, `[[arm]]`, `b = 2` the place of ("arm", 0, "b") is line 3.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.split("\n")

    def at(self, table: str = "", number: int = 0, key: str = "") -> str:
        """`path:line` of `key` in the `number`th table called `table` ("" before all tables), else of its header."""
        here, seen, header = ("", 0), Counter[str](), 1
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]") if key else None
        for line_number, line in enumerate(self._lines, start=1):
            if match := _HEADER.match(line):
                here = (match[1], seen[match[1]])
                seen[match[1]] += 1
                if here == (table, number):
                    header = line_number
            elif wanted is not None and here == (table, number) and wanted.match(line):
                return f"{self._path}:{line_number}"
        return f"{self._path}:{header}"

    def of_error(self, message: str) -> str:
        """`path:line` of a `tomllib.TOMLDecodeError` by its message; the last line where it names the end."""
        match = _AT_LINE.search(message)
        return f"{self._path}:{match[1] if match else len(self._lines)}"
