"""Lists and tables in a text: which lines are items or rows, and what announces them.

Cleaned text has an item to a line, under whatever marker its file had (`- `, `• `, `2. `, `b) `); items of a PDF have
empty lines between them. What announces a list ends with a colon right before it. A list is understood as a whole or by
its items, and not by what announces it alone; a table as a whole, or by a row under its first one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.sentences import split_sentences

Interval = tuple[int, int]

_MARKER = re.compile(r"[^\S\n]*(?:[•▪◦‣∙●○■□–—*·-]|\(?(?:\d{1,3}|[a-zа-я])[.)]|\[\d{1,3}\])[^\S\n]+(?=\S)")
_LINE = re.compile(r"[^\n]+")
_FEWEST_ITEMS = 2
_CELL_ENDS = re.compile(r"(?<!\S)\|(?!\S)")
# Characters of a list or table that are shown together.
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class ItemList:
    """announced: the interval of the sentence that announces it, None without one; items: theirs, markers included."""

    announced: Interval | None
    items: tuple[Interval, ...]

    @property
    def start(self) -> int:
        """Where it begins, announcement included."""
        return self.items[0][0] if self.announced is None else self.announced[0]


@dataclass(frozen=True, slots=True)
class Table:
    """rows: their intervals, the first of which says what the columns are."""

    rows: tuple[Interval, ...]
    columns: int


def find_tables(text: str) -> list[Table]:
    """The tables, in order: lines that follow each other, two or more, of as many cells (`a | b`)."""
    found: list[Table] = []
    rows: list[Interval] = []
    cells = 0
    for match in _LINE.finditer(text):
        start, stop = _trimmed(text, match.start(), match.end())
        here = len(_CELL_ENDS.findall(text, start, stop))
        follows = bool(rows) and text[rows[-1][1] : start].count("\n") == 1
        if not (here and follows and here == cells):
            found += [Table(tuple(rows), cells + 1)] if len(rows) > 1 else []
            rows, cells = [], here
        if here:
            rows.append((start, stop))
    return [*found, *([Table(tuple(rows), cells + 1)] if len(rows) > 1 else [])]


def find_lists(text: str) -> list[ItemList]:
    """The lists of two items or more, in order. Every line that begins with a marker is an item; lines that go on in
    lower case belong to the one before."""
    found: list[ItemList] = []
    items: list[Interval] = []
    before: Interval | None = None  # the line before the items
    end = 0
    for match in _LINE.finditer(text):
        start, stop = _trimmed(text, match.start(), match.end())
        if start == stop:
            continue
        if _MARKER.match(text, match.start()):
            items.append((start, stop))
        elif items and text[start].islower() and text.count("\n", end, start) == 1:
            items[-1] = (items[-1][0], stop)
        else:
            found += _list(text, before, items)
            items, before = [], (start, stop)
        end = stop
    return [*found, *_list(text, before, items)]


def listings(text: str, longest: int = LONGEST) -> list[Interval]:
    """Intervals of what is only understood together: lists with what announces them and tables, as many items or rows
    as there is room for; sentences that end with a colon, with the next one where neither follows."""
    found: list[Interval] = []
    parts = [(one.start, one.items) for one in find_lists(text)]
    parts += [(one.rows[0][0], one.rows) for one in find_tables(text)]
    for begin, rows in parts:
        ends = [last for _, last in rows if last - begin <= longest]
        if len(ends) > 1:
            found.append((begin, ends[-1]))
    sentences = split_sentences(text)
    for (start, end), (_, after) in zip(sentences, sentences[1:], strict=False):
        inside = any(first <= start < last for first, last in found)
        if text[end - 1] == ":" and not inside and after - start <= longest:
            found.append((start, after))
    return found


def without_marker(text: str, start: int) -> int:
    """Where the words of an item begin whose line begins at `start`; `start` itself for what is no item."""
    match = _MARKER.match(text, start)
    return start if match is None or text[:start].rstrip(" \t")[-1:] not in ("", "\n") else match.end()


def _list(text: str, before: Interval | None, items: list[Interval]) -> list[ItemList]:
    if len(items) < _FEWEST_ITEMS:
        return []
    announced = None
    if before is not None and text[before[1] - 1] == ":":
        first, last = split_sentences(text[slice(*before)])[-1]
        announced = (before[0] + first, before[0] + last)
    return [ItemList(announced, tuple(items))]


def _trimmed(text: str, start: int, end: int) -> Interval:
    line = text[start:end]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())
