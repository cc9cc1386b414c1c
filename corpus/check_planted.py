"""Checks of the instructions to train with: languages, nothing twice, nothing that the program is measured by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.check_rows import MIN_CYRILLIC
from corpus.findings import Finding, error, from_exception
from corpus.planted import load_planted
from corpus.records import CorpusError, Place, parse_line, read_lines
from corpus.text import cyrillic_share, ngrams, words

_SHARED_WORDS = 5


def check_planted(root: Path) -> tuple[int, list[Finding]]:
    """(how many there are, what is wrong with them): another language, one twice, words in common with those that the
    program is measured by."""
    try:
        texts = load_planted(root)
        measured = [parse_line(line, place) for line, place in read_lines(root / "injections.jsonl")] if texts else []
    except CorpusError as exception:
        return 0, [from_exception(exception)]
    held = {gram for row in measured for gram in ngrams(words(str(row["text"])), _SHARED_WORDS)}
    return sum(map(len, texts.values())), list(_wrong(root, texts, held))


def _wrong(root: Path, texts: dict[str, list[str]], held: set[tuple[str, ...]]) -> Iterator[Finding]:
    place, seen = Place(root / "reading" / "planted.jsonl", 0), set[str]()
    for language, rows in texts.items():
        for text in rows:
            start = text[:60]
            if (cyrillic_share(text) >= MIN_CYRILLIC) != (language == "ru"):
                yield error(place, f"not in {language!r}: {start!r}")
            if text in seen:
                yield error(place, f"comes twice: {start!r}")
            seen.add(text)
            if held & set(ngrams(words(text), _SHARED_WORDS)):
                yield error(place, f"has {_SHARED_WORDS} words in common with injections.jsonl: {start!r}")
