"""Checks of the rows written for shared data sets and of the glossary: shape, languages, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.findings import Finding, error, from_exception
from corpus.format import load_reading
from corpus.records import CorpusError
from corpus.rows import ROW_FIELDS, Row, load_glossary, load_rows
from corpus.text import cyrillic_share, word_count

FULL_WORDS = (3, 30)
# A Russian question may consist of Latin names but for three words; an English answer holds no Russian.
MIN_CYRILLIC = 0.2


def check_rows(root: Path) -> tuple[dict[str, int], list[Finding]]:
    """(sizes by name, findings)."""
    sizes: dict[str, int] = {}
    findings: list[Finding] = []
    for folder in ROW_FIELDS:
        try:
            rows = load_rows(folder, root)
        except CorpusError as exception:
            findings.append(from_exception(exception))
            continue
        sizes[folder] = len(rows)
        if folder == "asked":
            findings += _check_asked(rows, root)
        seen: set[str] = set()
        for row in rows:
            if row.id in seen:
                findings.append(error(row.place, f"row {row.id!r} comes twice"))
            seen.add(row.id)
            russian = cyrillic_share(row.text) >= MIN_CYRILLIC
            if russian != (folder == "translations" or (folder == "asked" and row.id.startswith("ru-"))):
                findings.append(error(row.place, f"not in the language of {folder}"))
            if folder == "answers" and not FULL_WORDS[0] <= word_count(row.text) <= FULL_WORDS[1]:
                findings.append(error(row.place, f"{word_count(row.text)} words, 3 to 30 allowed"))
    try:
        entries = load_glossary(root)
    except CorpusError as exception:
        return sizes, [*findings, from_exception(exception)]
    sizes["glossary"] = len(entries)
    pairs = Counter((entry.english.lower(), entry.russian.lower()) for entry in entries)
    for entry in entries:
        if pairs[entry.english.lower(), entry.russian.lower()] > 1:
            findings.append(error(entry.place, f"{entry.english!r} = {entry.russian!r} comes twice"))
        if cyrillic_share(entry.russian) == 0.0:
            findings.append(error(entry.place, f"no Russian in {entry.russian!r}"))
    return sizes, findings


def _check_asked(rows: Sequence[Row], root: Path) -> Iterator[Finding]:
    """Every row belongs to a question of the train split, and asks it in other words."""
    known = {q.id: (p, q) for p in load_reading(root) for q in p.questions} if rows else {}
    for row in rows:
        passage, question = known.get(row.id, (None, None))
        if passage is None or question is None:
            yield error(row.place, f"no reading question {row.id!r}")
        elif passage.split != "train":
            yield error(row.place, f"question {row.id!r} is not in the train split")
        elif row.text.casefold() == question.question.casefold():
            yield error(row.place, f"asked in the words of question {row.id!r}")
