"""Which term stands in which chunk how often: the arrays beneath BM25, sorted by term.

Never changed in place: `changed` makes new ones, in one pass over everything (0.2 s for 100,000 chunks).

Shapes: N chunks, V terms in the vocabulary, P postings (pairs of a term and a chunk that holds it).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from retrieval.errors import IndexDamaged


@dataclass(frozen=True, slots=True)
class Postings:
    """How often each term stands in each chunk, term by term: term t is in `chunks[starts[t]:starts[t + 1]]`.

    vocabulary: term -> t, in the order of t. starts: int64 [V + 1]. chunks: int32 [P], rising within a term.
    counts: uint16 [P]. lengths: int32 [N], terms in each chunk.
    """

    vocabulary: dict[str, int]
    starts: NDArray[np.int64]
    chunks: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]

    @classmethod
    def empty(cls) -> Postings:
        """Postings of no chunks."""
        return cls({}, np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint16), np.zeros(0, np.int32))

    def changed(self, keep: NDArray[np.bool_], term_lists: Iterable[Sequence[str]]) -> Postings:
        """These postings with only the chunks of `keep` [N], followed by new chunks made of `term_lists`."""
        # Step 1: the new chunks as one flat run of term numbers; unknown terms get the next number.
        vocabulary = dict(self.vocabulary)
        lengths, flat = array("i"), array("i")
        for terms in term_lists:
            flat.extend([vocabulary.setdefault(term, len(vocabulary)) for term in terms])
            lengths.append(len(terms))
        new_lengths = np.frombuffer(lengths, np.int32) if lengths else np.zeros(0, np.int32)
        new_terms = np.frombuffer(flat, np.int32) if flat else np.zeros(0, np.int32)
        # Step 2: the kept chunks move together, the new ones follow.
        place = np.cumsum(keep, dtype=np.int32) - 1  # [N] new position of each kept chunk
        kept = keep[self.chunks]  # [P]
        n_kept, n_new = int(keep.sum()), len(new_lengths)
        old_terms = np.repeat(np.arange(len(self.vocabulary), dtype=np.int32), np.diff(self.starts))[kept]
        rows = np.concatenate(
            [place[self.chunks[kept]], n_kept + np.repeat(np.arange(n_new, dtype=np.int32), new_lengths)]
        )
        columns = np.concatenate([old_terms, new_terms])
        counts = np.concatenate([self.counts[kept].astype(np.int32), np.ones(len(new_terms), np.int32)])
        # Step 3: sorted by term; equal (chunk, term) pairs are added up.
        shape = (n_kept + n_new, len(vocabulary))
        matrix = sparse.coo_array((counts, (rows, columns)), shape=shape).tocsc()
        matrix.sort_indices()
        # Step 4: terms that stand nowhere any more leave the vocabulary (they would count in the mean idf).
        starts = matrix.indptr.astype(np.int64)
        alive = np.diff(starts) > 0
        if not alive.all():
            vocabulary = {
                term: t for t, term in enumerate(t for t, here in zip(vocabulary, alive, strict=True) if here)
            }
            starts = np.concatenate([starts[:1], starts[1:][alive]])
        return Postings(
            vocabulary,
            starts,
            matrix.indices.astype(np.int32),
            # A term 65,535 times in a chunk has long saturated.
            np.minimum(matrix.data, np.iinfo(np.uint16).max).astype(np.uint16),
            np.concatenate([self.lengths[keep], new_lengths]),
        )

    def of(self, term: str) -> slice:
        """Where the postings of `term` are; an empty slice if it is unknown."""
        t = self.vocabulary.get(term)
        return slice(0, 0) if t is None else slice(int(self.starts[t]), int(self.starts[t + 1]))

    def save(self, path: Path) -> None:
        """Write plain arrays (`.npz`, no pickle)."""
        vocabulary = np.frombuffer("\n".join(self.vocabulary).encode(), np.uint8)
        with path.open("wb") as stream:
            np.savez(
                stream,
                vocabulary=vocabulary,
                starts=self.starts,
                chunks=self.chunks,
                counts=self.counts,
                lengths=self.lengths,
            )

    @classmethod
    def load(cls, path: Path) -> Postings:
        """What `save` wrote. Raises IndexDamaged if the arrays contradict each other; FileNotFoundError."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                words = arrays["vocabulary"].tobytes().decode().split("\n")
                vocabulary = {word: t for t, word in enumerate(words)} if words != [""] else {}
                postings = cls(vocabulary, *(arrays[name] for name in ("starts", "chunks", "counts", "lengths")))
        except (EOFError, ValueError, KeyError, BadZipFile) as error:
            raise IndexDamaged(f"{path} cannot be read ({error}); run: lectern reindex") from error
        fits = len(postings.starts) == len(vocabulary) + 1 and postings.starts[-1] == len(postings.chunks)
        if not fits or postings.chunks.max(initial=-1) >= len(postings.lengths):
            raise IndexDamaged(f"{path} contradicts itself; run: lectern reindex")
        return postings
