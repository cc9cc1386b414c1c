"""The library: identity by content, sources, atomic changes, several processes, readable errors."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.chunking import chunk_document
from ingest.document import Chunk, Document
from ingest.errors import LibraryError, UnknownChunk, UnknownDocument, UnknownJob
from ingest.jobs import FileResult
from ingest.library import Change, Library, Source
from ingest.originals import write_atomically
from ingest.structure import Heading
from tests.ingest import samples


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "home") as opened:
        yield opened


def _cut(document: Document, max_tokens: int = 12) -> list[Chunk]:
    return chunk_document(document, max_tokens=max_tokens, count_tokens=lambda text: 2 + len(text.split()), headings=())


def _add(
    library: Library,
    text: str,
    source: str,
    *,
    title: str = "Title",
    settings: str = "s",
    max_tokens: int = 12,
) -> Change:
    document = samples.document(text, title)
    content = f"file of {text}".encode()
    sha256 = samples.document(content.decode()).sha256
    library.originals.store(content, sha256, ".txt")
    return library.add(
        document, _cut(document, max_tokens), Source(source, sha256, ".txt", len(content)), settings=settings
    )


_LONG = "The first sentence of this text says something. The second one says another thing. The third ends it."


def test_what_was_added_comes_back(library: Library) -> None:
    document = samples.document(_LONG, "On Things")
    headings = (Heading(0, 9, 1, "The first"),)
    chunks = _cut(document)
    assert library.add(document, chunks, Source("/a.txt", "0" * 64, ".txt", 7), headings=headings) == "added"
    stored = library.document(document.id)
    assert stored == Document(
        document.id, "On Things", ("/a.txt",), "en", document.sha256, document.pages, document.text
    )
    assert library.chunks() == library.chunks([document.id]) == chunks
    assert library.chunk(chunks[1].id) == chunks[1]
    assert library.headings(document.id) == headings
    (info,) = library.documents()
    assert (info.title, info.pages, info.chunks, info.bytes, info.characters) == (
        "On Things",
        1,
        len(chunks),
        7,
        len(_LONG),
    )


def test_same_content_at_two_sources_is_one_document(library: Library) -> None:
    assert _add(library, _LONG, "/a.txt") == "added"
    assert _add(library, _LONG, "/b.txt") == "added"
    (info,) = library.documents()
    assert info.sources == ("/a.txt", "/b.txt")
    assert library.remove_source("/a.txt")
    assert library.document(info.id).sources == ("/b.txt",)
    assert library.remove_source("/b.txt")
    assert library.documents() == [] and library.chunks() == []
    assert not library.remove_source("/b.txt")


def test_new_content_at_a_source_takes_the_old_ones_place(library: Library) -> None:
    _add(library, "Old words.", "/a.txt")
    assert _add(library, "New words.", "/a.txt") == "updated"
    assert [chunk.text for chunk in library.chunks()] == ["New words."]
    _add(library, "New words.", "/b.txt")
    _add(library, "Newest words.", "/a.txt")
    assert sorted(chunk.text for chunk in library.chunks()) == ["New words.", "Newest words."]


def test_adding_the_same_again_is_unchanged_and_new_settings_cut_anew(library: Library) -> None:
    _add(library, _LONG, "/a.txt")
    before = library.chunks()
    assert _add(library, _LONG, "/a.txt") == "unchanged"
    assert _add(library, _LONG, "/a.txt", settings="other", max_tokens=30) == "updated"
    assert len(library.chunks()) < len(before)
    state = library.source_state("/a.txt")
    assert state is not None and state[1] == "other"
    assert library.source_state("/nowhere") is None


def test_every_change_raises_the_generation_for_all(library: Library) -> None:
    with Library(library.home) as other:
        seen = [other.generation()]
        for change in (
            lambda: _add(library, "One.", "/a.txt"),
            lambda: _add(library, "Two.", "/a.txt"),
            lambda: library.remove_source("/a.txt"),
        ):
            change()
            seen.append(other.generation())
        assert seen == sorted(set(seen))


def test_a_failed_change_changes_nothing(library: Library) -> None:
    _add(library, "One.", "/a.txt")
    before = (library.generation(), library.documents())
    document = samples.document("Two words.")
    wrong = Chunk(f"{document.id}:0-3", document.id, 0, 3, "Xwo")
    with pytest.raises(LibraryError, match="no slice"):
        library.add(document, [wrong], Source("/a.txt", "1" * 64, ".txt", 1))
    with pytest.raises(LibraryError, match="surrogates"):
        library.add(
            Document(document.id, "t\ud800", (), "en", document.sha256, document.pages, document.text),
            [],
            Source("/a.txt", "1" * 64, ".txt", 1),
        )
    assert (library.generation(), library.documents()) == before


def test_originals_live_as_long_as_a_source_needs_them(library: Library) -> None:
    _add(library, "Same.", "/a.txt")
    _add(library, "Same.", "/b.txt")
    (name,) = library.originals.names()
    assert library.original(library.documents()[0].id).name == name
    library.remove_source("/a.txt")
    assert library.originals.names() == {name}
    library.remove(library.documents()[0].id)
    assert library.originals.names() == set()


def test_unknown_names_are_answered_with_the_nearest(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _add(library, _LONG, "/a.txt", title="Attention Is All You Need")
    (info,) = library.documents()
    for wrong in (info.id[:8] + "00000000", "Attention is all you nede", "attention"):
        with pytest.raises(UnknownDocument, match=f"did you mean {info.id}"):
            library.document(wrong)
    with pytest.raises(UnknownDocument, match="list them"):
        library.remove("zzzz")
    with pytest.raises(UnknownChunk):
        library.chunk("nothing:0-1")
    assert library.resolve(info.id) == library.resolve(info.id[:6]) == library.resolve("/a.txt") == info.id
    monkeypatch.chdir("/")
    assert library.resolve("a.txt") == library.resolve("./a.txt") == library.resolve("usr/../a.txt") == info.id
    with pytest.raises(UnknownDocument):
        library.resolve(info.id[:3])


def test_check_finds_what_was_damaged(library: Library) -> None:
    _add(library, _LONG, "/a.txt")
    assert library.check() == []
    for name in library.originals.names():
        library.originals.path(name, "").unlink()
    with sqlite3.connect(library.home / "library.sqlite3") as sql:
        sql.execute("UPDATE texts SET text = 'other'")
        sql.execute("UPDATE chunks SET stop = 10000")
    sql.close()
    problems = "\n".join(library.check())
    for words in ("original is missing", "not what was stored", "outside the text"):
        assert words in problems


def test_litter_is_cleaned_and_documents_keep_their_files(library: Library) -> None:
    _add(library, _LONG, "/a.txt")
    (library.originals.folder / ".part-left").write_bytes(b"half")
    library.originals.store(b"orphan", "f" * 64, ".txt")
    assert library.clean() == 2
    assert library.check() == [] and len(library.originals.names()) == 1


def test_threads_may_share_a_library(library: Library) -> None:
    def work(name: int) -> None:
        for i in range(10):
            _add(library, f"Text {i} of thread {name}.", f"/{name}/{i}.txt")
            library.documents()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(library.documents()) == 40 and library.check() == []


# ---- errors


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "library.sqlite3").write_bytes(b"this is no database at all, but long enough to look at")
    with pytest.raises(LibraryError, match="no SQLite database"):
        Library(tmp_path)


def test_a_library_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Library(tmp_path).close()
    with sqlite3.connect(tmp_path / "library.sqlite3") as sql:
        sql.execute("PRAGMA user_version=99")
    sql.close()
    with pytest.raises(LibraryError, match="newer Lectern"):
        Library(tmp_path)


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LibraryError, match="--home"):
        Library(tmp_path / "file" / "home")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LibraryError, match="writable"):
            Library(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_said_so_and_nothing_is_half_written(library: Library) -> None:
    _add(library, "One.", "/a.txt")
    pages = library._database.rows("PRAGMA page_count")[0][0]
    library._database.rows(f"PRAGMA max_page_count={pages}")  # SQLite then answers as on a full disk
    with pytest.raises(LibraryError, match="disk is full"):
        _add(library, "word " * 20_000, "/b.txt")
    assert [info.sources for info in library.documents()] == [("/a.txt",)]
    assert library.check() == []


def test_atomic_writing_leaves_the_old_content_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def fail(_handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


# ---- jobs


def test_jobs_keep_progress_and_errors_over_a_restart(library: Library) -> None:
    job = library.jobs.create(["a.pdf", "b.pdf"])
    assert (job.state, job.progress) == ("queued", 0.0)
    job = library.jobs.finish_file(job, FileResult("a.pdf", "added", "0123", 3, 9))
    job = library.jobs.finish_file(job, FileResult("b.pdf", "failed", error="no text layer"))
    assert job.progress == 1.0
    with Library(library.home) as again:
        assert again.jobs.get(job.id) == job
        assert again.jobs.interrupt() == 1
        assert again.jobs.get(job.id).state == "failed"
        newer = again.jobs.create([])
        assert [one.id for one in again.jobs.all()] == [newer.id, job.id]
    with pytest.raises(UnknownJob):
        library.jobs.get("nothing")
