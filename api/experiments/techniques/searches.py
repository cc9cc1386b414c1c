"""What was searched for and found, kept by the hash of all that a search depends on: a change of temperature,
abstention, verifier or anything else behind the search does not search again.

    <home>/experiments/searches/<first two digits>/<key>.json

The key covers the text that is searched for as it came out, so every technique may search through this: one that
rewrites the question, or searches for what was written first, has other keys where that came out otherwise. What is
changed in the passages afterwards (a contradiction, an injection, their order) is done anew each time. No arm is left
out. Arms of one run that search alike share what the first of them found.

Files are written whole or not at all; one that cannot be read, or that names a chunk which the library does not hold,
is searched for again. Passages are kept by their ids. An answer is the same with and without, up to the rounding of
the reader: after a search it knows the passages from the batches in which it reranked them (generator/read_before.py),
else it reads them in one of their own.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.experiments.provenance import Provenance, digest
from api.experiments.techniques.found import Found, Search, search
from api.pipeline import Ask, Pipeline
from ingest.errors import UnknownChunk
from ingest.originals import write_atomically
from retrieval.hit import Hit


def key_of(request: Ask, provenance: Provenance) -> str:
    """64 hex digits over everything that determines what is found. The decoder's weights are the reranker's too."""
    reader = [provenance.model, provenance.decisions] if request.retrieval.rerank else None
    return digest({
        "text": request.search_text, "documents": list(request.documents),
        "settings": dataclasses.asdict(request.retrieval),
        "library": provenance.library, "embedder": provenance.embedder, "reader": reader,
        "sources": provenance.sources, "versions": dict(provenance.versions),
    })  # fmt: skip


class Searches:
    """Searches of one run, kept in a folder, which is made when the first one is. Several processes may share it.

    fresh: what earlier runs kept is not read. asked: how many searches were wanted so far; kept: how many of these were
    not made, because they had been.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder, self.fresh = folder, fresh
        self.asked = self.kept = 0
        self._made: set[str] = set()

    def by(self, provenance: Provenance, check: Callable[[], None] = lambda: None) -> Search:
        """What searches for an arm. provenance: of the pipeline that it will be given. check: raises, and nothing is
        kept, if what was found may be no longer of that library."""
        return functools.partial(self._search, provenance=provenance, check=check)

    def _search(
        self, pipeline: Pipeline, request: Ask, *, provenance: Provenance, check: Callable[[], None]
    ) -> Found:
        """Raises what `Pipeline.search` and `check` raise; OSError."""
        key = key_of(request, provenance)
        self.asked += 1
        found = None if self.fresh and key not in self._made else self._get(pipeline, key)
        if found is not None:
            self.kept += 1
            return found
        found = search(pipeline, request)
        check()
        self._put(key, found)
        self._made.add(key)
        return found

    def _get(self, pipeline: Pipeline, key: str) -> Found | None:
        try:
            record = json.loads(self._path(key).read_text(encoding="utf-8"))
            hits = tuple(_hit(pipeline, rank, row) for rank, row in enumerate(record["hits"], start=1))
            ranking = record["ranking"]
            return Found(
                hits, tuple(str(name) for name in record["candidates"]),
                None if ranking is None else tuple(str(name) for name in ranking),
            )
        except (OSError, ValueError, TypeError, LookupError, AttributeError, UnknownChunk):
            return None

    def _put(self, key: str, found: Found) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        hits = [
            {"chunk": hit.chunk.id, "score": hit.score, "stage": hit.stage, "parts": hit.parts} for hit in found.hits
        ]
        record = {"hits": hits, "candidates": found.candidates, "ranking": found.ranking}
        write_atomically(path, json.dumps(record, default=float).encode("utf-8"))  # scores may be numpy's

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def _hit(pipeline: Pipeline, rank: int, row: dict[str, Any]) -> Hit:
    """Raises UnknownChunk."""
    parts = {str(stage): float(score) for stage, score in row["parts"].items()}
    return Hit(pipeline.library.chunk(str(row["chunk"])), float(row["score"]), rank, str(row["stage"]), parts)
