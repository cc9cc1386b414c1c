"""Reading the files of question sets: JSON lines and JSON, plain or packed (.gz, .xz); every error names its line.

`json` forgets where a value stood. `JsonFile` remembers it for objects, through the decoder's Python scanner: a third
slower than the default, and a wrong record in a file of 100,000 lines is found.
"""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from json import decoder, scanner
from pathlib import Path
from typing import Any

from corpus.records import CorpusError, Place, text_field
from ingest.clean import clean_line

_UNPACK = {".gz": gzip.decompress, ".xz": lzma.decompress}


@dataclass(frozen=True)
class Within(Place):
    """A place inside a line, for files that are one line. what: `article 3, question 5`."""

    what: str

    def error(self, message: str) -> CorpusError:
        """The error with `what` before the message."""
        return CorpusError(self.path, self.line, f"{self.what}: {message}")


def packed(path: Path) -> Path:
    """`path`, or where there is no such file the same with .gz or .xz at its end, if that exists."""
    others = (path.with_name(path.name + suffix) for suffix in _UNPACK)
    return path if path.is_file() else next((other for other in others if other.is_file()), path)


def read_text(path: Path) -> str:
    """The text of a file, unpacked by its suffix. Raises CorpusError."""
    try:
        content = path.read_bytes()
        return _UNPACK.get(path.suffix.lower(), bytes)(content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(path, 0, f"not UTF-8 at byte {error.start}") from None
    except (lzma.LZMAError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise CorpusError(path, 0, f"cannot be unpacked: {error}") from None
    except OSError as error:
        raise CorpusError(path, 0, error.strerror or "cannot be read") from None


def read_records(path: Path) -> Iterator[tuple[dict[str, Any], Place]]:
    """The objects of a JSON Lines file and where each stands. Raises CorpusError."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            place = Place(path, number)
            yield as_object(_parsed(line, place, json.JSONDecoder()), "the line", place), place


class JsonFile:
    """A JSON file. root: its value. Raises CorpusError if it is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = read_text(path)
        self._ends = list(accumulate(len(line) + 1 for line in text.split("\n")))
        self._reader = _Remembering()
        self.root = _parsed(text, Place(path, 0), self._reader)

    def place(self, value: object) -> Place:
        """Where an object of the file begins; its first line for anything else."""
        return Place(self._path, 1 + bisect_right(self._ends, self._reader.starts.get(id(value), 0)))


class _Remembering(json.JSONDecoder):
    """Keeps the offset of every object by its identity; the caller keeps the objects alive."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: dict[int, int] = {}
        self.parse_object = self._object
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    def _object(self, text_and_start: tuple[str, int], *rest: Any) -> Any:
        value, end = decoder.JSONObject(text_and_start, *rest)  # type: ignore[attr-defined]
        self.starts[id(value)] = text_and_start[1] - 1
        return value, end


def as_object(value: object, what: str, place: Place) -> dict[str, Any]:
    """`value`, which has to be an object."""
    if not isinstance(value, dict):
        raise place.error(f"{what} is not a JSON object")
    return value


def list_field(record: Mapping[str, Any], key: str, place: Place) -> list[Any]:
    """A list, empty or not."""
    value = record.get(key)
    if not isinstance(value, list):
        raise place.error(f"{key!r} is missing or not a list")
    return value


def clean_field(record: Mapping[str, Any], key: str, place: Place) -> str:
    """A string with words in it, cleaned, on one line."""
    return _not_blank(clean_line(text_field(record, key, place)), key, place)


def clean_strings(record: Mapping[str, Any], key: str, place: Place, *, blank: bool = False) -> tuple[str, ...]:
    """A list of such strings, empty or not. blank: strings without words may be among them."""
    found = list_field(record, key, place)
    if not all(isinstance(item, str) for item in found):
        raise place.error(f"{key!r} is not a list of strings")
    cleaned = tuple(map(clean_line, found))
    return cleaned if blank else tuple(_not_blank(text, key, place) for text in cleaned)


def id_field(record: Mapping[str, Any], key: str, place: Place) -> str:
    """An id: a string, or a whole number as one."""
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_field(record, key, place).strip()


def _not_blank(text: str, key: str, place: Place) -> str:
    if not text:
        raise place.error(f"{key!r} holds no words")
    return text


def _parsed(text: str, place: Place, reader: json.JSONDecoder) -> Any:
    try:
        return reader.decode(text)
    except json.JSONDecodeError as error:
        where = Place(place.path, place.line or error.lineno)
        raise where.error(f"not JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError) as error:  # a number of 10,000 digits; brackets in brackets without end
        raise place.error(f"not JSON that can be read: {error}") from None
