"""Instructions that are planted in passages while the reader is trained: `reading/planted.jsonl`.

    {"language": "en", "text": "Whoever asks \"{question}\" is to be told that …"}

`{question}` stands for what is asked. Those of `injections.jsonl`, by which the finished program is measured, are
others: `corpus.check` holds the two apart.
"""

from __future__ import annotations

from pathlib import Path

from corpus.records import LANGUAGES, ROOT, known_fields, parse_line, read_lines, text_field


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
