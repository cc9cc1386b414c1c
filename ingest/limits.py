"""What reading one file may cost. What exceeds a limit is refused with a clear error."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits per file.

    file_bytes: of the file itself. unpacked_bytes: of all members of a DOCX or EPUB, which are ZIP archives.
    pages, characters: of the document. memory_bytes: address space of the parser process. page_seconds: a
    page of a PDF that takes longer (a plot of a million strokes) is left out with a warning. silent_seconds:
    without a sign of life for so long the parser is stopped. seconds: for the whole file; also the limit on
    CPU time.
    """

    file_bytes: int = 100 * MEBIBYTE
    unpacked_bytes: int = 400 * MEBIBYTE
    pages: int = 5_000
    characters: int = 20_000_000
    memory_bytes: int = 1024 * MEBIBYTE
    page_seconds: float = 10.0
    silent_seconds: float = 20.0
    seconds: float = 300.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
