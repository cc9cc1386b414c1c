"""Which documents are searched by their language: those in the question's own, or those in any other.

A document is in the language that ingestion found it to be in; the question is in that which its set says. With "other
language" whatever is read was written in another language than the question: what is found and read then shows how far
the program reaches across languages. An answer in that language is judged by that language's gold strings
(api/experiments/measures.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.errors import ConfigError
from api.experiments.knobs import Documents
from api.pipeline import Ask, Pipeline
from corpus.format import Question
from ingest.library import Library

if TYPE_CHECKING:
    from api.experiments.definition import Arm


def within_language(pipeline: Pipeline, request: Ask, question: Question, documents: Documents | None) -> Ask:
    """The request, to be searched for in these documents alone. Raises ConfigError where there are none."""
    if documents is None:
        return request
    return dataclasses.replace(request, documents=_in(pipeline.library, question.language, documents))


def check(arms: Iterable[Arm], questions: Iterable[Question], library: Library) -> None:
    """Raises ConfigError for the first arm that a question leaves without a document. Loads nothing."""
    languages = dict.fromkeys(question.language for question in questions)
    for arm in arms:
        for language in languages if arm.knobs.documents is not None else ():
            _in(library, language, arm.knobs.documents)


def _in(library: Library, language: str, documents: Documents | None) -> tuple[str, ...]:
    same = documents == "same language"
    found = tuple(info.id for info in library.documents() if (info.language == language) == same)
    if not found:  # none would mean all
        lacking = f"in {language}" if same else f"in another language than {language}"
        raise ConfigError(f'documents = "{documents}": the library has none {lacking}; add some with lectern ingest')
    return found
