"""Every answer of every arm kept by the hash of all that determines it: nothing is asked twice, a stopped run goes on.

    <home>/experiments/cache/<first two digits>/<key>.json

A key covers the question, the knobs as they came out with the home's settings and the seed (so an arm that spells out
a default shares its answers with one that does not), and the provenance, in which the sources of the program that make
answers stand for its version: a change of them asks anew. Arms' names are not in it. Files are written
whole or not at all; one that cannot be read is asked again. What is kept is the answer, not its figures: a changed
metric needs no new answers.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.experiments.arms import Result
from api.experiments.knobs import Knobs
from api.experiments.provenance import Provenance, digest
from api.experiments.techniques.plan import Plan
from api.experiments.techniques.planted import Planted
from api.pipeline import Ask
from corpus.format import Question
from generator.answer import Answer, Citation, Sentence
from ingest.document import Chunk
from ingest.originals import write_atomically
from retrieval.hit import Hit

CACHE_FORMAT = 3  # raise it when a Result is written differently: how it is made is told by the sources


def key_of(
    question: Question, knobs: Knobs, request: Ask, seed: int, provenance: Provenance, plan: Plan | None = None,
    outside: Mapping[str, Any] | None = None,
) -> str:
    """64 hex digits over everything that determines a result. request: the question with the arm's settings. plan: of
    an arm with techniques. outside: what determines the replies of its generator, where it is not our own."""
    techniques = {name: value for name, value in knobs.techniques().items() if value != "best-first"}
    return digest({
        **({"techniques": techniques, "plan": plan.facts() if plan else {}} if techniques else {}),
        **({"outside": dict(outside)} if outside is not None else {}),
        "format": CACHE_FORMAT,
        "question": [question.id, question.language, request.question],
        "evidence": [[evidence.document, evidence.quote] for evidence in question.evidence] if knobs.oracle else [],
        "arm": [knobs.mode, knobs.oracle, knobs.control, seed],
        "settings": request.config_hash,
        "provenance": dataclasses.asdict(provenance),
    })  # fmt: skip


class ResultCache:
    """Results in a folder, which is made when the first one is kept. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Result | None:
        """The result kept under `key`; None if there is none, or none that can be read."""
        try:
            return _result(json.loads(self._path(key).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def put(self, key: str, result: Result) -> None:
        """Keep a result. Raises OSError."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        record = json.dumps(dataclasses.asdict(result), ensure_ascii=False, default=float)  # scores may be numpy's
        write_atomically(path, record.encode("utf-8", "replace"))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def _result(record: dict[str, Any]) -> Result:
    """A result from what `dataclasses.asdict` made of it."""
    answer = dict(record["answer"])
    answer["sentences"] = tuple(
        Sentence(
            row["text"], row["origin"], tuple(Citation(**citation) for citation in row["citations"]), row["further"]
        )
        for row in answer["sentences"]
    )
    answer["hits"] = tuple(
        Hit(Chunk(**{**row["chunk"], "headings": tuple(row["chunk"]["headings"])}), row["score"], row["rank"],
            row["stage"], row["parts"])
        for row in answer["hits"]
    )  # fmt: skip
    planted, ranking = record["planted"], record["ranking"]
    return Result(
        Answer(**answer), tuple(record["candidates"]), None if planted is None else Planted(**planted),
        None if ranking is None else tuple(ranking),
    )  # fmt: skip
