"""Which encoding a text is in: byte order mark, then UTF-8, then statistics (charset-normalizer)."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from ingest.errors import ParseError

_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# UTF-8 with a few bytes gone bad is still UTF-8: the share of characters that may be.
_REPLACED, _MAX_DAMAGE = "\ufffd", 0.02
_CANDIDATES = [
    "cp1251",
    "koi8_r",
    "cp866",
    "utf_16_le",
    "utf_16_be",
    "cp1252",
    "cp1250",
    "gb18030",
    "shift_jis",
]


def decode(content: bytes, name: str) -> str:
    """The text: by its byte order mark, else as UTF-8 if it is valid, else as charset-normalizer judges.

    Valid UTF-8 is practically never anything else; among one-byte encodings only statistics of letters can
    tell. Raises ParseError for what is no text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(content, cp_isolation=_CANDIDATES, threshold=0.3).best()
        text = str(best) if best is not None else content.decode("utf-8", errors="replace")
        if best is None and text.count(_REPLACED) > _MAX_DAMAGE * len(text):
            raise ParseError(f"{name}: not text, or in an unknown encoding; save it as UTF-8") from None
    if text.count("\0") > len(text) // 1000:
        best = from_bytes(content, cp_isolation=["utf_16_le", "utf_16_be"]).best()
        if best is None:
            raise ParseError(f"{name}: a binary file, no text")
        text = str(best)
    return text
