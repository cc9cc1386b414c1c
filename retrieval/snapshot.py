"""One state of the index, read from disk and checked: what a search works on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import index_files
from retrieval.bm25 import BM25Index
from retrieval.dense import DenseIndex
from retrieval.errors import IndexDamaged
from retrieval.index_files import Manifest

_TEXT, _REFERENCES = "text", "references"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the index; position i means the same chunk in both parts, chunk `ids[i]`.

    texts: SHA-256 of the text indexed for each chunk. places: chunk id -> its position. positions: document
    id -> positions of its chunks. languages: document id -> its language. references: ids of the chunks that are of a
    list of references (`ingest.bibliography`).
    """

    manifest: Manifest
    bm25: BM25Index
    dense: DenseIndex
    texts: list[str]
    places: Mapping[str, int] = field(repr=False)
    positions: Mapping[str, list[int]] = field(repr=False)
    languages: Mapping[str, str] = field(repr=False)
    references: frozenset[str] = field(repr=False)

    @property
    def ids(self) -> list[str]:
        """Chunk ids by position [N]."""
        return self.dense.ids

    def vectors(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [len(names), C] of chunks of this index."""
        return self.dense.vectors(np.array([self.places[name] for name in names], np.int64))

    def allowed(self, documents: Collection[str]) -> NDArray[np.bool_]:
        """Which chunks [N] belong to `documents`; a document that is not indexed has none."""
        mask = np.zeros(len(self.ids), np.bool_)
        for document in documents:
            mask[self.positions.get(document, [])] = True
        return mask

    def written_in(self, languages: Collection[str]) -> NDArray[np.bool_]:
        """Which chunks [N] belong to documents in one of `languages`."""
        return self.allowed([document for document, language in self.languages.items() if language in languages])


def load_snapshot(folder: Path, manifest: Manifest, exact_limit: int, rank_bm25_limit: int) -> Snapshot:
    """The index that `manifest` names, every file checked against its hash before it is parsed.

    Raises IndexDamaged; FileNotFoundError if a file is gone.
    """
    paths = {role: index_files.checked_path(folder, file) for role, file in manifest.files.items()}
    ids, keys, languages, kinds, texts = _read_table(paths["chunks"])
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(ids):
        positions[document_of(name)].append(position)
    return Snapshot(
        manifest,
        BM25Index.load(paths["bm25"], ids, rank_bm25_limit=rank_bm25_limit),
        DenseIndex.load(paths["dense"], ids, keys, manifest.dimension, exact_limit=exact_limit),
        texts,
        {name: place for place, name in enumerate(ids)},
        dict(positions),
        {document: languages[places[0]] for document, places in positions.items()},
        frozenset(name for name, kind in zip(ids, kinds, strict=True) if kind == _REFERENCES),
    )


def document_of(chunk_id: str) -> str:
    """The document's id in a chunk's, which is `document_id:start-end`."""
    return chunk_id.rpartition(":")[0]


def write_table(
    path: Path, ids: Sequence[str], keys: NDArray[np.int64], languages: Sequence[str], references: Collection[str],
    texts: Sequence[str],
) -> None:
    """One line per chunk, in the order of positions: id, FAISS key, language, whether it is one of `references`,
    text hash."""
    kinds = [_REFERENCES if name in references else _TEXT for name in ids]
    rows = zip(ids, map(str, keys.tolist()), languages, kinds, texts, strict=True)
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _read_table(path: Path) -> tuple[list[str], NDArray[np.int64], list[str], list[str], list[str]]:
    """What `write_table` wrote, column by column."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
    try:
        ids, keys, languages, kinds, texts = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        return list(ids), np.array(keys, np.int64), list(languages), list(kinds), list(texts)
    except ValueError as error:
        raise IndexDamaged(f"{path} is no table of chunks; run: lectern reindex") from error
