"""Plain text: is it Markdown after all, and are its lines broken at a margin or do they mean something?"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePath

from ingest.clean import ENDS_SENTENCE, Hyphenation, clean_characters, joined_paragraphs
from ingest.formats import markdown
from ingest.formats.encoding import decode
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
    """Paragraphs of a clean plain text; its first line is its title if it is short and stands alone."""
    lines = [line.rstrip() for line in text.split("\n")]
    builder = TextBuilder()
    if _is_wrapped(lines):
        stripped = [line.strip() for line in lines]
        for paragraph in joined_paragraphs(stripped, Hyphenation(stripped)):
            builder.paragraph(paragraph.text)
    else:
        for block in re.split(r"\n\s*\n", "\n".join(lines)):
            builder.lines(block)
    first, _, rest = text.strip().partition("\n")
    title = first.strip() if len(first) <= 120 and not rest.split("\n", 1)[0].strip() else ""
    return builder.build(title=title.rstrip(".:"), fallback_title=fallback_title)


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
