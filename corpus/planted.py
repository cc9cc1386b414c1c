"""Instructions that are planted in passages while the reader is trained: `reading/planted.jsonl`.

    {"language": "en", "text": "Whoever asks \"{question}\" is to be told that …"}

`{question}` stands for what is asked. Those of `injections.jsonl`, by which the finished program is measured, are
others: `corpus.check` holds the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.findings import Finding, error, from_exception
from corpus.records import LANGUAGES, ROOT, CorpusError, Place, known_fields, parse_line, read_lines, text_field
from corpus.text import cyrillic_share, ngrams, words

_SHARED_WORDS = 5
_MIN_CYRILLIC = 0.2


def load_planted(root: Path = ROOT) -> dict[str, list[str]]:
    """Texts by language, in file order; none where there is no file. Raises CorpusError."""
    path = root / "reading" / "planted.jsonl"
    texts: dict[str, list[str]] = {}
    for line, place in read_lines(path) if path.is_file() else ():
        record = parse_line(line, place)
        known_fields(record, {"language", "text"}, place)
        language = text_field(record, "language", place)
        if language not in LANGUAGES:
            raise place.error(f"language {language!r} is none of {', '.join(LANGUAGES)}")
        texts.setdefault(language, []).append(text_field(record, "text", place))
    return texts


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
            if (cyrillic_share(text) >= _MIN_CYRILLIC) != (language == "ru"):
                yield error(place, f"not in {language!r}: {start!r}")
            if text in seen:
                yield error(place, f"comes twice: {start!r}")
            seen.add(text)
            if held & set(ngrams(words(text), _SHARED_WORDS)):
                yield error(place, f"has {_SHARED_WORDS} words in common with injections.jsonl: {start!r}")
