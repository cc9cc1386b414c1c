"""Where in a TOML file a key stands: `tomllib` gives values without lines, and an error has to name its line.

Headers, keys and inline tables are looked for as text. The insides of strings of several lines are blanked before, so
that nothing in them is taken for a key.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

_HEADER = re.compile(r"\s*\[{1,2}\s*([\w.\"' -]+?)\s*\]{1,2}\s*(?:#.*)?$")
_AT_LINE = re.compile(r"\(at line (\d+),")
_LONG_STRING = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'', re.DOTALL)


class Places(Protocol):
    """Names the place of a key for an error: `TomlPlaces` for files, a request's own for what came over HTTP."""

    def at(self, table: str = "", number: int | None = None, key: str = "") -> str:
        """The place of `key` in the table called `table` ("" before all tables; with dots where it is nested), or in
        the `number`th of several of that name; of the table itself where it does not hold the key."""


class TomlPlaces:
    """Finds `path:line` of the keys of one file.

    Example: in `a = 1`, `[[arm]]`, `b = 2` the place of ("arm", 0, "b") is line 3.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = _LONG_STRING.sub(lambda found: re.sub(r"[^\n]", "_", found[0]), text)
        self._lines = self._text.split("\n")

    def at(self, table: str = "", number: int | None = None, key: str = "") -> str:
        """`path:line`; see Places."""
        line = self._line(table, number or 0, key)
        if line is None and table:
            line = self._dotted(table, key) or self._inline(table, number or 0, key)
        return f"{self._path}:{line or 1}"

    def _line(self, table: str, number: int, key: str) -> int | None:
        """Where the key stands on a line of its own, else the header of its table; None for a table without one.

        A key before all tables may be a table itself: then it is its header.
        """
        header = None if table else 1
        as_table = None
        for place, line, text in self._places():
            if text is None:
                if place == (table, number):
                    header = line
                if not table and place[0].split(".")[0] == key:
                    as_table = as_table or line
            elif key and place == (table, number) and re.match(_assigned(key), text):
                return line
        return as_table or header

    def _places(self) -> Iterator[tuple[tuple[str, int], int, str | None]]:
        """((table, number), line, text) of every line; text is None for a header."""
        here, seen = ("", 0), Counter[str]()
        for number, text in enumerate(self._lines, start=1):
            if match := _HEADER.match(text):
                name = re.sub(r"[\"' ]", "", match[1])
                here = (name, seen[name])
                seen[name] += 1
                yield here, number, None
            else:
                yield here, number, text

    def _dotted(self, table: str, key: str) -> int | None:
        """The key written with dots, `table.key = 1`, in whatever holds the beginning of the table's name."""
        parts = [*table.split("."), key] if key else []
        for cut in range(len(parts) - 2, -1, -1):
            outer, written = ".".join(parts[:cut]), re.compile(r"\s*\.".join(map(_quoted, parts[cut:])) + r"\s*[=.]")
            for place, line, text in self._places():
                if text is not None and place == (outer, 0) and written.match(text):
                    return line
        return None

    def _inline(self, table: str, number: int, key: str) -> int | None:
        """The key in the `number`th of the inline tables `table = {...}` or `table = [{...}, {...}]`, else its brace;
        where what is to hold it begins, if it is written in yet another way."""
        outer, _, last = table.rpartition(".")
        first = self._line(outer, 0, last) or self._line("", 0, outer.split(".")[0])
        if first is None or re.match(_quoted(last) + r"\s*=", self._lines[first - 1]) is None:
            return first
        begins = sum(len(line) + 1 for line in self._lines[: first - 1])
        found = next(islice(self._braced(begins), number, None), None)
        if found is None:
            return first
        match = re.compile(rf"(?<=[{{,])\s*(?={_assigned(key)})").search(self._text, *found) if key else None
        return 1 + self._text.count("\n", 0, found[0] if match is None else match.end())

    def _braced(self, begins: int) -> Iterator[tuple[int, int]]:
        """(start, end) of every {...} from `begins` on that lies in no other."""
        depth, start = 0, begins
        for match in re.compile(r"[{}]").finditer(self._text, begins):
            if match[0] == "{":
                start = match.start() if depth == 0 else start
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    yield start, match.end()

    def of_error(self, message: str) -> str:
        """`path:line` of a `tomllib.TOMLDecodeError` by its message; the last line where it names the end."""
        match = _AT_LINE.search(message)
        return f"{self._path}:{match[1] if match else len(self._lines)}"


def _assigned(key: str) -> str:
    """A pattern for the key at the beginning of what is searched, with what follows one."""
    return _quoted(key) + r"\s*[=.]"


def _quoted(key: str) -> str:
    """A pattern for the key, in quotation marks or without."""
    return rf"\s*[\"']?{re.escape(key)}[\"']?"
