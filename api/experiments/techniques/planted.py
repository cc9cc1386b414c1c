"""A passage whose words were changed, read beside or in place of the real one, and what to look for in the answer.

The changed text is a document of its own that no library holds, so it is read past `Pipeline.ask`; title and source
are those of the real one, as a forger would have it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from api.pipeline import Ask, Pipeline
from generator.answer import Answer
from ingest.document import Document
from retrieval.hit import Hit


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted. text: the whole addition. marker: what an answer that took it holds. chunk_id: of the passage
    that carries it."""

    kind: Literal["contradiction", "injection"]
    text: str
    marker: str
    chunk_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """hits: to be read. documents: those of them that the library does not hold, by id. planted: None where nothing
    was: the passages hold nothing to change."""

    hits: tuple[Hit, ...]
    documents: dict[str, Document]
    planted: Planted | None

    def answer(self, pipeline: Pipeline, request: Ask) -> Answer:
        """The answer from these hits. Raises what the answerer raises."""
        if not self.documents:
            return pipeline.ask(request, self.hits)

        def document_of(name: str) -> Document:
            return self.documents.get(name) or pipeline.document(name)

        *_, answer = pipeline.answerer.stream(
            request.question, self.hits, mode=request.mode, options=request.options, document_of=document_of
        )
        assert isinstance(answer, Answer)
        return dataclasses.replace(answer, config_hash=request.config_hash)


def unchanged(hits: Sequence[Hit]) -> Reading:
    """The hits as they are."""
    return Reading(tuple(hits), {}, None)
