"""Checks of the questions on documentation: languages, lengths, nothing twice, every passage with enough to learn from.

The passages themselves are not here; that row, interval and hash belong together is checked when training reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpus.documentation import DocumentationPassage, DocumentationQuestion, load_documentation
from corpus.findings import Finding, error, from_exception
from corpus.records import CorpusError
from corpus.text import cyrillic_share, word_count

MIN_CYRILLIC = 0.2
FULL_WORDS = (3, 34)


def check_documentation(root: Path) -> tuple[list[DocumentationPassage], list[Finding]]:
    """The passages that can be read, and everything that is wrong; the first broken line ends the reading."""
    try:
        passages = load_documentation(root)
    except CorpusError as exception:
        return [], [from_exception(exception)]
    return passages, _check(passages)


def _check(passages: Sequence[DocumentationPassage]) -> list[Finding]:
    findings: list[Finding] = []
    places: set[tuple[str, str, int]] = set()
    asked: set[str] = set()
    for passage in passages:
        key = (passage.set, passage.row, passage.start)
        if key in places:
            findings.append(error(passage.place, f"the passage at {passage.row}:{passage.start} comes twice"))
        places.add(key)
        for question in passage.questions:
            findings += [error(passage.place, message) for message in _faults(question, passage.language)]
            folded = question.question.casefold()
            if folded in asked:
                findings.append(error(passage.place, f"asked twice: {question.question[:60]}"))
            asked.add(folded)
    return findings


def _faults(question: DocumentationQuestion, language: str) -> list[str]:
    """What is wrong with one question."""
    found = []
    if (cyrillic_share(question.question) >= MIN_CYRILLIC) != (language == "ru"):
        found.append(f"not in {language}: {question.question[:60]}")
    if question.other is not None and (cyrillic_share(question.other) >= MIN_CYRILLIC) == (language == "ru"):
        found.append(f"not in the other language: {question.other[:60]}")
    if question.full is not None and not FULL_WORDS[0] <= word_count(question.full) <= FULL_WORDS[1]:
        found.append(f"full answer of {word_count(question.full)} words: {question.full[:60]}")
    return found
