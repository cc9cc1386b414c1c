"""Plain text: is it Markdown after all, and are its lines broken at a margin or do they mean something?"""

from __future__ import annotations

import re
from pathlib import PurePath

from ingest.clean import Hyphenation, clean_characters, joined_paragraphs
from ingest.formats import markdown
from ingest.formats.encoding import decode
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder

_MARKDOWN_HEADING = re.compile(r"^#{1,6} +\S", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---\r?\n(?:[\w-]+:.*\r?\n|[ \t-].*\r?\n)+---\r?\n")
# Text wrapped at a margin: most lines nearly as long as the longest usual ones, and not longer than a page is
# wide.
_MARGIN_CHARS = (45, 100)


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """Text files. One that is Markdown by content (front matter, headings with #) is read as Markdown."""
    text = decode(content, name)
    if _FRONT_MATTER.match(text) or len(_MARKDOWN_HEADING.findall(text)) >= 2:
        return markdown.parse(text.encode(), name, limits)
    return parse_lines(clean_characters(text), PurePath(name).stem)


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
    if len(lengths) < 5:
        return False
    usual = lengths[int(0.9 * len(lengths))]
    full = sum(length > 0.75 * usual for length in lengths)
    return _MARGIN_CHARS[0] <= usual <= _MARGIN_CHARS[1] and full > 0.5 * len(lengths)
