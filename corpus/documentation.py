"""Questions on passages of documentation: loader. The passages stay in the data folder, named by row and interval.

    reading/documentation/<language>.jsonl
    {"set": "llm_docs", "row": "<row id>", "start": 120, "end": 987, "sha256": "<16 digits of the passage's hash>",
     "questions": [{"question": "...", "kind": "how", "evidence": [0, 95], "span": [10, 42], "full": "..."},
                   {"question": "...", "kind": "unanswerable"}]}

`start:end` are characters of the row's text; `evidence` (the sentence that answers) and `span` (the words that do)
are characters of the passage; `full` is the answer as a sentence of ours; `other`, which some have, the question in
the other language. An unanswerable question is on the passage's subject, and the passage does not answer it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.format import KINDS, Language, Split
from corpus.records import LANGUAGES, ROOT, Place, known_fields, parse_line, read_lines, text_field

Interval = tuple[int, int]
_DEV_SHARE = 0.08


@dataclass(frozen=True)
class DocumentationQuestion:
    """evidence, span: characters of the passage, None (and no `full`) for an unanswerable one."""

    id: str
    question: str
    kind: str
    evidence: Interval | None
    span: Interval | None
    full: str | None
    other: str | None


@dataclass(frozen=True)
class DocumentationPassage:
    """`text[start:end]` of row `row` of the shared set `set`; sha256: first 16 hexadecimal digits of its hash."""

    set: str
    row: str
    start: int
    end: int
    sha256: str
    language: Language
    questions: tuple[DocumentationQuestion, ...]
    split: Split
    place: Place


def split_of_row(row: str) -> Split:
    """The split of all passages of a row: those of one document stay on one side."""
    return "dev" if hashlib.sha256(row.encode()).digest()[0] / 256 < _DEV_SHARE else "train"


def passage_hash(text: str) -> str:
    """What `DocumentationPassage.sha256` has to be."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_documentation(root: Path = ROOT, split: Split | None = None) -> list[DocumentationPassage]:
    """All passages by language and line. Raises CorpusError."""
    return [
        passage
        for language in LANGUAGES
        for path in [root / "reading" / "documentation" / f"{language}.jsonl"]
        if path.is_file()
        for line, place in read_lines(path)
        for passage in [_passage(parse_line(line, place), language, place)]
        if split in (None, passage.split)
    ]


def _passage(record: Mapping[str, Any], language: Language, place: Place) -> DocumentationPassage:
    known_fields(record, {"set", "row", "start", "end", "sha256", "questions"}, place)
    row = text_field(record, "row", place)
    start, end = _interval([record.get("start"), record.get("end")], "start and end", place)
    rows = record.get("questions")
    if not isinstance(rows, list) or not rows:
        raise place.error("'questions' is not a list, or empty")
    name = f"{language}-{passage_hash(f'{row}:{start}')}"
    questions = tuple(_question(item, f"{name}-{n:02d}", end - start, place) for n, item in enumerate(rows, start=1))
    return DocumentationPassage(
        text_field(record, "set", place), row, start, end, text_field(record, "sha256", place), language, questions,
        split_of_row(row), place,
    )


def _question(record: Any, id_: str, length: int, place: Place) -> DocumentationQuestion:
    if not isinstance(record, dict):
        raise place.error("a question is not an object")
    known_fields(record, {"question", "kind", "evidence", "span", "full", "other"}, place)
    kind = text_field(record, "kind", place)
    if kind not in KINDS:
        raise place.error(f"kind {kind!r} is none of {', '.join(KINDS)}")
    question = text_field(record, "question", place)
    other = text_field(record, "other", place) if "other" in record else None
    if kind == "unanswerable":
        known_fields(record, {"question", "kind", "other"}, place)
        return DocumentationQuestion(id_, question, kind, None, None, None, other)
    evidence = _interval(record.get("evidence"), "evidence", place)
    span = _interval(record.get("span"), "span", place)
    if not evidence[0] <= span[0] < span[1] <= evidence[1] <= length:
        raise place.error(f"span {list(span)} does not lie in evidence {list(evidence)} of {length} characters")
    return DocumentationQuestion(id_, question, kind, evidence, span, text_field(record, "full", place), other)


def _interval(value: Any, name: str, place: Place) -> Interval:
    if (
        not isinstance(value, list) or len(value) != 2 or not all(isinstance(n, int) for n in value)
        or not 0 <= value[0] < value[1]
    ):
        raise place.error(f"{name}: not two growing numbers")
    return value[0], value[1]
