"""What was written for rows of shared data sets and of the reading sets, and the glossary: loaders.

    reading/answers/*.jsonl        {"row": "<row id>", "full": "..."}            a full-sentence answer
    reading/translations/*.jsonl   {"row": "<row id>", "question_ru": "..."}     the question in Russian
    reading/asked/*.jsonl          {"row": "<question id>", "asked": "..."}      a reading question, as a user asks it
    glossary.tsv                   english <TAB> russian <TAB> term | name | abbreviation

"asked": in the question's language, for who does not know the passage; the answer stays the same span.
Rows hold ids and our sentences alone, never the text of the data set they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from corpus.records import ROOT, Place, known_fields, parse_line, read_lines, read_text, text_field

EntryKind = Literal["term", "name", "abbreviation"]
ROW_FIELDS: dict[str, str] = {"answers": "full", "translations": "question_ru", "asked": "asked"}


@dataclass(frozen=True)
class Row:
    """A sentence of ours for row `id` of a shared data set, or for question `id` of the reading sets."""

    id: str
    text: str
    place: Place


@dataclass(frozen=True)
class Entry:
    """A term and one of its usual Russian forms."""

    english: str
    russian: str
    kind: EntryKind
    place: Place


def load_rows(folder: str, root: Path = ROOT) -> list[Row]:
    """The rows of "answers", "translations" or "asked", by file name and line.

    Raises CorpusError; KeyError for another name.
    """
    field = ROW_FIELDS[folder]
    rows = []
    for path in sorted((root / "reading" / folder).glob("*.jsonl")):
        for line, place in read_lines(path):
            record = parse_line(line, place)
            known_fields(record, {"row", field}, place)
            rows.append(Row(text_field(record, "row", place), text_field(record, field, place), place))
    return rows


def load_glossary(root: Path = ROOT) -> list[Entry]:
    """The glossary in file order; empty where there is none. Raises CorpusError for a line of another shape."""
    path = root / "glossary.tsv"
    return list(_entries(path)) if path.is_file() else []


def _entries(path: Path) -> Iterator[Entry]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        place = Place(path, number)
        columns = line.split("\t")
        if len(columns) != 3 or not all(column.strip() for column in columns):
            raise place.error("not three columns (english, russian, kind) separated by tabs")
        english, russian, kind = columns
        if kind not in get_args(EntryKind):
            raise place.error(f"unknown kind {kind!r} (known: {', '.join(get_args(EntryKind))})")
        yield Entry(english, russian, kind, place)  # type: ignore[arg-type]
