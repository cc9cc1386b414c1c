"""Reading records and their fields: what the loaders of `corpus.format` and `corpus.reading_list` share.

A `Place` is a file and a line; every error is a `CorpusError` whose one line begins with both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

Language = Literal["en", "ru"]

ROOT = Path(__file__).parent
LANGUAGES: tuple[Language, ...] = get_args(Language)


class CorpusError(ValueError):
    """A file that breaks its format: `path:line: what is wrong`."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Place:
    """Where a record was read, to name it in errors."""

    path: Path
    line: int

    def error(self, message: str) -> CorpusError:
        return CorpusError(self.path, self.line, message)


NOWHERE = Place(Path(), 0)


def read_text(path: Path) -> str:
    """The text of a file, which has to be UTF-8; line ends are left as they are."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CorpusError(path, 0, error.strerror or "cannot be read") from None
    except UnicodeDecodeError as error:
        raise CorpusError(path, 0, f"not UTF-8 at byte {error.start}") from None


def read_lines(path: Path) -> Iterator[tuple[str, Place]]:
    """The lines of a JSON Lines file that are not blank, and where each stands."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield line, Place(path, number)


def parse_line(line: str, place: Place) -> dict[str, Any]:
    """The JSON object of one line."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise place.error(f"not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(record, dict):
        raise place.error("not a JSON object")
    return record


def known_fields(record: Mapping[str, Any], allowed: set[str], place: Place) -> None:
    """Refuses fields that are not `allowed`: a misspelt one is otherwise lost in silence."""
    unknown = sorted(record.keys() - allowed)
    if unknown:
        raise place.error(f"unknown field {unknown[0]!r} (known: {', '.join(sorted(allowed))})")


def text_field(record: Mapping[str, Any], key: str, place: Place) -> str:
    """A string that is not blank."""
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        raise place.error(f"{key!r} is missing, empty or not a string")
    return value


def strings(value: Any, key: str, place: Place) -> tuple[str, ...]:
    """A list of strings that are not blank; the list may be empty."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise place.error(f"{key!r} is not a list of non-empty strings")
    return tuple(cast(list[str], value))
