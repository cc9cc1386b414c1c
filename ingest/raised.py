"""Exponents and indices as plain text: 10²³, O(n²), H₂O; `x^{i+1}` and `d_{model}` where Unicode has no small signs.

Without it 10²³ becomes 1023. Signs of notes, ordinals (1st) and what is a text of its own stay as they are.
"""

from __future__ import annotations

import re

_RAISED = str.maketrans("0123456789+-−=n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼ⁿ")
_LOWERED = str.maketrans("0123456789+-−=", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌")
# What may stand between small signs at full size: 1,2 as the marks of two notes.
_BETWEEN = frozenset(", \n\t")
_MATHEMATICAL = re.compile(r"(?=.*[^\W_])[^\[]{1,20}", re.DOTALL)
_ORDINAL = re.compile(r"st|nd|rd|th|TM|SM|[а-яё-]+", re.IGNORECASE)


def superscript(text: str) -> str:
    """`text` set above the line: `2` is ², `i+1` is ^{i+1}."""
    return text if _ORDINAL.fullmatch(text.strip()) else _small(text, text.translate(_RAISED), "^")


def subscript(text: str) -> str:
    """`text` set below the line: `2` is ₂, `model` is _{model}."""
    return _small(text, text.translate(_LOWERED), "_")


def _small(text: str, translated: str, mark: str) -> str:
    if not _MATHEMATICAL.fullmatch(text):
        return text
    if not set(text) & set(translated) - _BETWEEN:
        return translated
    bare = text.strip()
    return mark + (bare if len(bare) == 1 else f"{{{bare}}}")
