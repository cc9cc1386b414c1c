"""What the type of a PDF says: headings in bold at the beginning of a paragraph, «**Datasets** We use …», are lines of
their own; small raised numbers are exponents or marks of notes, 10²³ and no 1023.

Nothing else tells the headings from the sentence that follows on the same line, or on the next. pypdf says the font,
size and place of every run of text (`visitor_text`); runs joined are the page's text.
"""

from __future__ import annotations

import re
from typing import Any

from ingest.clean import clean_characters
from ingest.raised import superscript

# "Medi" is the bold of Nimbus, which LaTeX sets Times with; a medium weight is none. TB: bold of Libertine, Biolinum.
_BOLD = re.compile(r"bold|black|heavy|demi|medi(?!um)|cmbx|sfbx|t[bz]$", re.IGNORECASE)
_RAISABLE = re.compile(r"\s*[-−+]?\d{1,3}(?:,\d{1,3})*\s*")
# By how much a raised number is smaller than what stands before it, and how far above its line, as shares of its size.
_SMALLER, _RAISED_BY = 0.85, (0.2, 0.8)
_MOST_WORDS, _FEWEST_LETTERS = 10, 3
_NUMBERED = re.compile(r"\d+(?:\.\d+)*\.?\s+[A-ZА-ЯЁ]")
_HEADING = re.compile(r"[A-ZА-ЯЁ\d]")
_SENTENCE_BEGINS = re.compile(r"[A-ZА-ЯЁ][\w’'-]*\s+\S+\s+\S+")
_PARAGRAPH_ENDS, _OWN_END = tuple(".!?:;…"), tuple(".,;:!?…")


class PageType:
    """Listens to pypdf while it reads a page (`visitor_text`)."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._runs: list[tuple[str, bool]] = []  # the same with raised numbers
        self._size, self._line = 0.0, 0.0  # of the latest run that is no raised number

    def visit(self, text: str, user: list[float], matrix: list[float], font: Any, size: float) -> None:
        """A run of text in one font, as pypdf calls it."""
        name = str(font.get("/BaseFont", "")) if font else ""
        self._heard.append(text)
        points, height = size * abs(matrix[3] * user[3]), matrix[5] * user[3] + user[5]
        lowest, highest = (self._line + share * self._size for share in _RAISED_BY)
        if _RAISABLE.fullmatch(text) and points < _SMALLER * self._size and lowest < height < highest:
            text = superscript(text)
        elif text.strip():
            self._size, self._line = points, height
        self._runs.append((text, _BOLD.search(name) is not None))

    def parted(self, text: str) -> tuple[str, frozenset[str]]:
        """(`text` of the page with a line's end behind each heading that a sentence followed, the headings as clean
        lines), both with raised numbers; as it is, and none, if it is not what was heard."""
        if "".join(self._heard) != text:
            return text, frozenset()
        lines = [_split(runs) for runs in self._lines()]
        found: set[str] = set()
        parted: list[str] = []
        ended = True  # whether a paragraph ends with the line before
        for (head, rest), (next_head, next_rest) in zip(lines, _after(lines), strict=True):
            alone = not rest.strip()
            # A heading of several lines goes on in bold.
            follows = rest if not alone else "" if next_head.strip() else next_rest
            if ended and _is_heading(head) and _SENTENCE_BEGINS.match(follows.lstrip()):
                found.add(" ".join(clean_characters(head).split()))
                parted += [head.rstrip(), *([] if alone else [rest.lstrip()])]
                ended = alone
            else:
                parted.append(head + rest)
            before = (head + rest).strip()
            if before:
                ended = before.endswith(_PARAGRAPH_ENDS) or before in found or _is_section(before)
        return "\n".join(parted), frozenset(found)

    def _lines(self) -> list[list[tuple[str, bool]]]:
        """The runs of each line."""
        lines: list[list[tuple[str, bool]]] = [[]]
        for text, bold in self._runs:
            first, *others = text.split("\n")
            lines[-1].append((first, bold))
            lines += [[(other, bold)] for other in others]
        return lines


def _after(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """For each line the next one that is not empty; two empty texts where there is none."""
    found: list[tuple[str, str]] = []
    following = ("", "")
    for line in reversed(lines):
        found.append(following)
        if "".join(line).strip():
            following = line
    return found[::-1]


def _split(runs: list[tuple[str, bool]]) -> tuple[str, str]:
    """(what a line begins with in bold, the rest)."""
    taken = 0
    for text, bold in runs:
        if text.strip() and not bold:
            break
        taken += 1
    return "".join(text for text, _ in runs[:taken]), "".join(text for text, _ in runs[taken:])


def _is_section(line: str) -> bool:
    return _NUMBERED.match(line) is not None and len(line.split()) <= _MOST_WORDS


def _is_heading(head: str) -> bool:
    words = head.strip()
    return (
        _HEADING.match(words) is not None and len(words.split()) <= _MOST_WORDS and not words.endswith(_OWN_END)
        and sum(map(str.isalpha, words)) >= _FEWEST_LETTERS
    )
