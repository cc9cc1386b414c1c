"""What to ingest: files, folders, URLs, named files; each becomes items, a name and a way to the bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import Unsupported
from ingest.fetch import Fetcher, is_url
from ingest.formats import is_supported, unsupported_message
from ingest.limits import Limits
from ingest.parse import read_file

# A folder with this file is a corpus: only these parts of it are documents, the rest is data about them.
_CORPUS_MARK = "reading_list.toml"
_CORPUS_PARTS = ("notes", "materials")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file with another name than its path: a download has its URL, an upload what the user called it.

    name: the source's name in the library. file_name: with the suffix that says what it is.
    """

    name: str
    path: Path
    file_name: str


@dataclass(frozen=True, slots=True)
class Item:
    """A source before it is read. load: its bytes and a file name with the right suffix. size_bytes: or 0."""

    name: str
    size_bytes: int
    load: Callable[[], tuple[bytes, str]]


def expand(sources: Iterable[Path | str | NamedFile], limits: Limits, fetcher: Fetcher) -> Iterator[Item]:
    """The items of all sources, each name once."""
    seen = set()
    for source in sources:
        for item in _items_of(source, limits, fetcher):
            if item.name not in seen:
                seen.add(item.name)
                yield item


def _items_of(source: Path | str | NamedFile, limits: Limits, fetcher: Fetcher) -> Iterator[Item]:
    if isinstance(source, NamedFile):
        yield _file_item(source.name, source.path, source.file_name, limits)
    elif isinstance(source, str) and is_url(source):
        yield Item(source, 0, lambda: fetcher.fetch(source).read())
    else:
        path = Path(os.path.abspath(source))
        for file in files_below(path) if path.is_dir() else [path]:
            yield _file_item(str(file), file, file.name, limits)


def _file_item(name: str, path: Path, file_name: str, limits: Limits) -> Item:
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")

    def load() -> tuple[bytes, str]:
        if shown != name:  # SQLite would refuse it, and with it all files that follow
            raise Unsupported(f"{shown}: its name is not UTF-8; rename the file or its folder")
        if path.exists() and not is_supported(file_name):
            raise Unsupported(unsupported_message(file_name))  # before a large video is read
        return read_file(path, limits), file_name

    return Item(shown, path.stat().st_size if path.is_file() else 0, load)


def files_below(folder: Path) -> list[Path]:
    """The files in and below a folder that have a parser, sorted; no hidden ones, no links to folders.

    Of a corpus folder (one with `reading_list.toml`) only the notes and the entries on materials.
    """
    if (folder / _CORPUS_MARK).is_file():
        return [file for part in _CORPUS_PARTS for file in files_below(folder / part)]
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root, name) for name in sorted(files) if not name.startswith(".") and is_supported(name)]
    return found
