"""Copies and the decoder's own words are put together only where they belong together."""

from __future__ import annotations

import re

import pytest

from generator.memory import EVIDENCE, QUESTION, Source
from generator.pieces import Case, Piece
from generator.seams import well_joined
from generator.written import Written, runs_of

_TOKEN = re.compile(r"\w+|[^\w\s]")


def fits(question: str, passage: str, *parts: tuple[str, str]) -> bool:
    """Parts of a sentence, each with where it is from: "own", "asked" (the question) or "text" (the passage)."""
    pieces: list[Written] = []
    said = ""
    for kind, part in parts:
        where = {"asked": question, "text": passage}.get(kind, part)
        begun = where.index(part)
        for match in _TOKEN.finditer(part):
            start, end = begun + match.start(), begun + match.end()
            gap = where[len(where[:start].rstrip()) : start]
            source = None if kind == "own" else Source(
                0 if kind == "text" else -1, EVIDENCE if kind == "text" else QUESTION,
                Piece(0, Case.LOWER, start, end, False), match[0], gap,
            )  # fmt: skip
            at = len(said)
            said += (" " if said and gap else "") + match[0] if kind != "own" else f" {match[0]}" if said else match[0]
            pieces.append(Written(at, len(said), source, 0.0))
    return well_joined(said, runs_of(pieces), 0, [passage])


NORM = "RMSNorm (root mean square normalization) divides a vector by its length. Norms are cheap."
JUDGE = "An LLM judge (LLM-as-a-judge) is a strong model, which grades answers."
PAIRS = "Byte-pair encoding (BPE) builds a vocabulary."


@pytest.mark.parametrize(
    ("passage", "parts", "good"),
    [
        (NORM, [("text", "RMSNorm"), ("own", "is"), ("text", "divides a vector")], False),
        (NORM, [("text", "RMSNorm"), ("asked", "is"), ("text", "divides a vector")], False),
        (NORM, [("text", "RMSNorm"), ("text", "divides a vector")], True),
        (NORM, [("text", "RMSNorm"), ("own", "is"), ("text", "root mean square normalization")], True),
        (JUDGE, [("text", "An LLM"), ("text", "is a strong model")], False),
        (JUDGE, [("text", "An LLM judge"), ("text", "is a strong model")], True),
        (JUDGE, [("own", "It"), ("own", "is"), ("text", "a strong model")], True),
        (JUDGE, [("own", "It"), ("own", "is"), ("text", "is a strong model")], False),
        (PAIRS, [("text", "Byte"), ("own", "makes"), ("text", "a vocabulary.")], False),
        (PAIRS, [("text", "Byte-pair"), ("text", "builds a vocabulary.")], False),
        (PAIRS, [("text", "Byte-pair encoding"), ("text", "builds a vocabulary.")], True),
        (PAIRS, [("asked", "What"), ("text", "builds a vocabulary.")], False),
        ("GPT-4 grades well.", [("text", "GPT-"), ("text", "grades well.")], False),
        ("GPT-4 grades well.", [("text", "GPT-4"), ("text", "grades well.")], True),
        (NORM, [("text", "RMSNorm"), ("asked", "is RMSNorm"), ("own", ","), ("text", "root mean square")], False),
        (NORM, [("asked", "RMSNorm"), ("own", "is"), ("text", "RMSNorm (root mean square normalization)")], False),
        (NORM, [("own", "It"), ("own", "is"), ("own", "because"), ("text", "Norms are cheap.")], True),
        (JUDGE, [("text", "An LLM judge (LLM-as-a-judge) is a strong model"), ("text", "which grades")], False),
    ],
)
def test_what_is_joined_belongs_together(passage: str, parts: list[tuple[str, str]], good: bool) -> None:
    assert fits("What is RMSNorm?", passage, *parts) is good


def test_words_of_the_question_do_not_stand_behind_a_stop() -> None:
    passage = "Не следует принимать препарат вместе с другими."
    parts = [("text", "Не следует принимать препарат вместе с другими"), ("own", ";"), ("asked", "принимать препарат")]
    assert not fits("Когда принимать препарат нельзя?", passage, *parts)


def test_a_clause_does_not_begin_behind_a_word_of_the_question() -> None:
    passage = "По словам мэра, задержка связана с браком опор."
    parts = [("asked", "моста"), ("text", "задержка связана с браком")]
    assert not fits("Почему задержали открытие моста?", passage, *parts)


@pytest.mark.parametrize(("own", "good"), [("—", False), ("даёт", True)])
def test_a_russian_verb_needs_no_dash(own: str, good: bool) -> None:
    passage = "Градиентный спуск меняет веса понемногу."
    parts = [("text", "Градиентный спуск"), ("own", own), ("text", "меняет веса")]
    assert fits("Что такое спуск?", passage, *parts) is good
