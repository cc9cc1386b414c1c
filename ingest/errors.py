"""What can go wrong in `ingest`: every message is one line that says what to do next.

IngestError
├── ParseError            the file cannot be read as a document
│   ├── NoTextLayer       a scanned or blank PDF
│   ├── Encrypted         a password is needed
│   ├── Unsupported       no parser for this kind of file
│   └── LimitExceeded     too big, too slow, too much memory: refused on purpose
├── ChunkingError         the settings cannot be met
├── LibraryError          the SQLite library cannot be opened, read or written
│   ├── UnknownDocument   no document of that id (nearest ones named)
│   └── UnknownChunk, UnknownJob
└── FetchError            a URL cannot or must not be fetched
    └── AddressRefused    it leads to a private address
"""

from __future__ import annotations


class IngestError(Exception):
    """Root of everything that `ingest` raises on purpose."""


class ParseError(IngestError):
    """The file cannot be read as a document."""


class NoTextLayer(ParseError):
    """The file holds pictures of text, or nothing."""


class Encrypted(ParseError):
    """The file cannot be read without its password."""


class Unsupported(ParseError):
    """No parser for this kind of file."""


class LimitExceeded(ParseError):
    """Reading the file would cost more than the limits allow."""


class ChunkingError(IngestError):
    """The chunk settings cannot be met."""


class LibraryError(IngestError):
    """The library cannot be opened, read or written."""


class UnknownDocument(LibraryError):
    """No document of that id; the message names the nearest."""


class UnknownChunk(LibraryError):
    """No chunk of that id."""


class UnknownJob(LibraryError):
    """No job of that id."""


class FetchError(IngestError):
    """A URL cannot be fetched."""


class AddressRefused(FetchError):
    """A URL leads to an address that must not be reached from here."""
