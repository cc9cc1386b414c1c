"""Headings of plain text that nothing marks: short lines alone between blank ones, with prose behind them.

    Side effects

    Headaches and nausea are frequent in the first days. They pass when …

A chat, a poem or a list of addresses has short lines, too, but no prose behind each; so most of a text must not be
headings, and one alone proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.clean import ENDS_SENTENCE
from ingest.structure import find_headings

_MOST_CHARS, _MOST_WORDS = 80, 12
# Of the block behind a heading, unless it is several lines long.
_LEAST_PROSE = 60
_FEWEST, _MOST_SHARE = 2, 0.5
_BEGINS = re.compile(r"[\"'«“(]?[^\W_a-zа-яё]")
# A mark that a heading does not end with; «?» may stand there ("How do I pay?"). A field has its name before a colon.
_ENDS = re.compile(r"[.,;:!…–—-]$")
_FIELD = re.compile(r"^[\w .-]{1,30}: |\t| {2}|^\d[\d.,:/ -]*$")
_ITEM = re.compile(r"^(?:[-–—•*·]|\(?\w{1,3}[.)]) ")


def plain_headings(blocks: Sequence[str]) -> frozenset[int]:
    """Which of the blocks between blank lines are headings; none where the text numbers its headings, or where the
    blocks look like something else. The first one is the text's title, if anything."""
    if find_headings("\n\n".join(blocks)):
        return frozenset()
    found = [n for n in range(1, len(blocks) - 1) if _is_title(blocks[n]) and _is_prose(blocks[n + 1])]
    enough = len(found) >= _FEWEST and len(found) <= _MOST_SHARE * len(blocks)
    return frozenset(found) if enough else frozenset()


def _is_title(block: str) -> bool:
    line = block.strip()
    if "\n" in line or len(line) > _MOST_CHARS or len(line.split()) > _MOST_WORDS:
        return False
    return bool(_BEGINS.match(line)) and not (_ENDS.search(line) or _FIELD.search(line) or _ITEM.match(line))


def _is_prose(block: str) -> bool:
    text = block.strip()
    return "\n" in text or len(text) >= _LEAST_PROSE or ENDS_SENTENCE.search(text) is not None
