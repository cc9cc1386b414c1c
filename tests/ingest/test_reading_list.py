"""The reading list: what is open is fetched and unpacked safely, the rest is skipped and said so."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.addresses import Address
from ingest.chunking import ChunkSettings
from ingest.fetch import Fetcher
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.reading_list import FetchEvent, fetch_reading_list
from tests.ingest.local_server import Reply, Server, running


@dataclass(frozen=True)
class _Download:
    url: str
    include: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Material:
    id: str
    title: str
    access: str
    urls: tuple[str, ...]
    fetch: tuple[_Download, ...]


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in ("README.md", "docs/a.md", "docs/deep/b.md", "code.py", "../../evil.md", "movie.mp4"):
            archive.writestr(f"repository-123/{path}", f"# {path}\n\ntext of {path}")
    return buffer.getvalue()


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as started:
        started.replies["/note.md"] = lambda headers: (
            Reply(304)
            if headers.get("if-none-match") == '"1"'
            else Reply(body=b"# Note\n\ntext", headers={"ETag": '"1"'})
        )
        started.replies["/zip"] = lambda _: Reply(body=_archive(), headers={"Content-Type": "application/zip"})
        yield started


@pytest.fixture
def materials(server: Server) -> list[_Material]:
    return [
        _Material("note", "Note", "open", (server.url,), (_Download(f"{server.url}/note.md"),)),
        _Material("book", "Book", "sold", ("https://shop.example",), ()),
        _Material("film", "Film", "video", ("https://tube.example",), ()),
        _Material("gone", "Gone", "open", (server.url,), (_Download(f"{server.url}/gone.pdf"),)),
        _Material(
            "repo",
            "Repo",
            "open",
            (server.url,),
            (_Download(f"{server.url}/zip", ("docs/*.md", "*.mp4", "*evil*")),),
        ),
    ]


def _fetcher(home: Path) -> Fetcher:
    def is_loopback(address: Address) -> bool:
        return address.is_loopback

    return Fetcher(home / "downloads", is_allowed=is_loopback, sleep=lambda _seconds: None)


def test_the_list_becomes_files_and_each_outcome_is_said(tmp_path: Path, materials: list[_Material]) -> None:
    events: list[FetchEvent] = []
    files = fetch_reading_list(materials, _fetcher(tmp_path), on_event=events.append)
    assert [(event.material_id, event.status, event.files) for event in events] == [
        ("note", "fetched", 1),
        ("book", "skipped", 0),
        ("film", "skipped", 0),
        ("gone", "failed", 0),
        ("repo", "fetched", 3),
    ]
    assert "sold" in events[1].message and "https://shop.example" in events[1].message
    assert "video" in events[2].message and "404" in events[3].message
    assert [file.name.rpartition("/")[2] for file in files][:2] == ["note.md", "a.md"]
    assert {file.name.partition("#")[2] for file in files[1:]} == {
        "docs/a.md",
        "docs/deep/b.md",
        "../../evil.md",
    }
    inside = (tmp_path / "downloads").resolve()
    assert all(file.path.resolve().is_relative_to(inside) for file in files)
    assert not list(tmp_path.rglob("evil.md"))


def test_a_second_run_asks_only_whether_anything_changed(tmp_path: Path, materials: list[_Material]) -> None:
    events: list[FetchEvent] = []
    fetch_reading_list(materials[:1], _fetcher(tmp_path))
    fetch_reading_list(materials[:1], _fetcher(tmp_path), on_event=events.append)
    assert [event.status for event in events] == ["unchanged"]


def test_fetched_files_are_ingested_under_their_urls(tmp_path: Path, materials: list[_Material]) -> None:
    files = fetch_reading_list(materials, _fetcher(tmp_path))
    with Library(tmp_path) as library:
        summary = ingest(library, files, settings=ChunkSettings(), count_tokens=len, parsers=1)
        assert summary.added == 4
        sources = [source for info in library.documents() for source in info.sources]
        assert any(source.endswith("/note.md") for source in sources)
        assert any(source.endswith("/zip#docs/deep/b.md") for source in sources)
        again = ingest(library, files, settings=ChunkSettings(), count_tokens=len, parsers=1)
        assert again.unchanged == 4


def test_a_url_can_be_ingested_directly(tmp_path: Path, server: Server) -> None:
    with Library(tmp_path) as library:
        url = f"{server.url}/note.md"
        options = {
            "settings": ChunkSettings(),
            "count_tokens": len,
            "fetcher": _fetcher(tmp_path),
            "parsers": 1,
        }
        assert ingest(library, [url], **options).added == 1  # type: ignore[arg-type]
        assert ingest(library, [url], **options).unchanged == 1  # type: ignore[arg-type]
        assert library.documents()[0].sources == (url,)
