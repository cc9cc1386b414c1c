"""The reading list becomes files: open materials are downloaded, archives unpacked as far as asked for.

What is sold or is video is skipped, and said so. The materials come from whoever reads `reading_list.toml`
(the corpus does); here they are anything with the fields below.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from ingest.errors import IngestError
from ingest.fetch import Fetched, Fetcher
from ingest.formats import is_supported
from ingest.formats.archive import open_archive
from ingest.limits import Limits
from ingest.originals import write_atomically
from ingest.sources import NamedFile


class Download(Protocol):
    """One thing to download. include: patterns (`fnmatch`) of members of an archive; empty: the whole."""

    @property
    def url(self) -> str: ...
    @property
    def include(self) -> Sequence[str]: ...


class Material(Protocol):
    """One entry of the list. access: "open", "sold" or "video". urls: where a person finds it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def access(self) -> str: ...
    @property
    def urls(self) -> Sequence[str]: ...
    @property
    def fetch(self) -> Sequence[Download]: ...


@dataclass(frozen=True, slots=True)
class FetchEvent:
    """What became of one download of the list, number `number` of `total`.

    status: "fetched", "unchanged" (the copy from before is current), "skipped" or "failed". files: how many
    documents it gave. message: why it was skipped or failed, one line.
    """

    material_id: str
    title: str
    url: str
    number: int
    total: int
    status: Literal["fetched", "unchanged", "skipped", "failed"]
    files: int = 0
    message: str = ""


def _ignore(_event: FetchEvent) -> None:
    """The listener of those who do not listen."""


def fetch_reading_list(
    materials: Iterable[Material],
    fetcher: Fetcher,
    *,
    limits: Limits | None = None,
    on_event: Callable[[FetchEvent], None] = _ignore,
) -> list[NamedFile]:
    """Downloads what can be; the files, in the order of the list, are for `ingest.pipeline.ingest`.

    A failed download is an event and stops nothing. Run again, it fetches only what is missing or has
    changed.
    """
    limits = limits or Limits()
    plan = [(material, download) for material in materials for download in material.fetch or (None,)]
    files: list[NamedFile] = []
    for number, (material, download) in enumerate(plan, start=1):
        place = (material.id, material.title, download.url if download else next(iter(material.urls), ""))
        if download is None:
            on_event(FetchEvent(*place, number, len(plan), "skipped", message=_why_skipped(material)))
            continue
        try:
            fetched = fetcher.fetch(download.url)
            found = list(_files_of(fetched, download, limits))
        except IngestError as error:
            on_event(FetchEvent(*place, number, len(plan), "failed", message=str(error)))
        else:
            files += found
            on_event(FetchEvent(*place, number, len(plan), "fetched" if fetched.is_new else "unchanged", len(found)))
    return files


def _why_skipped(material: Material) -> str:
    where = next(iter(material.urls), "")
    if material.access == "sold":
        return f"a book that is sold, nothing of it is free to fetch; see {where}"
    if material.access == "video":
        return f"a video, nothing to read; see {where}"
    return f"nothing to fetch is listed; see {where}"


def _files_of(fetched: Fetched, download: Download, limits: Limits) -> Iterator[NamedFile]:
    """The download itself, or the members of the archive that match, named `url#path`."""
    if not download.include:
        yield NamedFile(download.url, fetched.path, fetched.file_name)
        return
    folder = fetched.path.with_suffix(".members")
    with open_archive(fetched.path.read_bytes(), download.url, limits) as archive:
        for member in archive.infolist():
            inside = _path_inside(member)
            if is_supported(inside) and any(fnmatchcase(inside, pattern) for pattern in download.include):
                # Under a name of our own: a path out of an archive could lead anywhere.
                path = folder / (hashlib.sha256(inside.encode()).hexdigest()[:24] + PurePosixPath(inside).suffix)
                _unpack(archive, member, path)
                yield NamedFile(f"{download.url}#{inside}", path, PurePosixPath(inside).name)


def _path_inside(member: zipfile.ZipInfo) -> str:
    """The path without the archive's first folder, for repositories `name-commit/`; "" for folders."""
    return "" if member.is_dir() else member.filename.partition("/")[2]


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, archive.read(member))
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise IngestError(
            f"{member.filename}: cannot be unpacked ({error}); delete the downloads and try again"
        ) from error
