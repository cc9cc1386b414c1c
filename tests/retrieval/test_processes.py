"""One home, several processes and threads: readers see whole states only, killed writers leave one behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from ingest.library import Library
from retrieval import index_files
from retrieval.retriever import Retriever
from tests.fakes import HashEncoder
from tests.retrieval.homes import numbered, open_store

ROUNDS = 12
PATIENCE_SECONDS = 60


def write_and_remove(home: Path, prefix: str) -> None:
    """Add a document and bring the index up, again and again; every other one is removed."""
    with Library(home) as library:
        store = open_store(home, library)
        for i in range(ROUNDS):
            (document,) = numbered(library, 1, f"{prefix}{i}")
            store.sync()
            if i % 2:
                library.remove(document)
                store.sync()


def start(*arguments: object) -> BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=write_and_remove, args=arguments)
    process.start()
    return process


def finish(process: BaseProcess) -> int | None:
    process.join(PATIENCE_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        pytest.fail("the writer did not finish")
    code = process.exitcode
    process.close()
    return code


def test_two_writers_and_readers_at_once(tmp_path: Path, library: Library) -> None:
    numbered(library, 2, "first")
    open_store(tmp_path, library).sync()
    writers = [start(tmp_path, "left"), start(tmp_path, "right")]
    retriever = Retriever(open_store(tmp_path, library), HashEncoder())
    searches = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(writer.is_alive() for writer in writers) and time.monotonic() < deadline:
        snapshot = open_store(tmp_path, library).snapshot()  # opened afresh: reads while files are replaced
        assert snapshot.bm25.ids == snapshot.dense.ids
        per_document = Counter(name.split(":")[0] for name in snapshot.ids)
        assert set(per_document.values()) == {3}  # no document is half indexed
        assert "first0x1" in retriever.search("first0x1", top_k=3)[0].chunk.text
        searches += 1
    assert [finish(writer) for writer in writers] == [0, 0]
    assert searches > 0
    store = open_store(tmp_path, library)
    assert store.check() == []
    assert store.sync().added == 0
    assert len(store.snapshot().ids) == 3 * (2 + 2 * ROUNDS // 2)


@pytest.mark.parametrize("delay_seconds", [0.02, 0.1, 0.25, 0.5])
def test_a_killed_writer_leaves_a_whole_index(tmp_path: Path, library: Library, delay_seconds: float) -> None:
    numbered(library, 2, "first")
    store = open_store(tmp_path, library)
    store.sync()
    before = index_files.stamp(store.folder)
    writer = start(tmp_path, "killed")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while index_files.stamp(store.folder) == before and time.monotonic() < deadline:
        time.sleep(0.005)  # Python's start takes longer than the work: wait for the first change
    time.sleep(delay_seconds)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    finish(writer)

    assert store.snapshot().bm25.search(["=first0x1"], 1) != []
    store.sync()  # the lock went with its holder
    assert store.check() == []
    assert set(store.snapshot().ids) == {chunk.id for chunk in library.chunks()}


def test_threads_share_a_store(tmp_path: Path, library: Library) -> None:
    numbered(library, 5)
    store = open_store(tmp_path, library)
    store.sync()
    retriever = Retriever(store, HashEncoder())
    expected = [hit.chunk.id for hit in retriever.search("doc2 paragraph 1")]
    wrong: list[object] = []

    def search() -> None:
        try:
            for _ in range(20):
                found = [hit.chunk.id for hit in retriever.search("doc2 paragraph 1")]
                if found[0] != expected[0]:
                    wrong.append(found)
        except Exception as error:
            wrong.append(error)

    def change() -> None:
        try:
            for i in range(5):
                numbered(library, 1, f"other{i}")
                store.sync()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for work in (search, search, search, change, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    store.sync()
    assert store.check() == []
