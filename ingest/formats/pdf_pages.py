"""A page of a PDF as it looks, and where words are on it, by PDFium.

pypdf gives the text a document is made of (`pdf`), PDFium draws. Between the two lies all that cleaning does: joined
lines, mended words, notes moved. What both have in common are letters and digits in their order, so words are found
by these alone.

Runs in the sandboxed process only: PDFium is a large program in C++.
"""

from __future__ import annotations

import ctypes
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from itertools import accumulate

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ingest.errors import Encrypted, ParseError
from ingest.page_places import Box, PagePlaces

# A strip of paper must not become a picture of a billion points.
_MAX_ASPECT = 4.0
_PNG_COMPRESSION = 1  # of 9: a fifth of the time, a tenth larger
# Where words are not on the page as they stand (a formula, letters that one of the two libraries reads otherwise),
# their parts count from this many letters on, and all of them if they make up this share of what was looked for.
_MIN_LETTERS = 8
_MIN_SHARE = 0.5
# So many are aligned at most, with three times as many around the place: the time grows with the square.
_MOST_ALIGNED = 1_000
# Letters further apart than this many times their height are in different columns.
_MAX_GAP = 2.0
# PDFium gives places on its canvas in whole points of it: this many make a point of the page.
_FINE = 100


def page_image(content: bytes, name: str, number: int, width: int) -> bytes:
    """The page (from 1) as PNG, `width` pixels wide; narrower where it is more than _MAX_ASPECT times as high. With
    notes and filled forms; no script of the file runs, PDFium is built without. Raises ParseError, Encrypted."""
    with _page(content, name, number) as page:
        across, down = page.get_size()
        scale = width / max(across, down / _MAX_ASPECT, 1.0)
        picture = page.render(scale=scale).to_pil()
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=_PNG_COMPRESSION)
    return written.getvalue()


def page_places(content: bytes, name: str, number: int, words: str, place: float) -> PagePlaces:
    """Where `words` are on the page (from 1): a box for each line of them, none if they are not there.

    place: how far down the text of the page they begin, 0 to 1, for words that are there more than once. Raises
    ParseError, Encrypted.
    """
    with _page(content, name, number) as page:
        across, down = page.get_size()
        text = page.get_textpage()
        codes = [pdfium_c.FPDFText_GetUnicode(text, index) for index in range(text.count_chars())]
        found = _found([squeezed(character) for character in _characters(codes)], squeezed(words), place)
        lines = _lines(_boxes(page, text, found))
        seen = [box for box in lines if box.right > 0 and box.bottom > 0 and box.left < across and box.top < down]
        return PagePlaces(across, down, tuple(seen))


def squeezed(words: str) -> str:
    """Letters and digits alone, without accents, case and ligatures."""
    decomposed = unicodedata.normalize("NFKD", words)
    return "".join(filter(str.isalnum, decomposed.casefold()))


@contextmanager
def _page(content: bytes, name: str, number: int) -> Iterator[pdfium.PdfPage]:
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
            raise Encrypted(f"{name}: protected by a password; save a copy without one") from error
        raise ParseError(f"{name}: its pages cannot be drawn (damaged PDF); open and save it anew") from error
    try:
        if not 1 <= number <= len(document):
            raise ParseError(f"{name}: has no page {number}")
        try:
            document.init_forms()  # or what was filled in is not drawn
            page = document[number - 1]
            if min(page.get_size()) <= 0:
                raise ParseError(f"{name}: page {number} has no size")
            yield page
        except pdfium.PdfiumError as error:
            raise ParseError(f"{name}: page {number} cannot be drawn (damaged PDF)") from error
    finally:
        document.close()


def _boxes(page: pdfium.PdfPage, text: pdfium.PdfTextPage, indices: Sequence[int]) -> Iterator[Box]:
    """The boxes of characters. The page's own coordinates know nothing of its rotation and of how it is cropped."""
    width, height = (round(side * _FINE) for side in page.get_size())
    x, y = ctypes.c_int(), ctypes.c_int()
    for index in indices:
        left, bottom, right, top = text.get_charbox(index, loose=True)
        corners = []
        for across, up in ((left, bottom), (right, top)):
            pdfium_c.FPDF_PageToDevice(page, 0, 0, width, height, 0, across, up, x, y)
            corners.append((x.value / _FINE, y.value / _FINE))
        (x0, y0), (x1, y1) = corners
        yield Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _characters(codes: Sequence[int]) -> Iterator[str]:
    """Characters of UTF-16 units; what two units make stands where the first is, and nothing where the second."""
    for code, following in zip(codes, [*codes[1:], 0], strict=False):
        if 0xD800 <= code < 0xDC00 <= following < 0xE000:
            yield chr(0x10000 + ((code - 0xD800) << 10) + following - 0xDC00)
        else:
            yield "" if 0xD800 <= code < 0xE000 else chr(code)


def _found(letters: Sequence[str], wanted: str, place: float) -> list[int]:
    """Which letters are the wanted ones; of several places where they all stand, the one nearest to `place`. Where they
    do not all stand, those that do around `place`.

    letters: of each character what `squeezed` leaves: nothing of a space or a hyphen, two letters of a ligature.
    """
    if not wanted:
        return []
    text = "".join(letters)
    ends = list(accumulate(map(len, letters)))
    owner = [index for index, letter in enumerate(letters) for _ in letter]
    starts = _occurrences(text, wanted)
    if starts:
        start = min(starts, key=lambda start: abs(start - place * ends[-1]))
        return sorted({owner[at] for at in range(start, start + len(wanted))})
    wanted = wanted[:_MOST_ALIGNED]
    around = round(place * len(text))
    first = max(0, around - len(wanted))
    window = text[first : around + 2 * len(wanted)]
    blocks = SequenceMatcher(None, window, wanted, autojunk=False).get_matching_blocks()
    kept = [block for block in blocks if block.size >= min(_MIN_LETTERS, len(wanted))]
    if sum(block.size for block in kept) < _MIN_SHARE * len(wanted):
        return []
    return sorted({owner[first + at] for block in kept for at in range(block.a, block.a + block.size)})


def _occurrences(text: str, wanted: str) -> list[int]:
    found, start = [], text.find(wanted)
    while start >= 0:
        found.append(start)
        start = text.find(wanted, start + 1)
    return found


def _lines(boxes: Iterable[Box]) -> list[Box]:
    """One box for the letters that stand beside each other in a line."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _goes_on(lines[-1], box):
            lines[-1] = lines[-1].with_(box)
        else:
            lines.append(box)
    return lines


def _goes_on(line: Box, box: Box) -> bool:
    overlap = min(line.bottom, box.bottom) - max(line.top, box.top)
    height = min(line.bottom - line.top, box.bottom - box.top)
    is_beside = line.left <= box.right and box.left - line.right <= _MAX_GAP * (line.bottom - line.top)
    return overlap > height / 2 and is_beside
