"""The index of one home, kept in step with the library: what ingest writes to and searches read from.

The library is the truth. `sync` compares every chunk it holds with what the index holds (id, and SHA-256 of
the text to be indexed), takes out what is gone, embeds and adds what is new, and publishes the result in one
step. `snapshot` gives readers an index that never changes under them, and a newer one when there is one. Any
number of processes may do both: writers take turns by a file lock, readers need none.

Price of a `sync` that adds one chunk to 50,000: 1.1 s, for reading the library, summing up BM25 and writing
the files anew; nothing is embedded again. One that finds nothing to do reads two small things.

Read beside it: retrieval/index_files.py (what lies on disk), retrieval/embedding_cache.py.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from ingest.bibliography import is_bibliography
from ingest.library import Library
from retrieval import index_check, index_files
from retrieval.analysis import ANALYSIS_VERSION, analyze
from retrieval.bm25 import RANK_BM25_LIMIT, BM25Index
from retrieval.dense import EXACT_LIMIT, DenseIndex, check_vectors
from retrieval.embedding_cache import EmbeddingCache
from retrieval.encoder import Encoder
from retrieval.entries import Entry, chunk_text, library_digest, read_entries, text_to_embed
from retrieval.errors import IndexBusy, IndexDamaged, IndexOutdated, StoreError
from retrieval.index_check import Problem
from retrieval.index_files import FileStamp, Manifest
from retrieval.snapshot import Snapshot, load_snapshot, write_table
from retrieval.token_codes import encode

__all__ = ["IndexStore", "Problem", "Snapshot", "SyncReport", "chunk_text"]

Progress = Callable[[int, int], None]

_EMBED_AT_ONCE = 64  # chunks embedded between two commits of the cache and two words on the progress


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What `sync` did: chunks added and removed, how many had to be embedded, how many there are now."""

    added: int
    removed: int
    embedded: int
    chunks: int


class IndexStore:
    """The index in `folder` of what `library` holds, with vectors by `encoder`. Threads may share it.

    exact_limit, rank_bm25_limit: above how many chunks the approximate and the inverted index take over.
    """

    def __init__(
        self,
        folder: Path,
        library: Library,
        encoder: Encoder,
        *,
        exact_limit: int = EXACT_LIMIT,
        rank_bm25_limit: int = RANK_BM25_LIMIT,
    ) -> None:
        self.folder = folder
        self.library = library
        self._encoder = encoder
        self._exact_limit = exact_limit
        self._rank_bm25_limit = rank_bm25_limit
        self._loading = threading.Lock()
        self._loaded: tuple[FileStamp, Snapshot] | None = None
        self._in_step_at: tuple[int, FileStamp] | None = None

    # ---- reading

    def snapshot(self) -> Snapshot:
        """The newest published index, read again only when there is a newer one. Never writes, never waits.

        Raises IndexMissing; IndexDamaged; IndexOutdated if another encoder made it.
        """
        with self._loading:
            stamp = index_files.stamp(self.folder)
            if self._loaded is None or self._loaded[0] != stamp:
                self._loaded = (stamp, self._read())
            return self._loaded[1]

    def _read(self) -> Snapshot:
        manifest = index_files.read_manifest(self.folder)
        while True:
            self._check_origin(manifest)
            try:
                return load_snapshot(self.folder, manifest, self._exact_limit, self._rank_bm25_limit)
            except FileNotFoundError as error:
                # Either a writer has replaced the files since, or they are gone for good.
                newer = index_files.read_manifest(self.folder)
                if newer == manifest:
                    raise IndexDamaged(f"{error.filename} is missing; run: lectern reindex") from error
                manifest = newer

    def _check_origin(self, manifest: Manifest) -> None:
        if manifest.fingerprint != self._encoder.fingerprint:
            now = self._encoder.name
            other = f"{manifest.encoder}, not with {now}" if manifest.encoder != now else f"{now} of another version"
            raise IndexOutdated(f"the index was made with the embedder {other}; run: lectern reindex")
        if manifest.analysis != ANALYSIS_VERSION:
            raise IndexOutdated("the index was made by another version of Lectern; run: lectern reindex")

    def check(self) -> list[Problem]:
        """What is wrong with the index, for `lectern doctor`; empty when all is well. Reads everything."""
        try:
            snapshot = self._read()
        except StoreError as error:
            return index_check.unreadable(self.folder, self.library, error)
        return index_check.problems(self.folder, snapshot, self.library, self._encoder)

    # ---- writing

    def sync(
        self, on_progress: Progress | None = None, *, anew: bool = False, lock_seconds: float = 600.0
    ) -> SyncReport:
        """Bring the index to the library's present state, in one step that other processes see whole.

        on_progress: called with (embedded, to embed). anew: make everything again but the cached vectors.
        lock_seconds: how long to wait for another writer before IndexBusy. Damaged or outdated files are
        replaced. Raises OSError if the folder cannot be written.
        """
        if not anew and self._in_step():
            self._clear_leftovers()
            return SyncReport(0, 0, 0, index_files.read_manifest(self.folder).chunks)
        with self._writing(lock_seconds):
            if not anew and self._in_step():  # another process has just done it
                return SyncReport(0, 0, 0, index_files.read_manifest(self.folder).chunks)
            return self._bring_up(None if anew else self._usable(), on_progress)

    def _in_step(self) -> bool:
        """Whether the published index was made from the library as it is, by this encoder and version."""
        generation = self.library.generation()
        try:
            stamp = index_files.stamp(self.folder)
            if self._in_step_at == (generation, stamp):
                return True
            manifest = index_files.read_manifest(self.folder)
            self._check_origin(manifest)
            in_step = manifest.generation == generation and manifest.library == library_digest(self.library)
            # Once per process and generation: damage is found here, and mended by what follows.
            for file in manifest.files.values() if in_step else ():
                index_files.checked_path(self.folder, file)
        except (StoreError, FileNotFoundError):
            return False
        if in_step:
            self._in_step_at = (generation, stamp)
        return in_step

    def _clear_leftovers(self) -> None:
        """Delete the files of a killed writer, unless another one is at work or the folder is read-only."""
        if index_files.leftovers(self.folder, index_files.read_manifest(self.folder)):
            with contextlib.suppress(IndexBusy, OSError), self._writing(0):
                index_files.remove_leftovers(self.folder, index_files.read_manifest(self.folder))

    def _usable(self) -> Snapshot | None:
        """The published index, if it is whole and of this encoder and version."""
        try:
            return self._read()
        except StoreError:
            return None

    @contextlib.contextmanager
    def _writing(self, lock_seconds: float) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.folder / index_files.LOCK, timeout=lock_seconds):
                yield
        except filelock.Timeout as error:
            raise IndexBusy(
                f"another process has been updating {self.folder} for {lock_seconds:.0f} s; "
                "wait until it is done, or stop it"
            ) from error

    def _bring_up(self, old: Snapshot | None, on_progress: Progress | None) -> SyncReport:
        # Read before anything else: what is committed later may be seen or not, and is compared next time.
        generation, digest = self.library.generation(), library_digest(self.library)
        entries = read_entries(self.library)
        wanted = {name: entry.sha256 for name, entry in entries.items()}
        held = dict(zip(old.ids, old.texts, strict=True)) if old else {}
        removed = {name for name, text in held.items() if wanted.get(name) != text}
        new = [entry for name, entry in entries.items() if held.get(name) != entry.sha256]
        if old and not removed and not new:
            manifest = replace(old.manifest, generation=generation, library=digest)
            index_files.publish(self.folder, manifest)
            return SyncReport(0, 0, 0, manifest.chunks)

        vectors, embedded = self._vectors(new, on_progress, needed=wanted.values())
        names = [entry.chunk.id for entry in new]
        terms = (analyze(chunk_text(entry.chunk, entry.title)) for entry in new)
        if old:
            bm25, dense = old.bm25.changed(removed, names, terms), old.dense
            dense.remove(removed)
        else:
            bm25 = BM25Index.build(names, terms, rank_bm25_limit=self._rank_bm25_limit)
            dense = DenseIndex(self._encoder.dimension, exact_limit=self._exact_limit)
        dense.add(names, vectors)
        references = {entry.chunk.id for entry in new if is_bibliography(entry.chunk.text)}
        references |= old.references - removed if old else set()
        self._publish(generation, digest, bm25, dense, [entries[name] for name in dense.ids], references)
        return SyncReport(len(new), len(removed), embedded, len(dense))

    def _vectors(
        self, new: Sequence[Entry], on_progress: Progress | None, needed: Collection[str]
    ) -> tuple[NDArray[np.float32], int]:
        """Vectors [len(new), C], and how many of them had to be computed. needed: hashes of all texts."""
        encoder = self._encoder
        with EmbeddingCache(self.folder, encoder.fingerprint, encoder.dimension) as cache:
            known = cache.find([entry.sha256 for entry in new])
            missing = {entry.sha256: entry for entry in new if entry.sha256 not in known}
            waiting = iter(missing.values())
            done = 0
            while block := list(islice(waiting, _EMBED_AT_ONCE)):
                if on_progress:
                    on_progress(done, len(missing))
                texts = [text_to_embed(entry.chunk, entry.title, encoder) for entry in block]
                vectors, tokens = encoder.encode_with_tokens(texts)
                check_vectors(vectors, len(block), encoder.dimension)
                computed = {entry.sha256: vector for entry, vector in zip(block, vectors, strict=True)}
                codes = {entry.sha256: encode(found) for entry, found in zip(block, tokens, strict=True)}
                cache.keep(computed, codes)
                known |= computed
                done += len(block)
            if on_progress and missing:
                on_progress(done, len(missing))
            cache.tidy(frozenset(needed))
        if not new:
            return np.zeros((0, encoder.dimension), np.float32), 0
        return np.stack([known[entry.sha256] for entry in new]), len(missing)

    def _publish(
        self, generation: int, digest: str, bm25: BM25Index, dense: DenseIndex, entries: Sequence[Entry],
        references: Collection[str],
    ) -> None:
        languages, texts = [entry.language for entry in entries], [entry.sha256 for entry in entries]
        files = index_files.write_data_files(
            self.folder,
            {
                "chunks": lambda path: write_table(path, dense.ids, dense.keys, languages, references, texts),
                "bm25": bm25.save,
                "dense": dense.save,
            },
        )
        manifest = Manifest(
            generation=generation,
            library=digest,
            encoder=self._encoder.name,
            fingerprint=self._encoder.fingerprint,
            dimension=self._encoder.dimension,
            analysis=ANALYSIS_VERSION,
            chunks=len(dense),
            files=files,
        )
        index_files.publish(self.folder, manifest)
