"""Numbers with what they count, in English: "1 file", "1,204 files"."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes a plain s in the plural."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
