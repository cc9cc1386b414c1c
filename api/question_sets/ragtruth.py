"""RAGTruth, the question part (Niu et al. 2024, arXiv 2401.00396): a folder with source_info.jsonl.

    source_info.jsonl   {"source_id", "task_type": "QA", "source_info": {"question", "passages": "passage 1:..."}}
    response.jsonl      what six models answered, with hallucinated spans: labels of answers, not of questions

Only the sources are read: which of the three passages answers is not known, nor is the answer. All of them count as
evidence, so "in gold evidence" says whether an answer keeps to the passages, and citation recall says little.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.question_sets.question_set import Passage, QuestionSet, complete, every_sentence, make_question
from api.question_sets.records import as_object, clean_field, id_field, packed, read_records
from corpus.format import Place, Question
from corpus.records import text_field
from ingest.clean import clean_line

SOURCES_FILE = "source_info.jsonl"
_PASSAGE = re.compile(r"(?:^|\n)\s*passage \d+:")


def load(path: Path) -> QuestionSet:
    """The set in a folder, or in its file of sources. Raises CorpusError."""
    file = packed(path / SOURCES_FILE) if path.is_dir() else path
    questions: list[Question] = []
    passages: list[Passage] = []
    for record, place in read_records(file):
        if text_field(record, "task_type", place) != "QA":
            continue
        name = id_field(record, "source_id", place)
        source = as_object(record.get("source_info"), "'source_info'", place)
        own = _passages(source, name, place)
        evidence = [quote for passage in own for quote in every_sentence(passage.name, passage.paragraphs[0])]
        asked = clean_field(source, "question", place)
        questions.append(make_question(name, asked, place, unit=name, evidence=evidence))
        passages += own
    return complete(file, questions, passages)


def _passages(source: Mapping[str, Any], name: str, place: Place) -> list[Passage]:
    texts = map(clean_line, _PASSAGE.split(text_field(source, "passages", place)))
    return [Passage(f"{name}-{number}", "", (text,)) for number, text in enumerate(filter(None, texts), start=1)]
