"""Triples (question, sentence, cited text) that readers labelled without knowing which arm wrote the sentence: loader.

    triples/labels.jsonl   {"id": "...", "language": "en" | "ru", "question": "...", "sentence": "...", "cited": "...",
                            "label": "supported" | "partly" | "not", "second": the same of another reader, optional}

Where the language is left out it is that of the question.

The sentences are our own arms' answers to questions of the dev split, the cited texts sentences of our notes; see
`api/experiments/entailment/sampling.py` for how they were drawn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from corpus.records import LANGUAGES, NOWHERE, ROOT, Language, Place, known_fields, parse_line, read_lines, text_field
from corpus.text import cyrillic_share

Label = Literal["supported", "partly", "not"]
LABELS: tuple[Label, ...] = get_args(Label)
FILE = "triples/labels.jsonl"
MIN_CYRILLIC = 0.2  # a Russian question may be full of Latin names


@dataclass(frozen=True)
class Triple:
    """A sentence of an answer with the text that it cites."""

    id: str
    language: Language
    question: str
    sentence: str
    cited: str


@dataclass(frozen=True)
class Labelled:
    """A triple as readers judged it: does the cited text carry the sentence? second: another reader's label."""

    triple: Triple
    label: Label
    second: Label | None
    place: Place = NOWHERE


def load_labels(root: Path = ROOT) -> list[Labelled]:
    """All labelled triples in file order; none where there is no file. Raises CorpusError for a broken line."""
    path = root / FILE
    if not path.is_file():
        return []
    fields = {"id", "language", "question", "sentence", "cited"}
    found = []
    for line, place in read_lines(path):
        record = parse_line(line, place)
        known_fields(record, fields | {"label", "second"}, place)
        question = text_field(record, "question", place)
        language = record.get("language", "ru" if cyrillic_share(question) >= MIN_CYRILLIC else "en")
        if language not in LANGUAGES:
            raise place.error(f"unknown language {language!r} (known: {', '.join(LANGUAGES)})")
        sentence, cited = (text_field(record, key, place) for key in ("sentence", "cited"))
        triple = Triple(text_field(record, "id", place), language, question, sentence, cited)
        second = _label(record["second"], place) if record.get("second") is not None else None
        found.append(Labelled(triple, _label(record.get("label"), place), second, place))
    return found


def write_triples(path: Path, triples: Sequence[Triple]) -> None:
    """One JSON line each, without labels. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(triple), ensure_ascii=False) for triple in triples]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _label(value: object, place: Place) -> Label:
    if value not in LABELS:
        raise place.error(f"unknown label {value!r} (known: {', '.join(LABELS)})")
    return value
