"""What may be asked: a question is cleaned here, once, before anything else sees it.

A question is 1 to MAX_QUESTION_CHARS characters. Longer ones are refused and not cut: the embedder reads
256 tokens (about 1,000 characters; BM25 reads all), so the end of a very long question would be ignored
without a word, and an answer to half a question is a wrong answer.
"""

from __future__ import annotations

import unicodedata

from api.errors import QuestionError

MAX_QUESTION_CHARS = 4_000


def clean_question(text: str) -> str:
    """The question in NFC, without control characters and with single spaces.

    Raises QuestionError if nothing is left, or more than MAX_QUESTION_CHARS characters.
    """
    if len(text) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(text):,} characters, at most {MAX_QUESTION_CHARS:,} are read: "
            "shorten it, and add long texts as documents instead"
        )
    kept = "".join(character if _printable(character) else " " for character in text)
    cleaned = unicodedata.normalize("NFC", " ".join(kept.split()))
    if not any(character.isalnum() for character in cleaned):
        raise QuestionError('the question is empty: ask something, for example "What does a KV cache store?"')
    return cleaned


def _printable(character: str) -> bool:
    """False for control characters and for lone surrogates, which cannot be written as UTF-8."""
    return unicodedata.category(character) not in {"Cc", "Cs"}
