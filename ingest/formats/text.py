"""Plain text: is it Markdown after all, and are its lines broken at a margin or do they mean something?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile
from pathlib import PurePath

from ingest.clean import ENDS_SENTENCE, Hyphenation, clean_characters, joined_paragraphs
from ingest.formats import markdown
from ingest.formats.encoding import decode
from ingest.formats.text_headings import plain_headings
from ingest.formats.text_tables import Table, tables
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder

_MARKDOWN_HEADING = re.compile(r"^#{1,6} +\S", re.MULTILINE)
# Two kinds of these are no chance either: bold words, a link, a fence, the rule under the head of a table, one heading.
_MARKDOWN_MARKS = (
    _MARKDOWN_HEADING,
    re.compile(r"(?<![\w*])\*\*(?=\S)[^*\n]+(?<=\S)\*\*(?![\w*])"),
    re.compile(r"\[[^\[\]\n]+\]\((?:https?://|#|\.{0,2}/)[^\s()]*\)"),
    re.compile(r"^ {0,3}```", re.MULTILINE),
    re.compile(r"^ {0,3}\|?[ :]*-{3,}[ :]*(?:\|[ :]*-{3,}[ :]*)+\|?[ ]*$", re.MULTILINE),
)
_FRONT_MATTER = re.compile(r"---\r?\n(?:[\w-]+:.*\r?\n|[ \t-].*\r?\n)+---\r?\n")
# Text wrapped at a margin: most lines nearly as long as the longest usual ones, and not longer than a page is
# wide.
_MARGIN_CHARS = (45, 100)
# Or few lines, or a wider page, where many lines break off in a sentence that the next one goes on with in lower case.
_ANY_MARGIN_CHARS, _GOING_ON, _FEWEST_BREAKS = (30, 130), 0.4, 2
# A title may be set in a few lines, none of which ends, or begins, as a sentence, a field or an item does.
_MOST_TITLE_CHARS, _MOST_TITLE_LINES = 120, 3
_NO_TITLE = re.compile(r"[.,;:!?]$|^[\w .-]{1,30}: |^ *(?:[-–—•*]|\d+[.)]) |^ *[a-zа-яё]")


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """Text files. One that is Markdown by content (front matter, headings with #, other marks) is read as Markdown."""
    text = decode(content, name)
    if _is_markdown(text):
        return markdown.parse(text.encode(), name, limits)
    return parse_lines(clean_characters(text), PurePath(name).stem)


def _is_markdown(text: str) -> bool:
    if _FRONT_MATTER.match(text) or len(_MARKDOWN_HEADING.findall(text)) >= 2:
        return True
    return sum(marks.search(text) is not None for marks in _MARKDOWN_MARKS) >= 2


def parse_lines(text: str, fallback_title: str) -> Parsed:
    """Paragraphs and tables of a clean plain text; what stands above the first empty line is its title if it is short;
    other short lines that stand alone may be headings (`text_headings`)."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    blocks = list(_blocks(lines))
    headings = plain_headings(blocks)
    builder = TextBuilder()
    for number, block in enumerate(blocks):
        if number in headings:
            builder.heading(block, 1)
        elif "\n" in block:
            builder.lines(block)
        else:
            builder.paragraph(block)
    # Not the first heading that nothing marks: it is of a part.
    title = _title(lines) or (fallback_title if headings else "")
    return builder.build(title=title, fallback_title=fallback_title)


def _blocks(lines: list[str]) -> Iterator[str]:
    """Paragraphs, each a line where lines are broken at a margin, and tables, a row to a line."""
    wrapped = _is_wrapped(lines)
    hyphenation = Hyphenation([line.strip() for line in lines])
    start = 0
    for table in [*tables(lines), Table(len(lines), len(lines), ())]:
        before = lines[start : table.start]
        if wrapped:
            yield from (found.text for found in joined_paragraphs([line.strip() for line in before], hyphenation))
        else:
            yield from (block for block in re.split(r"\n\s*\n", "\n".join(before)) if block.strip())
        if table.rows:
            yield "\n".join(table.rows)
        start = table.end


def _title(lines: list[str]) -> str:
    """What stands above the first empty line, if that is short and neither a sentence nor fields nor a list."""
    above = list(takewhile(str.strip, lines))
    title = " ".join(line.strip() for line in above)
    few = len(above) <= _MOST_TITLE_LINES and len(above) < len(lines)
    if len(above) > 1 and (not few or any(map(_NO_TITLE.search, above))):
        return ""
    return title.rstrip(".:") if len(title) <= _MOST_TITLE_CHARS else ""


def _is_wrapped(lines: list[str]) -> bool:
    lengths = sorted(len(line) for line in lines if line.strip())
    if not lengths:
        return False
    usual = lengths[int(0.9 * len(lengths))]
    if sum(length > 0.75 * usual for length in lengths) <= 0.5 * len(lengths):
        return False
    if len(lengths) >= 5 and _MARGIN_CHARS[0] <= usual <= _MARGIN_CHARS[1]:
        return True
    return _ANY_MARGIN_CHARS[0] <= usual <= _ANY_MARGIN_CHARS[1] and _goes_on_over_lines(lines)


def _goes_on_over_lines(lines: list[str]) -> bool:
    breaks = [(line, following) for line, following in pairwise(map(str.strip, lines)) if line and following]
    amid = sum(following[0].islower() and not ENDS_SENTENCE.search(line) for line, following in breaks)
    return len(breaks) >= _FEWEST_BREAKS and amid > _GOING_ON * len(breaks)
