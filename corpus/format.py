"""The corpus formats as frozen dataclasses, and their loaders.

    questions/<unit>.jsonl           a line is a pair, a question in English and Russian: two `Question`s
    reading/<language>/<set>.jsonl   a line is a passage with its questions: `ReadingPassage`
    reading_list.toml                a table is a material: `Material`

The loaders check structure (fields, types, spans that have to be found) and nothing else: whether a text is
any good is for `corpus.check`. Unknown fields are errors. Every error is one line that begins with file and
line. Splits are drawn from names alone (sha256), so that they never move when texts are added: by unit for
questions, so that all the questions on one note stay on one side; by passage id for reading sets.

Everything ships inside the package and is found relative to this file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from corpus.reading_list import Fetch, Material, load_reading_list
from corpus.records import (
    LANGUAGES,
    NOWHERE,
    ROOT,
    CorpusError,
    Language,
    Place,
    known_fields,
    parse_line,
    read_lines,
    strings,
    text_field,
)

__all__ = [
    "FAULTS", "KINDS", "LANGUAGES", "ROOT", "SPLITS",
    "CorpusError", "Evidence", "Fetch", "Language", "Material", "Place", "Question", "ReadingPassage",
    "ReadingQuestion", "Split", "load_question_file", "load_questions", "load_reading", "load_reading_file",
    "load_reading_list", "split_of", "split_of_passage", "unit_of",
]  # fmt: skip

Split = Literal["train", "dev", "test"]

SPLITS: tuple[Split, ...] = get_args(Split)
KINDS = ("fact", "definition", "how", "compare", "which", "figure", "unanswerable")
FAULTS = ("near_miss", "false_premise", "other_field")

_QUESTION_BOUNDS: tuple[tuple[float, Split], ...] = ((0.45, "train"), (0.70, "dev"), (1.0, "test"))
_READING_BOUNDS: tuple[tuple[float, Split], ...] = ((0.88, "train"), (1.0, "dev"))
_PAIR_ID = re.compile(r"(?P<unit>.+)-\d{2,}")


@dataclass(frozen=True)
class Evidence:
    """A quote, character by character as it stands in `document` (a path relative to the corpus root)."""

    document: str
    quote: str


@dataclass(frozen=True)
class Question:
    """One question in one language. `pair` names it in both; `id` is `<pair>-<language>`.

    A right answer contains one of `gold`; where `gold_all` is filled, one string of each of its groups.
    Unanswerable questions have `answer == ""`, no gold, no evidence, and a `fault` that says why.
    """

    id: str
    pair: str
    unit: str
    kind: str
    language: Language
    question: str
    answer: str
    gold: tuple[str, ...]
    gold_all: tuple[tuple[str, ...], ...]
    evidence: tuple[Evidence, ...]
    fault: str | None
    split: Split
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def answerable(self) -> bool:
        return self.kind != "unanswerable"


@dataclass(frozen=True)
class ReadingQuestion:
    """A question on one passage; `text[start:end] == answer`, all of them None when it has no answer.

    evidence: the numbers of the sentences that the answer rests on, that of `answer` first; empty when it has none.
    other: the same question in the other language, where it was written: reading across languages.
    """

    id: str
    question: str
    other: str | None
    answer: str | None
    full: str | None
    evidence: tuple[int, ...]
    start: int | None
    end: int | None


@dataclass(frozen=True)
class ReadingPassage:
    """A passage; `text` is its sentences joined by one space."""

    id: str
    language: Language
    title: str
    topic: str
    sentences: tuple[str, ...]
    text: str
    questions: tuple[ReadingQuestion, ...]
    split: Split
    place: Place = field(default=NOWHERE, compare=False, repr=False)


def split_of(unit: str) -> Split:
    """The split of a unit of questions: about 45 % of units train, 25 % dev, 30 % test."""
    return _draw(unit, _QUESTION_BOUNDS)


def split_of_passage(passage_id: str) -> Split:
    """The split of a reading passage: about 88 % train, 12 % dev; there is no test passage."""
    return _draw(passage_id, _READING_BOUNDS)


def unit_of(pair_id: str, default: str) -> str:
    """`kv-cache-01` -> `kv-cache`; an id without a number belongs to `default`."""
    match = _PAIR_ID.fullmatch(pair_id)
    return match["unit"] if match else default


def load_questions(
    root: Path = ROOT, split: Split | None = None, language: Language | None = None
) -> list[Question]:
    """The questions of a corpus folder, by file name and line; English before Russian within a pair."""
    paths = sorted(_folder(root, "questions").glob("*.jsonl"))
    return [question for path in paths for question in load_question_file(path, split, language)]


def load_question_file(
    path: Path, split: Split | None = None, language: Language | None = None
) -> list[Question]:
    """The questions of one file, a user's own too: there a pair may lack one of the languages."""
    questions = [q for line, place in read_lines(path) for q in parse_pair(parse_line(line, place), place)]
    return [q for q in questions if split in (None, q.split) and language in (None, q.language)]


def load_reading(
    root: Path = ROOT, language: Language | None = None, split: Split | None = None
) -> list[ReadingPassage]:
    """The reading passages of a corpus folder, by language, file name and line."""
    folder = _folder(root, "reading")
    return [
        passage
        for code in LANGUAGES
        if language in (None, code)
        for path in sorted((folder / code).glob("*.jsonl"))
        for passage in load_reading_file(path, code)
        if split in (None, passage.split)
    ]


def load_reading_file(path: Path, language: Language) -> list[ReadingPassage]:
    """The passages of one file."""
    return [parse_passage(parse_line(line, place), language, place) for line, place in read_lines(path)]


def parse_pair(record: Mapping[str, Any], place: Place) -> tuple[Question, ...]:
    """The questions of one line: one for each language that it has."""
    known_fields(record, {"id", "kind", "fault", *LANGUAGES}, place)
    pair, kind = text_field(record, "id", place), text_field(record, "kind", place)
    fault = record.get("fault")
    if kind not in KINDS:
        raise place.error(f"kind {kind!r} is none of {', '.join(KINDS)}")
    if kind == "unanswerable" and fault not in FAULTS:
        raise place.error(f"an unanswerable question needs a fault ({', '.join(FAULTS)}), not {fault!r}")
    if kind != "unanswerable" and fault is not None:
        raise place.error(f"fault {fault!r} on a question that is answerable")
    present = [code for code in LANGUAGES if code in record]
    if not present:
        raise place.error("a pair needs 'en' or 'ru'")
    unit = unit_of(pair, place.path.stem)
    return tuple(_parse_side(record[code], code, pair, unit, kind, fault, place) for code in present)


def _parse_side(
    side: Any, language: Language, pair: str, unit: str, kind: str, fault: str | None, place: Place
) -> Question:
    if not isinstance(side, dict):
        raise place.error(f"{language!r} is not an object")
    known_fields(side, {"question", "answer", "gold", "gold_all", "evidence"}, place)
    answer, gold = side.get("answer"), strings(side.get("gold"), "gold", place)
    groups, evidence = side.get("gold_all", []), side.get("evidence")
    if not isinstance(answer, str) or not isinstance(groups, list) or not isinstance(evidence, list):
        raise place.error(f"{language}: 'answer' has to be a string, 'gold_all' and 'evidence' lists")
    if kind == "unanswerable" and (answer or gold or groups or evidence):
        raise place.error(f"{language}: an unanswerable question has empty answer, gold and evidence")
    if kind != "unanswerable" and not (answer.strip() and gold and evidence):
        raise place.error(f"{language}: an answerable question needs an answer, gold and evidence")
    return Question(
        id=f"{pair}-{language}",
        pair=pair,
        unit=unit,
        kind=kind,
        language=language,
        question=text_field(side, "question", place),
        answer=answer,
        gold=gold,
        gold_all=tuple(strings(group, "gold_all", place) for group in groups),
        evidence=tuple(_parse_evidence(item, place) for item in evidence),
        fault=fault,
        split=split_of(unit),
        place=place,
    )


def _parse_evidence(item: Any, place: Place) -> Evidence:
    if not isinstance(item, dict):
        raise place.error("evidence is a list of objects with 'document' and 'quote'")
    known_fields(item, {"document", "quote"}, place)
    return Evidence(text_field(item, "document", place), text_field(item, "quote", place))


def parse_passage(record: Mapping[str, Any], language: Language, place: Place) -> ReadingPassage:
    """One passage, with the offsets of its answers."""
    known_fields(record, {"id", "title", "topic", "sentences", "questions"}, place)
    name, sentences = text_field(record, "id", place), strings(record.get("sentences"), "sentences", place)
    items = record.get("questions")
    if not sentences or not isinstance(items, list):
        raise place.error("a passage needs 'sentences' and a list of 'questions'")
    questions = (_parse_reading(item, f"{name}-{n:02d}", sentences, place) for n, item in enumerate(items, 1))
    return ReadingPassage(
        id=name,
        language=language,
        title=text_field(record, "title", place),
        topic=text_field(record, "topic", place),
        sentences=sentences,
        text=" ".join(sentences),
        questions=tuple(questions),
        split=split_of_passage(name),
        place=place,
    )


def _parse_reading(item: Any, name: str, sentences: tuple[str, ...], place: Place) -> ReadingQuestion:
    if not isinstance(item, dict):
        raise place.error(f"{name}: not an object")
    known_fields(item, {"question", "answer", "full", "evidence", "other"}, place)
    question = text_field(item, "question", place)
    other = text_field(item, "other", place) if "other" in item else None
    if item.get("answer") is None:
        if "answer" not in item or item.keys() & {"full", "evidence"}:
            raise place.error(f'{name}: an unanswered question has "answer": null and nothing else')
        return ReadingQuestion(name, question, other, None, None, (), None, None)
    answer, full = text_field(item, "answer", place), text_field(item, "full", place)
    evidence = _sentence_numbers(item.get("evidence"), len(sentences))
    if evidence is None:
        raise place.error(
            f"{name}: evidence {item.get('evidence')!r} is not a sentence number below {len(sentences)}, "
            "nor a list of two or three different ones"
        )
    number = evidence[0]
    within = find_span(sentences[number], answer)
    if within is None:
        raise place.error(f"{name}: answer {answer!r} is not in sentence {number}")
    start = within + sum(len(sentence) + 1 for sentence in sentences[:number])
    return ReadingQuestion(name, question, other, answer, full, evidence, start, start + len(answer))


def _sentence_numbers(value: Any, sentences: int) -> tuple[int, ...] | None:
    """A number, or a list of two or three, as a tuple; None if they are not that."""
    if isinstance(value, list) and len(value) not in (2, 3):
        return None
    numbers = value if isinstance(value, list) else [value]
    if any(type(n) is not int or not 0 <= n < sentences for n in numbers) or len(set(numbers)) < len(numbers):
        return None
    return tuple(numbers)


def find_span(sentence: str, answer: str) -> int | None:
    """Where `answer` begins in `sentence`, at word boundaries if it can be ("1" is not found in "1911")."""
    match = re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", sentence)
    if match:
        return match.start()
    found = sentence.find(answer)
    return None if found < 0 else found


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    if not folder.is_dir():
        raise CorpusError(folder, 0, "no such folder")
    return folder


def _draw(name: str, bounds: tuple[tuple[float, Split], ...]) -> Split:
    fraction = int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:8], "big") / 2**64
    return next((split for bound, split in bounds if fraction < bound), bounds[-1][1])
