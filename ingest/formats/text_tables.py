"""Tables that are set with spaces in plain text.

       Harwood & Sons    £2,480   five-year guarantee
       AquaFix           £1,950   two-year guarantee

Lines that follow each other, with as many columns each, and each column begins, or ends, in one place: no prose does
that. A row comes out as `cell | cell`, as those of other formats do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CELL = re.compile(r"\S+(?: \S+)*")
# A pair of words is aligned with another by chance, three pairs hardly are.
_FEWEST_ROWS = {2: 3}


@dataclass(frozen=True, slots=True)
class Table:
    """Lines `start` up to `end` of a text, and their rows."""

    start: int
    end: int
    rows: tuple[str, ...]


def tables(lines: Sequence[str]) -> list[Table]:
    """The tables among the lines, in order; each line is looked at once or twice."""
    found: list[Table] = []
    cells = [_cells(line) for line in lines]
    start = 0
    while start < len(lines):
        columns = len(cells[start])
        end = start + _aligned(cells, start) if columns > 1 else start + 1
        if columns > 1 and end - start >= _FEWEST_ROWS.get(columns, 2):
            rows = (" | ".join(cell.group() for cell in row) for row in cells[start:end])
            found.append(Table(start, end, tuple(rows)))
            start = end
        else:
            start += 1
    return found


def _cells(line: str) -> list[re.Match[str]]:
    """What stands between tabs, or two and more spaces; nothing where it is a field («Date:   Tuesday»)."""
    found = list(_CELL.finditer(line.expandtabs(8)))
    return [] if found and found[0].group().endswith(":") else found


def _aligned(cells: Sequence[Sequence[re.Match[str]]], start: int) -> int:
    """How many lines from `start` on have as many cells, each beginning, or ending, where that of the first does."""
    begins, ends = ({n: cell.span()[side] for n, cell in enumerate(cells[start])} for side in (0, 1))
    for at in range(start, len(cells)):
        row = cells[at]
        if len(row) != len(cells[start]):
            return at - start
        begins = {n: place for n, place in begins.items() if row[n].start() == place}
        ends = {n: place for n, place in ends.items() if row[n].end() == place}
        if len(begins.keys() | ends.keys()) < len(row):
            return at - start
    return len(cells) - start
