"""One parser per kind of file, each `parse(content, name, limits) -> Parsed`; `FORMATS` is the table.

Parsers run in the sandboxed process (`ingest.sandbox`), so each imports its library inside `parse`'s module
and the module itself is imported only when a file of its kind comes.
"""

from __future__ import annotations

import importlib
from pathlib import PurePath
from typing import Protocol, cast

from ingest.errors import Encrypted, ParseError, Unsupported
from ingest.limits import Limits
from ingest.parsed import Parsed

FORMATS = {
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "text",
    ".text": "text",
    ".rst": "text",
    ".ipynb": "notebook",
    ".docx": "docx",
    ".epub": "epub",
}
_ADVICE = {
    ".doc": "save it as .docx",
    ".odt": "save it as .docx",
    ".rtf": "save it as .docx",
    ".djvu": "convert it to PDF with a text layer",
    ".fb2": "convert it to EPUB",
    ".mobi": "convert it to EPUB",
    ".ps": "convert it to PDF",
    ".zip": "unpack it and ingest the folder",
    ".jsonl": "question and reading sets are never ingested",
}
# How a file of the kind begins; None: anything may.
_MAGIC = {"pdf": b"%PDF-", "docx": b"PK\x03\x04", "epub": b"PK\x03\x04"}
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # the container of old and of encrypted Office files
_PDF_HEADER_BYTES = 1024  # readers accept a header anywhere in the first 1024 bytes


class _Parser(Protocol):
    def parse(self, content: bytes, name: str, limits: Limits) -> Parsed: ...


def is_supported(name: str) -> bool:
    """Whether the suffix is one that has a parser."""
    return PurePath(name).suffix.lower() in FORMATS


def unsupported_message(name: str) -> str:
    """Why a file of that name has no parser, and what to do instead."""
    suffix = PurePath(name).suffix.lower()
    advice = _ADVICE.get(suffix, f"supported are {', '.join(sorted(FORMATS))}")
    return f"{name}: cannot read {suffix or 'files without a suffix'}; {advice}"


def parse_content(content: bytes, name: str, limits: Limits) -> Parsed:
    """Parses `content` by the suffix of `name`, in this process. Raises ParseError.

    The module is found by a name from the fixed table above, never by one from the file.
    """
    kind = kind_of(content, name)
    parser = cast(_Parser, importlib.import_module(f"ingest.formats.{kind}"))
    parsed = parser.parse(content, name, limits)
    if not parsed.text.strip():
        raise ParseError(f"{name}: no text in it")
    return parsed


def kind_of(content: bytes, name: str) -> str:
    """The parser's name. Raises Unsupported, or ParseError where content contradicts the suffix."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in FORMATS:
        raise Unsupported(unsupported_message(name))
    if not content.strip():
        raise ParseError(f"{name}: the file is empty")
    kind = FORMATS[suffix]
    looks_like = next((other for other, magic in _MAGIC.items() if content.startswith(magic)), None)
    if kind == "pdf" and _MAGIC["pdf"] not in content[:_PDF_HEADER_BYTES]:
        raise ParseError(f"{name}: not a PDF, whatever its name says; rename it to what it is")
    if kind == "docx" and content.startswith(_OLE):
        raise Encrypted(f"{name}: protected by a password, or an old .doc; save it as a plain .docx")
    if kind in ("docx", "epub") and looks_like is None:
        raise ParseError(f"{name}: not a {suffix} file, or a damaged one; save it again from its program")
    if kind not in _MAGIC and looks_like is not None:
        raise ParseError(f"{name}: this is a {looks_like.upper()} file by content; rename it")
    return kind
