"""From a chunk to what the decoder reads of it: the one place, for training and for serving."""

from __future__ import annotations

from collections.abc import Sequence

from generator.memory import Passage


def passage_of(title: str, headings: Sequence[str], text: str) -> Passage:
    """A chunk's text under its document's title and the innermost heading (what the text is about), with the one above
    it where that is one word («3.0.0. Removed»)."""
    above = [heading for heading in headings[-2:-1] if heading != title and len(headings[-1].split()) == 1]
    parts = [title, *above, *headings[-1:]]
    return Passage(". ".join(part for part in parts if part), text)
