"""Spaces between words in what macOS writes (Preview, "Save as PDF") and pypdf does not see.

Where letters are spaced out (`DrawnSpaces`), macOS sets a character spacing (`Tc`) and takes it back behind every
letter but the last of a word: `0.57 Tc [(i) 572 (s) 221 (p) 574 (a) ...] TJ` is "is pa...". pypdf looks at the offsets
alone, where a space is a negative number, and reads "ispa". (PDF 32000-1:2008, 9.3.2 and 9.4.3: the pen moves by glyph
width - offset / 1000 + Tc, in units of the font size.)

Where the font changes (`fonts_first`), macOS moves the pen before it names the font: `q BT 10 0 0 10 125 288 Tm /F 1
Tf`. pypdf looks for a space when the pen moves, and takes the size of the font that was before `q`, often its default
of 12: a space would have to be twelve times as wide.
"""

from __future__ import annotations

from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ContentStream, FloatObject, NameObject, NullObject

# In thousandths of the font's size. Narrower spaces are set nowhere; less is the slack of justified letters.
_NARROWEST_SPACE = 120.0
# The share of the spacing that counts as taken back. Where that is rare, letters are spaced out on purpose.
_TAKEN_BACK = 0.7
_A_SPACE = FloatObject(-1000)


class DrawnSpaces:
    """Listens to pypdf before each operation of a page (`visitor_operand_before`) and tells it of such spaces."""

    def __init__(self, page: PageObject) -> None:
        self._one_byte = _one_byte_fonts(page)
        self._spacing, self._size, self._font = 0.0, 1.0, ""
        self._saved: list[tuple[float, float, str]] = []

    def visit(self, operator: bytes, operands: Any, _user: list[float], _matrix: list[float]) -> None:
        """An operation, whose operands pypdf reads afterwards."""
        if operator == b"Tc" and operands:
            self._spacing = _number(operands[0])
        elif operator == b'"' and len(operands) > 1:
            self._spacing = _number(operands[1])
        elif operator == b"Tf" and len(operands) > 1:
            self._font, self._size = str(operands[0]), _number(operands[1]) or 1.0
        elif operator == b"q":
            self._saved.append((self._spacing, self._size, self._font))
        elif operator == b"Q" and self._saved:
            self._spacing, self._size, self._font = self._saved.pop()
        elif operator == b"TJ" and operands and self._spacing > 0 and isinstance(operands[0], ArrayObject):
            self._part(operands[0])

    def _part(self, shown: list[Any]) -> None:
        """Writes each space as an offset that pypdf takes for one and another that brings the sum to what it was."""
        spacing = 1000 * self._spacing / abs(self._size)
        if spacing < _NARROWEST_SPACE:
            return
        one_byte = self._font in self._one_byte
        offsets = [float(item) for item in shown if isinstance(item, int | float)]
        within = sum(len(item) - 1 for item in shown if isinstance(item, bytes)) if one_byte else 0
        if 2 * sum(offset >= _TAKEN_BACK * spacing for offset in offsets) <= len(offsets) + within:
            return
        parted: list[Any] = []
        for item in shown:
            if isinstance(item, int | float):
                drawn = spacing - item >= _NARROWEST_SPACE
                parted += [_A_SPACE, FloatObject(item - _A_SPACE)] if drawn else [item]
            elif isinstance(item, bytes) and one_byte:
                # Between letters that are shown at once nothing is taken back.
                for n in range(len(item)):
                    parted += [*([_A_SPACE, FloatObject(-_A_SPACE)] if n else []), item[n : n + 1]]
            else:
                parted.append(item)
        if not isinstance(shown[-1], int | float):
            # The spacing behind the last letter is the space to what is shown next, not a part of the letter.
            parted.append(FloatObject(spacing))
        shown[:] = parted


def fonts_first(page: PageObject) -> None:
    """Has the page name each font before the pen is moved, where it does so right behind; nothing else depends on the
    order of the two."""
    found = page.get("/Contents")
    if found is None or isinstance(found.get_object(), NullObject):
        return
    # As pypdf reads it before it extracts text: strings are bytes of the font.
    content = ContentStream(found.get_object(), page.pdf, "bytes")
    operations = content.operations
    for n in range(1, len(operations)):
        if operations[n][1] == b"Tf" and operations[n - 1][1] == b"Tm":
            operations[n - 1], operations[n] = operations[n], operations[n - 1]
    page[NameObject("/Contents")] = content


def _one_byte_fonts(page: PageObject) -> frozenset[str]:
    """Names of the page's fonts whose letters are a byte each; none if that cannot be told."""
    try:
        resources: Any = page["/Resources"]
        fonts = resources["/Font"]
        return frozenset(name for name in fonts if fonts[name].get("/Subtype") != "/Type0")
    except (KeyError, TypeError, AttributeError):
        return frozenset()


def _number(operand: Any) -> float:
    return float(operand) if isinstance(operand, int | float) else 0.0
