"""The numbered list of sources below an answer, as text: title, page and the words it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from generator.answer import Citation

MAX_QUOTE_CHARS = 240


def source_lines(citations: Sequence[Citation], language: str) -> list[str]:
    """A heading and one line per citation, in the language of the answer; empty without citations."""
    if not citations:
        return []
    heading, page = ("Источники:", "с.") if language == "ru" else ("Sources:", "p.")
    lines = [
        f"[{item.number}] {item.title}, {page} {item.page}: {quoted(item.quote, language)}"
        for item in citations
    ]
    return [heading, *lines]


def quoted(quote: str, language: str) -> str:
    """The quote on one line in the language's quotation marks, its middle left out where it is long."""
    text = " ".join(quote.split())
    if len(text) > MAX_QUOTE_CHARS:
        half = MAX_QUOTE_CHARS // 2
        text = f"{text[:half].rstrip()} … {text[-half:].lstrip()}"
    return f"«{text}»" if language == "ru" else f"“{text}”"
