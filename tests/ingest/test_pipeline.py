"""The whole of ingest: folders, unchanged files, bad files, events, and SIGKILL at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.chunking import ChunkSettings
from ingest.errors import ChunkingError, LibraryError
from ingest.library import Library
from ingest.limits import Limits
from ingest.pipeline import Event, Summary, ingest
from ingest.sources import NamedFile
from tests.ingest import samples


def _count_tokens(text: str) -> int:
    return 2 + len(text.split())


def _ingest(library: Library, *sources: Path | str | NamedFile, **options: object) -> tuple[Summary, list[Event]]:
    events: list[Event] = []
    settings = options.pop("settings", ChunkSettings(max_tokens=50))
    summary = ingest(
        library,
        sources,
        settings=settings,  # type: ignore[arg-type]
        count_tokens=_count_tokens,
        on_event=events.append,
        parsers=2,
        **options,  # type: ignore[arg-type]
    )
    return summary, events


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good, bad, hidden and unsupported files."""
    root = tmp_path / "files"
    (root / "inner").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "a.md").write_text("# A\n\nText of A.\n\n## Part\n\nMore of A.")
    (root / "b.pdf").write_bytes(samples.pdf([["The first page."], ["The second page."]]))
    (root / "bad.pdf").write_bytes(samples.pdf([[]]))
    (root / "inner" / "c.txt").write_text("Текст на русском языке.")
    (root / "data.jsonl").write_text("{}")
    (root / "picture.png").write_bytes(b"x")
    (root / ".hidden" / "secret.md").write_text("secret")
    (root / ".dot.md").write_text("secret")
    return root


def test_a_folder_is_ingested_and_a_bad_file_stops_nothing(library: Library, folder: Path) -> None:
    summary, events = _ingest(library, folder)
    assert (summary.added, summary.failed, summary.files) == (3, 1, 4)
    assert summary.pages == 4 and summary.chunks == len(library.chunks()) == 4
    assert [(Path(event.file).name, event.status) for event in events] == [
        ("a.md", "added"),
        ("b.pdf", "added"),
        ("bad.pdf", "failed"),
        ("c.txt", "added"),
    ]
    assert [event.number for event in events] == [1, 2, 3, 4] and {event.total for event in events} == {4}
    assert "run OCR first" in events[2].error and summary.errors[0][1] == events[2].error
    assert events[-1].done_bytes == events[-1].total_bytes > 0
    assert {info.title for info in library.documents()} == {"A", "The first page.", "Текст на русском языке"}
    assert [chunk.headings for chunk in library.chunks() if "More" in chunk.text] == [("Part",)]
    assert library.check() == []


def test_a_second_run_finds_everything_unchanged(library: Library, folder: Path) -> None:
    _ingest(library, folder)
    generation = library.generation()
    summary, events = _ingest(library, folder)
    assert (summary.unchanged, summary.failed) == (3, 1)
    assert {event.document_id for event in events} == {info.id for info in library.documents()} | {""}
    assert library.generation() == generation


def test_a_changed_file_is_updated_and_a_failed_change_keeps_the_old(library: Library, folder: Path) -> None:
    _ingest(library, folder)
    (folder / "a.md").write_text("# A\n\nNew text of A.")
    (folder / "b.pdf").write_bytes(b"%PDF-1.7 broken")
    summary, _ = _ingest(library, folder)
    assert (summary.updated, summary.unchanged, summary.failed) == (1, 1, 2)
    texts = " ".join(chunk.text for chunk in library.chunks())
    assert "New text of A." in texts and "More of A." not in texts and "second page" in texts
    assert library.check() == []


def test_new_settings_cut_everything_anew(library: Library, folder: Path) -> None:
    _ingest(library, folder)
    summary, _ = _ingest(library, folder, settings=ChunkSettings("sentence_window", max_tokens=50))
    assert summary.updated == 3


def test_the_same_content_twice_is_one_document(library: Library, folder: Path) -> None:
    (folder / "copy of a.md").write_bytes((folder / "a.md").read_bytes())
    _, events = _ingest(library, folder)
    (told,) = [event for event in events if any("one document" in warning for warning in event.warnings)]
    assert told.file.endswith("copy of a.md")
    (info,) = [info for info in library.documents() if info.title == "A"]
    assert [Path(source).name for source in info.sources] == ["a.md", "copy of a.md"]


def test_a_name_that_is_not_utf8_is_said_and_stops_nothing(library: Library, folder: Path) -> None:
    for name in (b"\xff.md", b"\xfe.md", b"caf\xe9/d.md"):
        path = folder / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("# D")
    summary, events = _ingest(library, folder)
    assert (summary.added, summary.failed) == (3, 4)
    failed = [event for event in events if event.status == "failed" and "not UTF-8" in event.error]
    assert {event.file.removeprefix(f"{folder}/") for event in failed} == {"\\xff.md", "\\xfe.md", "caf\\xe9/d.md"}
    assert all(event.error.startswith(event.file) and "rename" in event.error for event in failed)


def test_of_a_corpus_only_notes_and_materials_are_documents(library: Library, tmp_path: Path) -> None:
    for name in ("README.md", "notes/en/a.md", "materials/ru/b.md", "reading/c.md", "questions/d.md"):
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\ntext of {name}")
    (tmp_path / "corpus" / "reading_list.toml").write_text("")
    _ingest(library, tmp_path / "corpus")
    assert {info.title for info in library.documents()} == {"notes/en/a.md", "materials/ru/b.md"}


def test_what_cannot_be_ingested_is_said(library: Library, folder: Path) -> None:
    _, events = _ingest(
        library, folder / "nothing.md", folder / "picture.png", "ftp://host/a.pdf", "http://127.0.0.1/a"
    )
    assert [event.status for event in events] == ["failed"] * 4
    for event, words in zip(
        events, ("no such file", "cannot read .png", "only http", "no public address"), strict=True
    ):
        assert words in event.error and "\n" not in event.error


def test_named_files_are_known_by_their_name(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "tmp123"
    path.write_text("# Upload\n\ntext")
    _ingest(library, NamedFile("upload/my notes.md", path, "my notes.md"))
    (info,) = library.documents()
    assert info.sources == ("upload/my notes.md",) and info.title == "Upload"


def test_a_large_file_is_refused(library: Library, folder: Path) -> None:
    _, events = _ingest(library, folder / "a.md", limits=Limits(file_bytes=10))
    assert "larger than" in events[0].error


def test_settings_that_cannot_be_met_stop_at_once(library: Library, folder: Path) -> None:
    with pytest.raises(ChunkingError, match="embedder"):
        _ingest(library, folder, settings=ChunkSettings("semantic", max_tokens=50))


def test_a_library_that_cannot_be_written_stops_at_once(library: Library, folder: Path) -> None:
    pages = library._database.rows("PRAGMA page_count")[0][0]
    library._database.rows(f"PRAGMA max_page_count={pages}")
    (folder / "a.md").write_text("word " * 50_000)
    with pytest.raises(LibraryError, match="disk is full"):
        _ingest(library, folder)


# ---- SIGKILL

_CHILD = """
import sys
from pathlib import Path
from ingest.chunking import ChunkSettings
from ingest.library import Library
from ingest.pipeline import ingest
with Library(Path(sys.argv[1])) as library:
    print("open", flush=True)
    ingest(library, [Path(sys.argv[2])], settings=ChunkSettings(max_tokens=50),
           count_tokens=lambda text: 2 + len(text.split()), parsers=2,
           on_event=lambda event: print(event.status, flush=True))
"""


def _start(home: Path, folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(home), str(folder)], stdout=subprocess.PIPE, env=environment
    )


def _content(home: Path) -> tuple[object, ...]:
    """What must not depend on how often ingest was killed."""
    with Library(home) as library:
        assert library.check() == []
        library.clean()
        infos = [(info.id, info.title, info.sources, info.chunks, info.settings) for info in library.documents()]
        return infos, library.chunks(), library.originals.names()


def test_killed_at_random_moments_and_run_again_it_is_as_if_never_killed(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(24):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n" + f"Sentence of note {number}. " * 200)
    with _start(tmp_path / "undisturbed", folder) as child:
        assert child.wait() == 0
    expected = _content(tmp_path / "undisturbed")
    home, chance, seen = tmp_path / "killed", random.Random(0), []
    for files in (0, 0, 1, 2, 1, 3, 1, 2):  # how many more are added before the next kill
        with _start(home, folder) as child:
            assert child.stdout is not None
            while files and (line := child.stdout.readline()):
                files -= line == b"added\n"
            time.sleep(chance.choice((0.0, 0.002, 0.01)))
            child.send_signal(signal.SIGKILL)
        with Library(home) as library:
            assert library.check() == []
            seen.append(len(library.documents()))
    assert seen == sorted(seen) and 0 < seen[-1] < 24 and len(set(seen)) > 3
    with _start(home, folder) as child:
        assert child.wait() == 0
    assert _content(home) == expected
