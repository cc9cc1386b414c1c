"""PDF by pypdf: page-accurate text, whole words and paragraphs, without running heads and page numbers.

pypdf gives each page as lines in the order of the file, which for papers set in two columns is column by
column. The work here: headings in bold parted from the sentence behind them, raised numbers told from others
(`pdf_type`), spaces that are only drawn (`pdf_spacing`), lines of the margins out (`pdf_margins`), lines joined into
paragraphs and broken words mended over the whole document (`ingest.clean`), the offset at which each page begins kept,
headings found by the file's own outline or by their numbers. Costs: pypdf takes over nine tenths of the time.
"""

from __future__ import annotations

import io
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import accumulate
from pathlib import PurePath
from types import FrameType
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from ingest.clean import Hyphenation, clean_characters, joined_paragraphs, looks_garbled
from ingest.document import Page
from ingest.errors import Encrypted, LimitExceeded, NoTextLayer, ParseError
from ingest.formats.pdf_margins import without_margins
from ingest.formats.pdf_outline import TypeSizes, outline_titles, title_of
from ingest.formats.pdf_spacing import DrawnSpaces, fonts_first
from ingest.formats.pdf_type import PageType
from ingest.language import detect_language
from ingest.limits import Limits
from ingest.parsed import Parsed
from ingest.progress import alive
from ingest.structure import Heading, find_headings

# What pypdf raises on broken files.
_BROKEN = (PyPdfError, RecursionError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError)
_MIN_LETTERS_PER_PAGE = 3
_MAX_WARNINGS = 20
# A line of numbers of glyphs, with number 3, the space: fonts of TrueType count their letters from 29 on below ASCII.
_GLYPH_NUMBERS = re.compile(r"[\x03-\x1f!-a]*\x03[\x03-\x1f!-a]*")
_GLYPHS_BELOW_ASCII = 29
_NUMBERING = re.compile(r"^(?:\d+|[A-Z]|[IVX]+)(?:\.\d+)*\.?\s+")


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """PDF files. Raises Encrypted, NoTextLayer, LimitExceeded or ParseError."""
    try:
        reader = PdfReader(io.BytesIO(content))
        _decrypt(reader, name)
        count = len(reader.pages)
        if count > limits.pages:
            raise LimitExceeded(f"{name}: {count} pages, the limit is {limits.pages}; split it")
        type_sizes = TypeSizes()
        pages, bold, warnings = _page_lines(reader, name, limits, type_sizes)
        outline = outline_titles(reader)
        title = title_of(reader, type_sizes)
    except (DependencyError, NotImplementedError) as error:
        raise Encrypted(f"{name}: encrypted in an unusual way; save a copy without a password") from error
    except _BROKEN as error:
        reason = str(error).split("\n")[0][:100]
        raise ParseError(f"{name}: damaged PDF ({type(error).__name__}: {reason}); open and save it anew") from error
    _require_text(pages, name)
    return _assemble(without_margins(pages), bold, outline, title or [PurePath(name).stem], warnings)


def _decrypt(reader: PdfReader, name: str) -> None:
    """Files that only restrict printing open with an empty password; others cannot be read."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise Encrypted(f"{name}: protected by a password; save a copy without one")


def _page_lines(
    reader: PdfReader, name: str, limits: Limits, first_page: TypeSizes
) -> tuple[list[list[str]], list[frozenset[str]], list[str]]:
    """The clean, stripped lines of every page, which of them are headings in bold, and a warning for each page that
    could not be read.

    first_page: listens to page 1.
    """
    pages: list[list[str]] = []
    headings: list[frozenset[str]] = []
    warnings: list[str] = []
    characters = 0
    for number, page in enumerate(reader.pages, start=1):
        alive()
        try:
            with _time_limit(limits.page_seconds):
                type_ = PageType()

                def visit(*run: Any, type_: PageType = type_, first: bool = number == 1) -> None:
                    type_.visit(*run)
                    if first:
                        first_page.visit(*run)

                fonts_first(page)
                spaces = DrawnSpaces(page).visit
                text, bold = type_.parted(page.extract_text(visitor_text=visit, visitor_operand_before=spaces))
                text = clean_characters("\n".join(map(_with_letters, text.split("\n"))))
        except _OutOfTime:
            text, bold = "", frozenset()
            warnings.append(f"page {number} left out: not read within {limits.page_seconds:g} s")
        except Exception as error:  # one broken page must not cost the others
            if isinstance(error, MemoryError):
                raise
            text, bold = "", frozenset()
            warnings.append(f"page {number} left out: {type(error).__name__}: {str(error)[:80]}")
        characters += len(text)
        if characters > limits.characters:
            raise LimitExceeded(f"{name}: more than {limits.characters} characters by page {number}; split it")
        pages.append([" ".join(line.split()) for line in text.split("\n") if line.strip()])
        headings.append(bold)
    if len(warnings) == len(pages) and pages:
        raise ParseError(f"{name}: no page could be read ({warnings[0]})")
    return pages, headings, warnings[:_MAX_WARNINGS]


def _with_letters(line: str) -> str:
    """The line; if its font says no letters and pypdf gives the numbers of glyphs instead, what these usually are."""
    if not _GLYPH_NUMBERS.fullmatch(line):
        return line
    letters = "".join(chr(ord(character) + _GLYPHS_BELOW_ASCII) for character in line)
    return letters if 2 * sum(map(str.islower, letters)) > len(line) else line


def _require_text(pages: list[list[str]], name: str) -> None:
    text = "\n".join(line for page in pages for line in page)
    if sum(map(str.isalpha, text)) < _MIN_LETTERS_PER_PAGE * max(1, len(pages)):
        raise NoTextLayer(f"{name}: no text layer: scanned? run OCR first")
    if looks_garbled(text):
        raise NoTextLayer(f"{name}: the text layer is garbled (fonts without a letter table): run OCR first")


def _assemble(
    pages: list[list[str]], bold: list[frozenset[str]], outline: list[tuple[str, int, int]], title: list[str],
    warnings: list[str],
) -> Parsed:
    """Puts paragraphs together over the whole document and finds where each page begins."""
    lines = [line for page in pages for line in page]
    # The index of each page's first line; an empty page begins where the next one does.
    first_lines = list(accumulate(map(len, pages[:-1]), initial=0))
    levels = _heading_lines(lines, pages, first_lines, outline)
    in_bold = {
        first + number
        for first, page, headings in zip(first_lines, pages, bold, strict=True)
        for number, line in enumerate(page) if line in headings
    }
    starts = set(first_lines)
    text_parts: list[str] = []
    found: list[Heading] = []
    line_offsets = [0] * (len(lines) + 1)
    length = 0
    hyphenation = Hyphenation(lines)
    for paragraph in joined_paragraphs(lines, hyphenation, levels.keys() | in_bold, starts):
        length += 2 if text_parts else 0
        for index, offset in paragraph.line_starts:
            line_offsets[index] = length + offset
        first = paragraph.line_starts[0][0]
        if first in levels:
            found.append(Heading(length, length + len(paragraph.text), levels[first], paragraph.text))
        text_parts.append(paragraph.text)
        length += len(paragraph.text)
    line_offsets[-1] = length
    text = "\n\n".join(text_parts)
    begins = [0, *(line_offsets[line] for line in first_lines[1:]), length]
    spans = tuple(Page(i + 1, begins[i], begins[i + 1]) for i in range(len(pages)))
    return Parsed(reduce(hyphenation.join, title), text, spans, detect_language(text), tuple(found), tuple(warnings))


def _heading_lines(
    lines: list[str], pages: list[list[str]], first_lines: list[int], outline: list[tuple[str, int, int]]
) -> dict[int, int]:
    """Line index -> level: by the outline if its titles are in the text, else by numbered headings."""
    found: dict[int, int] = {}
    for title, level, page in outline:
        if not 0 <= page < len(pages):
            continue
        here = range(first_lines[page], first_lines[page] + len(pages[page]))
        same = [i for i in here if i not in found and _same_heading(lines[i], title)]
        if same:  # a figure may hold the same words: the numbered line is the heading
            found[next((i for i in same if _NUMBERING.match(lines[i])), same[0])] = level
    if len(found) >= max(3, len(outline) // 2):
        return dict(sorted(found.items()))
    line_at, offset = {}, 0
    for index, line in enumerate(lines):
        line_at[offset] = index
        offset += len(line) + 1
    return {line_at[heading.start]: heading.level for heading in find_headings("\n".join(lines))}


def _same_heading(line: str, title: str) -> bool:
    """Equal but for the number, case, spaces and punctuation (small capitals come out with stray spaces)."""
    one, other = (_NUMBERING.sub("", text).casefold() for text in (line, title))
    return [c for c in one if c.isalnum()] == [c for c in other if c.isalnum()]


class _OutOfTime(BaseException):
    """Not an Exception, so that no `except Exception` inside pypdf swallows it."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raises _OutOfTime in the block after `seconds` of processor time; only in a main thread, which gets
    the signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise _OutOfTime

    previous = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
