"""The part of a Markdown file that a program writes: what stands between two markers, by convention HTML comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def between(text: str, begin: str, end: str) -> str | None:
    """What stands between the markers, without the empty lines around it; None where they are not."""
    start, stop = text.find(begin), text.find(end)
    return None if start < 0 or stop < start else text[start + len(begin) : stop].strip()


def renew(path: Path, begin: str, end: str, lines: Sequence[str]) -> bool:
    """Puts the lines between the markers of a file; False where there are none. Raises OSError."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if between(text, begin, end) is None:
        return False
    body = "\n".join(lines).strip()
    before, after = text[: text.find(begin)], text[text.find(end) :]
    path.write_text(f"{before}{begin}\n\n{body}\n\n{after}", encoding="utf-8")
    return True
