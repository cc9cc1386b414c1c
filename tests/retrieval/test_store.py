"""The index follows the library, by small steps as by one large one, and mends what is broken."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ingest.library import Library
from retrieval import index_files
from retrieval.analysis import analyze
from retrieval.embedding_cache import FILE as CACHE_FILE
from retrieval.entries import chunk_text, library_digest, text_to_embed
from retrieval.errors import EncodingError, IndexBusy, IndexDamaged, IndexMissing, IndexOutdated
from retrieval.snapshot import Snapshot
from retrieval.store import IndexStore
from tests.fakes import HashEncoder
from tests.retrieval.homes import add_document, numbered, open_store

GRAPH = {"exact_limit": 5, "rank_bm25_limit": 5}


def found(snapshot: Snapshot, words: str, encoder: HashEncoder) -> tuple[list[tuple[str, float]], list[str]]:
    """What both parts of a snapshot find."""
    vector = encoder.encode([words])[0]
    return snapshot.bm25.search(analyze(words), 10), [name for name, _ in snapshot.dense.search(vector, 10)]


def data_file(store: IndexStore, role: str) -> Path:
    return store.folder / index_files.read_manifest(store.folder).files[role].name


# ---- following the library


def test_a_new_document_is_found_and_a_removed_one_is_not(tmp_path: Path, library: Library) -> None:
    encoder = HashEncoder()
    store = open_store(tmp_path, library, encoder)
    first = add_document(library, "Caches", ["A KV cache stores keys and values."])
    report = store.sync()
    assert (report.added, report.removed, report.chunks) == (1, 0, 1)
    second = add_document(library, "Sampling", ["Temperature divides the logits."])
    assert store.sync().added == 1
    bm25, dense = found(store.snapshot(), "temperature", encoder)
    assert bm25[0][0].startswith(second) and dense[0].startswith(second)
    library.remove(second)
    assert store.sync().removed == 1
    bm25, dense = found(store.snapshot(), "temperature", encoder)
    assert bm25 == [] and [name.split(":")[0] for name in dense] == [first]
    assert store.check() == []


@pytest.mark.parametrize("limits", [{}, GRAPH], ids=["small", "large"])
def test_small_steps_end_where_one_step_would(tmp_path: Path, library: Library, limits: dict[str, int]) -> None:
    encoder = HashEncoder()
    stepwise = IndexStore(tmp_path / "stepwise", library, encoder, **limits)
    ids = numbered(library, 4)
    stepwise.sync()
    library.remove(ids[1])
    stepwise.sync()
    numbered(library, 6, "late")
    library.remove(ids[3])
    stepwise.sync()
    at_once = IndexStore(tmp_path / "at_once", library, encoder, **limits)
    at_once.sync()
    one, other = stepwise.snapshot(), at_once.snapshot()
    assert sorted(one.ids) == sorted(other.ids)
    for words in ("paragraph", "late3x1", "doc0x2 word", "nothing"):
        assert found(one, words, encoder) == found(other, words, encoder)


def test_what_has_not_changed_is_not_embedded_again(tmp_path: Path, library: Library) -> None:
    encoder = HashEncoder()
    store = open_store(tmp_path, library, encoder)
    numbered(library, 3)
    assert store.sync().embedded == 9
    numbered(library, 1, "new")
    assert store.sync().embedded == 3
    assert len(encoder.encoded) == 12


def test_a_document_that_comes_back_is_not_embedded_again(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    document = numbered(library, 1)[0]
    store.sync()
    library.remove(document)
    store.sync()
    numbered(library, 1)
    assert store.sync().embedded == 0
    assert store.check() == []


def test_the_same_text_in_two_documents_is_embedded_once(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    boilerplate = "All rights are reserved."
    add_document(library, "T", [boilerplate, "One."], source="/one")
    add_document(library, "T", [boilerplate, "Two."], source="/two")
    report = store.sync()
    assert (report.added, report.embedded) == (4, 3)


def test_new_headings_alone_index_a_chunk_again(tmp_path: Path, library: Library) -> None:
    encoder = HashEncoder()
    store = open_store(tmp_path, library, encoder)
    add_document(library, "Notes", ["It is divided by the square root."])
    store.sync()
    add_document(library, "Notes", ["It is divided by the square root."], headings=("Attention",))
    report = store.sync()
    assert (report.added, report.removed) == (1, 1)
    assert found(store.snapshot(), "attention", encoder)[0] != []
    assert store.check() == []


def test_nothing_to_do_writes_nothing(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 2)
    store.sync()
    before = {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()}
    assert store.sync().added == 0
    assert open_store(tmp_path, library).sync().chunks == 6
    assert {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()} == before


def test_an_empty_library_has_an_empty_index(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    assert store.check() == []
    assert store.sync().chunks == 0
    assert store.snapshot().ids == []
    assert store.check() == []


def test_another_library_of_the_same_age_is_noticed(tmp_path: Path) -> None:
    with Library(tmp_path / "one") as one, Library(tmp_path / "other") as other:
        add_document(one, "One", ["First text."])
        add_document(other, "Other", ["Second text."])
        assert one.generation() == other.generation()
        IndexStore(tmp_path / "index", one, HashEncoder()).sync()
        store = IndexStore(tmp_path / "index", other, HashEncoder())
        assert store.check() != []
        assert store.sync().added == 1
        assert store.check() == []


def test_progress_reaches_its_end(tmp_path: Path, library: Library) -> None:
    seen: list[tuple[int, int]] = []
    numbered(library, 3)
    open_store(tmp_path, library).sync(lambda done, total: seen.append((done, total)))
    assert seen == [(0, 9), (9, 9)]


def test_chosen_documents_have_their_chunks(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    ids = numbered(library, 3)
    store.sync()
    snapshot = store.snapshot()
    allowed = snapshot.allowed([ids[1], "unknown"])
    chosen = [name for name, yes in zip(snapshot.ids, allowed, strict=True) if yes]
    assert len(chosen) == 3 and all(name.startswith(ids[1]) for name in chosen)


# ---- what is indexed


def test_chunks_of_a_list_of_references_are_known_after_every_step(tmp_path: Path, library: Library) -> None:
    entry = "Ann Aa, Bob Bb, and Cy Cc. A title. In Proceedings of KV, pp. 1–9, 2020."
    store = open_store(tmp_path, library)
    ids = []
    for number in range(2):
        ids.append(add_document(library, f"{number}", ["Prose.", f"{entry} {number}"], source=f"/{number}"))
        store.sync()
    numbered(library, 1)
    store.sync()
    texts = {chunk.id: chunk.text for chunk in library.chunks()}
    for snapshot in (store.snapshot(), open_store(tmp_path, library).snapshot()):
        assert {texts[name] for name in snapshot.references} == {f"{entry} 0", f"{entry} 1"}
    library.remove(ids[0])
    store.sync()
    assert {texts[name] for name in store.snapshot().references} == {f"{entry} 1"}


def test_title_and_headings_stand_before_the_text(library: Library) -> None:
    add_document(library, "Attention", ["It scales."], headings=("Attention", "Scaling"))
    chunk = library.chunks()[0]
    assert chunk_text(chunk, "Attention") == "Attention\nScaling\nIt scales."
    assert chunk_text(chunk, "") == "Attention > Scaling\nIt scales."


def test_headings_give_way_before_the_text_is_cut(library: Library) -> None:
    add_document(library, "Title", ["one two three four"], headings=("a b c d",))
    chunk = library.chunks()[0]
    assert text_to_embed(chunk, "Title", HashEncoder(max_tokens=20)) == chunk_text(chunk, "Title")
    assert text_to_embed(chunk, "Title", HashEncoder(max_tokens=8)) == "Title\none two three four"
    assert text_to_embed(chunk, "Title", HashEncoder(max_tokens=6)) == "one two three four"


# ---- damage, other versions


@pytest.mark.parametrize("role", sorted(index_files.SUFFIXES))
@pytest.mark.parametrize("harm", ["flip", "truncate", "delete"])
def test_a_damaged_file_is_refused_named_and_mended(tmp_path: Path, library: Library, role: str, harm: str) -> None:
    encoder = HashEncoder()
    numbered(library, 4)
    open_store(tmp_path, library, encoder).sync()
    store = open_store(tmp_path, library, encoder)
    expected = found(open_store(tmp_path, library).snapshot(), "doc2x1", encoder)
    encoder.encoded.clear()
    path = data_file(store, role)
    if harm == "delete":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle] ^= 1
        path.write_bytes(content[:middle] if harm == "truncate" else content)

    with pytest.raises(IndexDamaged, match="reindex"):
        store.snapshot()
    assert [problem.fix for problem in store.check()] == ["run: lectern reindex"]
    assert store.sync().embedded == 0
    assert encoder.encoded == []
    assert found(store.snapshot(), "doc2x1", encoder) == expected
    assert store.check() == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 2}', '{"format": 2, "files": {}}'])
def test_a_damaged_manifest_is_refused_and_mended(tmp_path: Path, library: Library, content: str) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 1)
    store.sync()
    (store.folder / index_files.MANIFEST).write_text(content)
    with pytest.raises(IndexDamaged, match="reindex"):
        store.snapshot()
    assert store.check() != []
    store.sync()
    assert len(store.snapshot().ids) == 3
    assert store.check() == []


def test_a_missing_index_names_the_command(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    with pytest.raises(IndexMissing, match="reindex"):
        store.snapshot()
    numbered(library, 1)
    assert [problem.behind for problem in store.check()] == [True]  # no damage: the next sync makes it
    store.sync()
    assert store.check() == []


def test_another_encoder_needs_a_new_index(tmp_path: Path, library: Library) -> None:
    numbered(library, 2)
    open_store(tmp_path, library, HashEncoder()).sync()
    other = open_store(tmp_path, library, HashEncoder(dimension=32, seed="other"))
    with pytest.raises(IndexOutdated, match="hash of another version; run: lectern reindex"):
        other.snapshot()
    assert len(other.check()) == 1
    assert other.sync().embedded == 6
    assert other.snapshot().dense.dimension == 32
    # The vectors of the first are still known.
    assert open_store(tmp_path, library, HashEncoder()).sync().embedded == 0


def test_another_format_needs_a_new_index(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 1)
    store.sync()
    path = store.folder / index_files.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(IndexOutdated, match="99"):
        store.snapshot()
    store.sync()
    assert store.check() == []


def test_reindex_makes_everything_anew_but_the_vectors(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 2)
    store.sync()
    report = store.sync(anew=True)
    assert (report.added, report.embedded) == (6, 0)


def test_check_tells_an_index_that_is_behind(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    ids = numbered(library, 2)
    store.sync()
    numbered(library, 1, "more")
    library.remove(ids[0])
    messages = [problem.message for problem in store.check()]
    assert len(messages) == 2
    assert "3 chunks are in the library but not in the index" in messages[0]
    assert "3 chunks are in the index but not in the library" in messages[1]
    assert all(problem.behind for problem in store.check())


def test_an_index_that_lies_about_the_present_library_is_damage(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 2)
    store.sync()
    numbered(library, 1, "more")
    path = store.folder / index_files.MANIFEST
    claim = {"generation": library.generation(), "library": library_digest(library)}
    path.write_text(json.dumps(json.loads(path.read_text()) | claim))
    assert [problem.behind for problem in store.check()] == [False]


def test_leftovers_of_a_killed_writer_are_told_and_go(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 1)
    store.sync()
    (store.folder / "dense-0123456789abcdef.faiss").write_bytes(b"half")
    (store.folder / ".writing-bm25.npz").write_bytes(b"half")
    assert "2 files" in store.check()[0].message and store.check()[0].behind
    store.sync(anew=True)
    assert store.check() == []


def test_old_files_do_not_pile_up(tmp_path: Path, library: Library) -> None:
    store = open_store(tmp_path, library)
    for i in range(4):
        numbered(library, 1, f"round {i}")
        store.sync()
    names = sorted(path.name for path in store.folder.iterdir())
    assert len(names) == 3 + len([index_files.MANIFEST, index_files.LOCK, CACHE_FILE])


def test_an_interrupted_sync_leaves_the_old_index_and_what_was_embedded(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path, library)
    numbered(library, 1)
    store.sync()
    numbered(library, 2, "late")
    with monkeypatch.context() as patch:
        patch.setattr(index_files, "publish", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.sync()
    assert len(store.snapshot().ids) == 3
    report = store.sync()
    assert (report.added, report.embedded) == (6, 0)
    assert store.check() == []


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_broken_encoder_changes_nothing(tmp_path: Path, library: Library) -> None:
    class Broken(HashEncoder):
        def encode(self, texts, *, batch_size=32):  # type: ignore[no-untyped-def]
            return np.full_like(super().encode(texts, batch_size=batch_size), np.nan)

    numbered(library, 1)
    open_store(tmp_path, library).sync()
    numbered(library, 1, "late")
    with pytest.raises(EncodingError):
        open_store(tmp_path, library, Broken()).sync()
    assert len(open_store(tmp_path, library).snapshot().ids) == 3


def test_a_second_writer_waits_and_then_says_so(tmp_path: Path, library: Library) -> None:
    import filelock

    store = open_store(tmp_path, library)
    numbered(library, 1)
    store.folder.mkdir(exist_ok=True)
    with (
        filelock.FileLock(store.folder / index_files.LOCK),
        pytest.raises(IndexBusy, match="another process"),
    ):
        store.sync(lock_seconds=0.05)
    assert store.sync().added == 3
