"""The drafts of documents: questions in the corpus's form, with names that stay the same from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from api.experiments.drafts.sentences import usable_sentences
from api.experiments.drafts.templates import questions_on
from corpus.format import Language
from ingest.document import Document
from ingest.structure import Heading


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that awaits its user. id: of the pair, `<document>-NN`. document: the name of its file. quote: the
    sentence it was made of. gold: an answer that holds one of these is right."""

    id: str
    kind: str
    language: Language
    question: str
    answer: str
    gold: tuple[str, ...]
    document: str
    quote: str

    def record(self) -> dict[str, Any]:
        """The line of a question file."""
        return {
            "id": self.id, "kind": self.kind,
            self.language: {
                "question": self.question, "answer": self.answer, "gold": list(self.gold),
                "evidence": [{"document": self.document, "quote": self.quote}],
            },
        }  # fmt: skip

    def edited(self, question: str, answer: str, gold: Sequence[str]) -> Draft:
        """The draft in other words; what it rests on stays."""
        return replace(self, question=question, answer=answer, gold=tuple(gold))


def drafts_of(document: Document, headings: Sequence[Heading]) -> Iterator[Draft]:
    """The drafts on a document, in the order of its sentences; no question twice."""
    name, unit = _file_name(document), _unit(document)
    asked_before: set[str] = set()
    for sentence in usable_sentences(document, headings):
        for asked in questions_on(sentence, document.text):
            if asked.question not in asked_before:
                asked_before.add(asked.question)
                yield Draft(
                    f"{unit}-{len(asked_before):02d}", asked.kind, sentence.language, asked.question, asked.answer,
                    (asked.gold,), name, sentence.text,
                )  # fmt: skip


def spread(drafts: Sequence[Draft], limit: int) -> list[Draft]:
    """`limit` drafts at even distances; all for 0."""
    if not 0 < limit < len(drafts):
        return list(drafts)
    return [drafts[n * len(drafts) // limit] for n in range(limit)]


def remaining(drafts: Sequence[Draft], chosen: Sequence[Draft], accepted: Mapping[str, int]) -> list[Draft]:
    """The chosen drafts that come after the last accepted one, in the order of `drafts`."""
    last = max((n for n, draft in enumerate(drafts) if draft.id in accepted), default=-1)
    after = {draft.id for draft in drafts[last + 1 :]}
    return [draft for draft in chosen if draft.id in after]


def _file_name(document: Document) -> str:
    """Without the folders: a question file may travel."""
    return PurePath(document.sources[0].rstrip("/")).name if document.sources else document.id


def _unit(document: Document) -> str:
    """What all questions of the document share in their names; its content is part of it."""
    words = re.findall(r"\w+", PurePath(_file_name(document)).stem.lower())
    return "-".join([*words[:6], document.id[:6]])
