"""Does the index fit its files, itself, the encoder and the library? For `lectern doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.library import Library
from retrieval import index_files
from retrieval.embedding_cache import count_codes
from retrieval.encoder import Encoder
from retrieval.entries import library_digest, read_entries
from retrieval.errors import IndexMissing, StoreError
from retrieval.snapshot import Snapshot

_NAMED = 3  # examples given in one message
_REINDEX = "run: lectern reindex"
_NEXT = "the next ingest or question brings it up to date"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in one line, and what to do about it, to be put behind it.

    behind: nothing is damaged: a run was killed or has not got there yet, and the next `sync` makes it good, or
    something is only slower than it could be.
    """

    message: str
    fix: str
    behind: bool = False


def unreadable(folder: Path, library: Library, error: StoreError) -> list[Problem]:
    """The problem of an index that cannot be opened; none where there is nothing to index."""
    if isinstance(error, IndexMissing):
        found = len(library.documents())
        return [Problem(f"{found:,} documents are not indexed yet", _NEXT, behind=True)] if found else []
    what, _, fix = str(error).rpartition("; ")
    return [Problem(what or f"{folder} cannot be read", fix)]


def problems(folder: Path, snapshot: Snapshot, library: Library, encoder: Encoder) -> list[Problem]:
    """What is wrong with an index that could be opened: its hashes fit, its encoder is `encoder`."""
    return [
        *_against_itself(folder, snapshot, encoder),
        *_against_library(snapshot, library),
    ]


def _against_itself(folder: Path, snapshot: Snapshot, encoder: Encoder) -> list[Problem]:
    found = []
    if snapshot.bm25.ids != snapshot.dense.ids or len(set(snapshot.ids)) != snapshot.manifest.chunks:
        found.append(Problem("BM25, FAISS and the manifest do not hold the same chunks", _REINDEX))
    if encoder.dimension != snapshot.dense.dimension:
        found.append(Problem("the vectors do not have the embedder's dimension", _REINDEX))
    norms = np.linalg.norm(snapshot.dense.vectors(), axis=1)
    if not np.all(np.abs(norms - 1) < 1e-2):
        found.append(Problem("some vectors are not of norm 1", _REINDEX))
    if left := index_files.leftovers(folder, snapshot.manifest):
        names = ", ".join(path.name for path in left[:_NAMED])
        found.append(Problem(f"{len(left)} files left by an interrupted update: {names}", _NEXT, behind=True))
    texts = frozenset(snapshot.texts)
    # Where a writer is at work, or was killed, they may be there and not be found: the next one mends that.
    if missing := len(texts) - count_codes(folder, encoder.fingerprint, sorted(texts)):
        message = f"{missing:,} passages have no token vectors beside the index, which makes questions on them slower"
        found.append(Problem(message, _REINDEX, behind=True))
    return found


def _against_library(snapshot: Snapshot, library: Library) -> list[Problem]:
    wanted = {name: entry.sha256 for name, entry in read_entries(library).items()}
    held = dict(zip(snapshot.ids, snapshot.texts, strict=True))
    differences = {
        "are in the library but not in the index": wanted.keys() - held.keys(),
        "are in the index but not in the library": held.keys() - wanted.keys(),
        "were indexed under another title or other headings": {
            name for name in wanted.keys() & held.keys() if wanted[name] != held[name]
        },
    }
    # Of another generation the index is only older than the library; of the same one, it lies.
    manifest = snapshot.manifest
    behind = manifest.generation != library.generation() or manifest.library != library_digest(library)
    return [
        Problem(
            f"{len(names)} chunks {what}, such as {', '.join(sorted(names)[:_NAMED])}",
            _NEXT if behind else _REINDEX, behind,
        )
        for what, names in differences.items()
        if names
    ]
