"""What of a sentence of a document is quoted: without marks of quotation that are closed elsewhere and marks of notes;
and which items of a list are quoted with their list."""

from __future__ import annotations

import re

from ingest.lists import CLAUSE_NUMBER
from ingest.sentences import NOTE_MARKS
from retrieval.analysis import FUNCTION_WORDS

NOTES_AT_END = re.compile(rf"(?<=[.!?…])(?:{NOTE_MARKS})$")
_PART_OF_FIGURE = re.compile(
    r"\((?:left|right|top|bottom|middle|cent(?:er|re)|слева|справа|сверху|снизу)\)\s+(?=\S)", re.IGNORECASE
)
_NOTE_NUMBER = re.compile(r"[1-9]\d?(?=(?P<word>[A-ZА-ЯЁ][a-zа-яё]*)\s)")


def goes_on_below(item: str) -> bool:
    """Whether an item of a list, without its marker, is part of a sentence that the list is: «a certificate;»."""
    return item[:1].islower() or item.rstrip()[-1:] in (";", ",")


def lone_marks(text: str) -> tuple[int, int]:
    """How many characters at the beginning and at the end of a sentence are quotation marks of a speech that goes on
    before or after it."""
    left = right = 0
    for closing, opening in (("»", "«"), ("”", "“")):
        surplus = text.count(opening) - text.count(closing)
        if surplus == 1 and text.startswith(opening):
            left = 1
        bare = text.rstrip(".,")
        if surplus == -1 and bare.endswith(closing):
            right = len(text) - len(bare) + 1
    if text.count('"') == 1:
        left, right = int(text.startswith('"')), int(text.endswith('"'))
    return left, right


def opening_mark(text: str) -> int:
    """How many characters at the beginning of a sentence tell where it stands: the number of its clause («3.2. »), a
    part of a figure («(left) ») or, as PDFs have it, the number of the note that it is («4To illustrate»)."""
    found = CLAUSE_NUMBER.match(text) or _PART_OF_FIGURE.match(text)
    if found is None and (note := _NOTE_NUMBER.match(text)) and note["word"].lower() in FUNCTION_WORDS:
        found = note  # not «1Password is …»
    return 0 if found is None else len(found[0])


def note_marks(text: str) -> int:
    """How many characters at the end of a sentence are marks of notes, «[2]»."""
    found = NOTES_AT_END.search(text)
    return 0 if found is None else len(found[0])
