"""One state of the index, read from disk and checked: what a search works on."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.library import Library
from retrieval import index_files
from retrieval.bm25 import BM25Index
from retrieval.dense import DenseIndex
from retrieval.errors import IndexDamaged
from retrieval.index_files import Manifest


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the index; position i means the same chunk in both parts, chunk `ids[i]`.

    texts: SHA-256 of the text indexed for each chunk. positions: document id -> positions of its chunks.
    """

    manifest: Manifest
    bm25: BM25Index
    dense: DenseIndex
    texts: list[str]
    positions: Mapping[str, list[int]] = field(repr=False)

    @property
    def ids(self) -> list[str]:
        """Chunk ids by position [N]."""
        return self.dense.ids

    def allowed(self, documents: Collection[str]) -> NDArray[np.bool_]:
        """Which chunks [N] belong to `documents`; a document that is not indexed has none."""
        mask = np.zeros(len(self.ids), np.bool_)
        for document in documents:
            mask[self.positions.get(document, [])] = True
        return mask


def load_snapshot(folder: Path, manifest: Manifest, exact_limit: int, rank_bm25_limit: int) -> Snapshot:
    """The index that `manifest` names, every file checked against its hash before it is parsed.

    Raises IndexDamaged; FileNotFoundError if a file is gone.
    """
    paths = {role: index_files.checked_path(folder, file) for role, file in manifest.files.items()}
    ids, keys, texts = _read_table(paths["chunks"])
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(ids):
        positions[name.rpartition(":")[0]].append(position)  # a chunk's id is `document_id:start-end`
    return Snapshot(
        manifest,
        BM25Index.load(paths["bm25"], ids, rank_bm25_limit=rank_bm25_limit),
        DenseIndex.load(paths["dense"], ids, keys, manifest.dimension, exact_limit=exact_limit),
        texts,
        dict(positions),
    )


def _read_table(path: Path) -> tuple[list[str], NDArray[np.int64], list[str]]:
    """Ids, FAISS keys and text hashes, by position."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
    try:
        ids, keys, texts = zip(*rows, strict=True) if rows else ((), (), ())
        return list(ids), np.array(keys, np.int64), list(texts)
    except ValueError as error:
        raise IndexDamaged(f"{path} is no table of chunks; run: lectern reindex") from error


def library_digest(library: Library) -> str:
    """Digest of the list of documents: tells a library from another one with as many changes."""
    listed = sorted(
        (info.id, info.title, info.chunks, info.settings, info.added_at) for info in library.documents()
    )
    return hashlib.sha256(repr(listed).encode("utf-8", "surrogatepass")).hexdigest()
