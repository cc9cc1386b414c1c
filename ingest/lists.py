"""Lists and tables in a text: what their items and rows are, and what announces them.

Cleaned text has an item to a line, under whatever marker its file had (`- `, `• `, `2. `, `b) `), and a row to a line,
with bars between its cells; items of a PDF have empty lines between them. The sentence right before a list or table
that ends with a colon announces it. A list is understood as a whole or by its items, and not by what announces it
alone; a table as a whole, or by a row under its first one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.clean import ITEM_MARKER
from ingest.sentences import split_sentences

Interval = tuple[int, int]

_MARKER = re.compile(rf"[^\S\n]*(?:{ITEM_MARKER}|\d{{1,3}}(?:\.\d{{1,3}})+[.)]|\(?[A-ZА-Я]\))[^\S\n]+(?=\S)")
# «1.2. The student may …», «3.2 Студент вправе …», not «3.5 km»: a clause of rules, which is a paragraph, and no item.
CLAUSE_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3})+(?:[.)]\s+(?=\S)|\s+(?=[A-ZА-ЯЁ]))")
_LONGEST_ITEM = 200
_FORMULA = re.compile(r"\$\$|\\\[|\\begin\{")
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_CELL_ENDS = re.compile(r"(?<!\S)\|(?!\S)")
_FEWEST_PARTS = 2


@dataclass(frozen=True, slots=True)
class Listing:
    """start: where it begins, what announces it included. parts: the items with their markers, or the rows; a single
    one is what follows a colon without being a list. columns: of a table, 0 for a list."""

    start: int
    parts: tuple[Interval, ...]
    columns: int = 0

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.parts[-1][1]

    @property
    def informs(self) -> int:
        """Where the first item or row begins that says something by itself: a table's first row names its columns."""
        return self.parts[1 if self.columns else 0][0]

    def part_at(self, offset: int) -> Interval | None:
        """The item or row that holds a character; None for what announces them."""
        n = bisect_right(self.parts, (offset, self.end)) - 1
        return self.parts[n] if n >= 0 else None

    def moved(self, by: int) -> Listing:
        """The same in a text that begins `by` characters later."""
        return Listing(self.start - by, tuple((a - by, z - by) for a, z in self.parts), self.columns)


@dataclass(slots=True)
class _Group:
    """Lines that may become a listing. before: the end of the line before; indent: of the latest item; marked: its
    items begin with marks; those of others end with semicolons."""

    before: int | None
    columns: int
    indent: int = 0
    marked: bool = True
    parts: list[Interval] = field(default_factory=list)


def find_listings(text: str) -> list[Listing]:
    """Lists and tables of two items or rows or more, and what else follows a colon at a sentence's end, in order; none
    within another.

    An item is a line that begins with a marker, with the lines behind it that are indented deeper or go on in lower
    case, but for paragraphs numbered «1.2.»; or, behind a colon, one of the lines that end with semicolons. A table is
    lines of as many cells, between which there may be lines of one. A formula on lines of its own may be announced by a
    comma.
    """
    groups = [group for group in _groups(text) if len(group.parts) >= _FEWEST_PARTS]
    sentences = _cut(text, split_sentences(text), [start for group in groups for start, _ in group.parts])
    begins = [start for start, _ in sentences]
    found = []
    for group in groups:
        start, before = group.parts[0][0], group.before
        if before is not None and text[before - 1] == ":":
            start = begins[bisect_right(begins, before - 1) - 1]
        found.append(Listing(start, tuple(group.parts), group.columns))
    taken = [(one.start, one.end) for one in found]
    for (start, end), following in zip(sentences, sentences[1:], strict=False):
        announces = text[end - 1] == ":" or (text[end - 1] == "," and _FORMULA.match(text, following[0]) is not None)
        if announces and not _inside(start, taken) and not _inside(following[0], taken):
            found.append(Listing(start, (following,)))
    return sorted(found, key=lambda one: one.start)


def split_listed(text: str, listings: Sequence[Listing]) -> list[Interval]:
    """The sentences of a text with these listings: an item begins one, and a row is one."""
    parts = [(max(0, a), min(z, len(text)), one.columns > 0) for one in listings for a, z in one.parts]
    rows = [(a, z) for a, z, row in parts if row and a < z]
    cut = _cut(text, split_sentences(text), [a for a, z, _ in parts if a < z])
    return sorted([*(one for one in cut if not _inside(one[0], rows)), *rows])


def without_marker(text: str, start: int) -> int:
    """Where the words of an item begin that begins at `start`."""
    match = _MARKER.match(text, start)
    return start if match is None else match.end()


def _groups(text: str) -> list[_Group]:
    found: list[_Group] = []
    group = _Group(None, 0)
    held: int | None = None  # the end of a line that may stand between two rows
    end = 0
    for match in _LINE.finditer(text):
        line = match[0]
        indent = len(line) - len(line.lstrip())
        start, stop = match.start() + indent, match.start() + len(line.rstrip())
        follows = text.count("\n", end, start) == 1
        columns = len(_CELL_ENDS.findall(line)) + 1
        clause = CLAUSE_NUMBER.match(line, indent) is not None
        if columns > 1:
            if not (group.columns == columns and follows):
                before = held if held is not None else end if end else None
                found.append(group := _Group(before, columns))
            group.parts.append((start, stop))
        elif _MARKER.match(line) and not (clause and (not follows or len(line) > _LONGEST_ITEM)):
            if group.columns or not group.parts or not group.marked:
                found.append(group := _Group(end or None, 0))
            group.indent = indent
            group.parts.append((start, stop))
        elif end and text[end - 1] == ":" and line.rstrip().endswith(";"):
            found.append(group := _Group(end, 0, indent, marked=False))
            group.parts.append((start, stop))
        elif group.parts and not group.marked and text[end - 1] == ";":
            group.parts.append((start, stop))
        elif group.parts and not group.columns and group.marked and follows and (
            indent > group.indent or line[indent].islower()
        ):
            group.parts[-1] = (group.parts[-1][0], stop)
        elif group.columns and follows and held is None:
            held, end = stop, stop
            continue
        else:
            group = _Group(None, 0)
        held, end = None, stop
    return found


def _cut(text: str, sentences: Sequence[Interval], starts: Sequence[int]) -> list[Interval]:
    """Sentences of `text` cut at `starts`, which are in order."""
    cut: list[Interval] = []
    for start, end in sentences:
        bounds = [start, *starts[bisect_right(starts, start) : bisect_right(starts, end - 1)], end]
        cut += [(a, a + len(text[a:z].rstrip())) for a, z in zip(bounds, bounds[1:], strict=False)]
    return cut


def _inside(offset: int, intervals: Sequence[Interval]) -> bool:
    """Whether one of the intervals, which are in order and apart, holds a character."""
    n = bisect_right(intervals, (offset, float("inf"))) - 1
    return n >= 0 and offset < intervals[n][1]
