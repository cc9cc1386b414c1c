"""Nearest vectors by FAISS: exact while the library is small, a graph of neighbours (HNSW) once it is not.

Vectors are added and removed without making the index anew. An exact index (`IndexFlatIP`) does both itself.
A graph can take new vectors but cannot give up old ones, whose links hold it together: a removed vector stays
in the graph as a signpost, is masked out of every result, and leaves when the dead reach a quarter of all
(the graph is then made anew from its own vectors; nothing is embedded again). FAISS knows vectors by 64-bit
keys: each addition gets the next numbers, so that a chunk that is removed and comes back is a new vector
under a new key.

A search within chosen documents is exact at any size: a walk through the graph that may keep only a few of
the vectors it meets would end before it met them.

Measured by tests/bench/bench_faiss.py, vectors of 384, one core of a busy machine (recall against exact
search):

    vectors    exact      graph      recall@10   making the graph
     10,000     0.34 ms    0.33 ms   1.000         4 s
     50,000     3.1 ms     0.57 ms   0.989        30 s
    100,000    12.8 ms     0.75 ms   0.971        75 s

With a tenth of the vectors removed the graph keeps its recall (0.969 at 100,000) and takes 0.96 ms.

Sources: Malkov & Yashunin 2016, arXiv 1603.09320 (HNSW); Douze et al. 2024, arXiv 2401.08281 (FAISS).

Shapes: N live chunks, M vectors in FAISS (N and the dead), C dimensions.
"""

from __future__ import annotations

import errno
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import faiss as typed_faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.errors import EncodingError, IndexDamaged, StoreError

faiss: Any = typed_faiss  # its type hints leave out what its Python layer adds, such as `sel=`

# Up to here exact search costs 3 ms a question, less than embedding it, and nothing is lost; see above.
EXACT_LIMIT = 50_000
_GRAPH_LINKS = 16  # neighbours kept per vector and level; FAISS's M
_BUILD_BREADTH = 100  # efConstruction: candidates looked at for each new vector
_SEARCH_BREADTH = 128  # efSearch: candidates looked at for each question
_MOST_DEAD = 0.25


class DenseIndex:
    """Chunk ids by position and their vectors in FAISS.

    dimension: C. exact_limit: above how many chunks the graph takes over.
    """

    def __init__(self, dimension: int, *, exact_limit: int = EXACT_LIMIT) -> None:
        self.dimension = dimension
        self.ids: list[str] = []
        self.keys = np.zeros(0, np.int64)  # [N], rising: additions go to the end
        self._limit = exact_limit
        self._faiss: Any = _new_faiss(dimension, exact=True)
        self._next_key = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def exact(self) -> bool:
        """Whether every vector is compared, rather than those that the graph leads to."""
        return isinstance(_inner(self._faiss), faiss.IndexFlat)

    @property
    def dead(self) -> int:
        """Removed vectors that are still in the graph."""
        return int(self._faiss.ntotal) - len(self)

    def add(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Append chunks, none of which may be in the index, with their unit vectors [len(ids), C].

        Raises EncodingError if the vectors are not that.
        """
        check_vectors(vectors, len(ids), self.dimension)
        if not len(ids):
            return
        keys = np.arange(self._next_key, self._next_key + len(ids), dtype=np.int64)
        self._next_key += len(ids)
        self.ids = [*self.ids, *ids]
        self.keys = np.concatenate([self.keys, keys])
        self._faiss.add_with_ids(np.ascontiguousarray(vectors, np.float32), keys)
        if self.exact and len(self) > self._limit:
            self._remake(exact=False)

    def remove(self, ids: Collection[str]) -> None:
        """Take chunks out; ids that are not in the index are ignored."""
        gone = frozenset(ids)
        keep = np.fromiter((chunk not in gone for chunk in self.ids), np.bool_, len(self))
        removed = self.keys[~keep]
        if not len(removed):
            return
        self.ids = [chunk for chunk in self.ids if chunk not in gone]
        self.keys = self.keys[keep]
        if self.exact:
            self._faiss.remove_ids(_selector(removed))
        elif len(self) <= self._limit // 2:
            self._remake(exact=True)
        elif self.dead > _MOST_DEAD * self._faiss.ntotal:
            self._remake(exact=False)

    def vectors(self, positions: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """The live vectors at `positions` (None: all) in the order of `ids`, [len(positions), C]."""
        keys = self.keys if positions is None else self.keys[positions]
        if not len(keys):
            return np.zeros((0, self.dimension), np.float32)
        found: NDArray[np.float32] = self._faiss.reconstruct_batch(keys)
        return found

    def search(
        self, vector: NDArray[np.float32], top_k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[str, float]]:
        """At most `top_k` (chunk id, dot product with `vector` [C]), best first, equal ones by id.

        allowed [N]: which chunks may be returned (None: all).
        """
        query = np.ascontiguousarray(vector, np.float32)[None, :]  # [1, C]
        wanted = min(top_k, len(self) if allowed is None else int(allowed.sum()))
        if wanted < 1:
            return []
        if allowed is None:
            scores, keys = self._search_all(query, wanted)
        else:
            scores, keys = self._search_among(query, wanted, self.keys[allowed])
        found = keys[0] >= 0  # FAISS fills up with -1 where the graph led to fewer than asked for
        positions = np.searchsorted(self.keys, keys[0][found])
        ranked = sorted(zip((-scores[0][found]).tolist(), (self.ids[i] for i in positions), strict=True))
        return [(chunk, -score) for score, chunk in ranked]

    def _search_all(self, query: NDArray[np.float32], wanted: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Scores and keys, [1, wanted] each, among all live vectors."""
        if self.exact:
            return self._faiss.search(query, wanted)  # type: ignore[no-any-return]
        live = _selector(self.keys) if self.dead else None
        settings = faiss.SearchParametersHNSW(efSearch=max(_SEARCH_BREADTH, 2 * wanted), sel=live)
        return self._faiss.search(query, wanted, params=settings)  # type: ignore[no-any-return]

    def _search_among(
        self, query: NDArray[np.float32], wanted: int, keys: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Scores and keys, [1, wanted] each, among the vectors `keys`, every one compared."""
        if self.exact:
            settings = faiss.SearchParameters(sel=_selector(keys))
            return self._faiss.search(query, wanted, params=settings)  # type: ignore[no-any-return]
        # Beneath the graph lie the plain vectors, numbered by their place in the rising list of keys.
        all_keys = faiss.vector_to_array(self._faiss.id_map)  # [M]
        settings = faiss.SearchParameters(sel=_selector(np.searchsorted(all_keys, keys)))
        scores, places = _inner(self._faiss).storage.search(query, wanted, params=settings)
        return scores, all_keys[places]

    def _remake(self, *, exact: bool) -> None:
        """A new FAISS index of the live vectors, under the same keys."""
        vectors = self.vectors()
        self._faiss = _new_faiss(self.dimension, exact=exact)
        self._faiss.add_with_ids(vectors, self.keys)

    def save(self, path: Path) -> None:
        """Write FAISS's own file; `ids` and `keys` are kept by the store."""
        try:
            faiss.write_index(self._faiss, str(path))
        except RuntimeError as error:
            raise StoreError(f"cannot write {path}; free some space or choose another --home") from error

    @classmethod
    def load(
        cls,
        path: Path,
        ids: Sequence[str],
        keys: NDArray[np.int64],
        dimension: int,
        *,
        exact_limit: int = EXACT_LIMIT,
    ) -> DenseIndex:
        """The index written by `save`, with its `ids` and `keys`.

        The caller has checked the file's hash: FAISS loads a flipped byte without a word. Raises IndexDamaged
        if the file is no index of vectors of `dimension` or does not hold all the keys; FileNotFoundError.
        """
        index = cls(dimension, exact_limit=exact_limit)
        try:
            index._faiss = faiss.read_index(str(path))
            all_keys = faiss.vector_to_array(index._faiss.id_map)
        except (RuntimeError, AttributeError) as error:
            if not path.exists():  # a writer has replaced it since its hash was checked
                raise FileNotFoundError(errno.ENOENT, "no such file", str(path)) from error
            raise IndexDamaged(f"{path} is no FAISS index with ids; run: lectern reindex") from error
        if index._faiss.d != dimension or len(ids) != len(keys) or not np.isin(keys, all_keys).all():
            raise IndexDamaged(f"{path} does not hold the chunks it should; run: lectern reindex")
        index.ids, index.keys = list(ids), keys
        index._next_key = int(all_keys.max(initial=-1)) + 1
        return index


def check_vectors(vectors: NDArray[np.float32], n_texts: int, dimension: int) -> None:
    """Raises EncodingError unless `vectors` are finite unit vectors [n_texts, dimension]."""
    if vectors.shape != (n_texts, dimension):
        raise EncodingError(
            f"the embedder gave vectors {vectors.shape}, not {(n_texts, dimension)}; run: lectern doctor"
        )
    norms = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(norms - 1) < 1e-2):  # also false for NaN
        raise EncodingError("the embedder gave vectors that are not of norm 1; run: lectern doctor")


def _new_faiss(dimension: int, *, exact: bool) -> Any:
    if exact:
        return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
    graph = faiss.IndexHNSWFlat(dimension, _GRAPH_LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = _BUILD_BREADTH
    return faiss.IndexIDMap2(graph)


def _inner(mapped: Any) -> Any:
    """The index beneath the ids, as its own class."""
    return faiss.downcast_index(mapped.index)


def _selector(numbers: NDArray[np.int64]) -> Any:
    """FAISS's filter that lets `numbers` through: a bit per number up to the highest."""
    bits = np.zeros(int(numbers.max(initial=-1)) + 1, np.bool_)
    bits[numbers] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
