"""Checks of notes, material entries and the reading list: shape, length, language, both languages present."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.findings import Finding, at, error, from_exception, warning
from corpus.reading_list import load_reading_list
from corpus.records import LANGUAGES, CorpusError, Place, read_text
from corpus.text import cyrillic_share, mixed_words, word_count, words

WORD_BOUNDS = {("notes", "en"): (400, 900), ("notes", "ru"): (350, 800)}
MATERIAL_WORDS = (150, 350)
NOTE_SECTIONS = (3, 6)
MAX_CYRILLIC_EN = 0.10
MIN_CYRILLIC_RU = 0.50
_OUTSIDE = re.compile(r"(?<![\w.])/(?:work|home|tmp|root|Users)/")
_LIST_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s")


@dataclass(frozen=True)
class CorpusDocument:
    """A note or an entry; `name` is its path relative to the corpus root, as evidence cites it."""

    name: str
    folder: str
    language: str
    slug: str
    text: str
    path: Path


def load_documents(root: Path) -> tuple[list[CorpusDocument], list[Finding]]:
    """All notes and entries that can be read, and what cannot."""
    documents: list[CorpusDocument] = []
    findings: list[Finding] = []
    for folder in ("notes", "materials"):
        for language in LANGUAGES:
            for path in sorted((root / folder / language).glob("*.md")):
                try:
                    text = read_text(path)
                except CorpusError as exception:
                    findings.append(from_exception(exception))
                    continue
                name = path.relative_to(root).as_posix()
                documents.append(CorpusDocument(name, folder, language, path.stem, text, path))
    return documents, findings


def check_documents(documents: list[CorpusDocument]) -> list[Finding]:
    """Every document by itself, the two languages against each other, sentences that stand in two files."""
    findings = [finding for document in documents for finding in _check_one(document)]
    names = {(d.folder, d.language, d.slug) for d in documents}
    for document in documents:
        other = "ru" if document.language == "en" else "en"
        if (document.folder, other, document.slug) not in names:
            missing = f"{document.folder}/{other}/{document.slug}.md"
            findings.append(error(Place(document.path, 0), f"there is no {missing}"))
    return [*findings, *_repeated_sentences(documents)]


def check_reading_list(root: Path, documents: list[CorpusDocument]) -> list[Finding]:
    """A material has an entry in both languages, questions, notes on its topics; an entry has a material."""
    path = root / "reading_list.toml"
    if not path.exists():
        return [error(Place(path, 0), "no reading list")]
    try:
        materials = load_reading_list(path)
    except CorpusError as exception:
        return [from_exception(exception)]
    entries = {(d.language, d.slug) for d in documents if d.folder == "materials"}
    notes = {d.slug for d in documents if d.folder == "notes"}
    findings: list[Finding] = []
    for material in materials:
        entry, questions = material.entry, f"questions/{material.entry}.jsonl"
        missing = [f"materials/{code}/{entry}.md" for code in LANGUAGES if (code, entry) not in entries]
        missing += [questions] if not (root / questions).exists() else []
        unknown = [topic for topic in material.topics if topic not in notes]
        findings += at(
            material.place,
            [f"material {material.id!r} has no {name}" for name in missing],
            [f"material {material.id!r}: there is no note on {topic}" for topic in unknown],
        )
    known = {material.entry for material in materials}
    orphans = [Place(d.path, 0) for d in documents if d.folder == "materials" and d.slug not in known]
    return [*findings, *(error(place, "belongs to no material of reading_list.toml") for place in orphans)]


def sentences_of(text: str) -> Iterator[str]:
    """A rough cut of Markdown into sentences; headings and table rows are left out."""
    for line in text.split("\n"):
        if not line.startswith(("#", "|")):
            yield from re.split(r"(?<=[.!?…])\s+(?=[«\"“(A-ZА-ЯЁ])", line.strip())


def _check_one(document: CorpusDocument) -> list[Finding]:
    text, lines = document.text, document.text.split("\n")
    errors: list[str] = []
    if not re.match(r"# \S", lines[0]):
        errors.append("the first line is not '# Title'")
    errors += _length(document) + _language(document)
    sections = sum(line.startswith("## ") for line in lines)
    if document.folder == "notes" and not NOTE_SECTIONS[0] <= sections <= NOTE_SECTIONS[1]:
        errors.append(f"{sections} sections, not {NOTE_SECTIONS[0]} to {NOTE_SECTIONS[1]}")
    if "\r" in text or "\t" in text:
        errors.append("has carriage returns or tabs")
    if _OUTSIDE.search(text):
        errors.append("names a path outside the repository")
    items = [bool(_LIST_ITEM.match(line)) for line in lines if line.strip()]
    lists = sum(now and not before for before, now in zip([False, *items], items, strict=False))
    warnings = [f"{lists} lists; one a note is the measure"] if lists > 1 else []
    warnings += [f"word {word!r} mixes alphabets" for word in mixed_words(text)]
    return at(Place(document.path, 0), errors, warnings)


def _length(document: CorpusDocument) -> list[str]:
    low, high = WORD_BOUNDS.get((document.folder, document.language), MATERIAL_WORDS)
    count = word_count(document.text)
    return [] if low <= count <= high else [f"{count} words, not {low} to {high}"]


def _language(document: CorpusDocument) -> list[str]:
    share = cyrillic_share(document.text)
    right = share <= MAX_CYRILLIC_EN if document.language == "en" else share >= MIN_CYRILLIC_RU
    return [] if right else [f"{share:.0%} of the letters are Cyrillic: is this {document.language!r}?"]


def _repeated_sentences(documents: list[CorpusDocument]) -> list[Finding]:
    first: dict[tuple[str, ...], str] = {}
    findings: list[Finding] = []
    for document in documents:
        for sentence in sentences_of(document.text):
            key = tuple(words(sentence))
            if len(key) < 8:
                continue
            seen = first.setdefault(key, document.name)
            if seen != document.name:
                message = f"sentence stands in {seen} too: {sentence[:60]}"
                findings.append(warning(Place(document.path, 0), message))
    return findings
