"""The reading sets of the corpus as question sets: "reading" and "reading-across".

The notes of the corpus stand there in both languages, and every question has its evidence in its own. People add other
documents, in one language, and ask in the other: so the passages of all reading sets, some 4,700 on all subjects, are
a library, and dev questions on them are asked of it, in the language of their passage or in the other one. An answer is
expected in the words of the passage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from api.question_sets.question_set import Passage, QuestionSet
from corpus.format import LANGUAGES, Evidence, Language, Question, ReadingPassage, ReadingQuestion, load_reading

READING, ACROSS = "reading", "reading-across"
# Questions on the passages of each language: enough to tell, and not an hour of asking.
_QUESTIONS = {READING: 200, ACROSS: 120}


def load(name: str) -> QuestionSet:
    """The set called `name`, one of the two: its questions, drawn by the hash of their ids from those on dev passages,
    and all passages of the reading sets."""
    passages = load_reading()
    chosen = []
    for language in LANGUAGES:
        own = (passage for passage in passages if passage.language == language and passage.split == "dev")
        asked = [question for passage in own for question in _questions(passage, across=name == ACROSS)]
        asked.sort(key=lambda question: hashlib.sha256(question.id.encode()).digest())
        chosen += asked[: _QUESTIONS[name]]
    return QuestionSet(tuple(chosen), tuple(Passage(p.id, p.title, (p.text,)) for p in passages))


def _questions(passage: ReadingPassage, *, across: bool) -> Iterator[Question]:
    """Those in the passage's language, or, across, those that were also written in the other."""
    other = next(language for language in LANGUAGES if language != passage.language)
    for one in passage.questions:
        if not across:
            yield _question(passage, one, one.id, one.question, passage.language)
        elif one.other is not None:
            yield _question(passage, one, f"{one.id}-{other}", one.other, other)


def _question(passage: ReadingPassage, one: ReadingQuestion, name: str, text: str, language: Language) -> Question:
    gold = () if one.answer is None else (one.answer,)
    return Question(
        id=name, pair=one.id, unit=passage.id, kind="fact" if gold else "unanswerable", language=language,
        question=text, answer=one.full or "", gold=gold, gold_all=(),
        evidence=tuple(Evidence(passage.id, passage.sentences[number]) for number in one.evidence),
        fault=None if gold else "near_miss", split="dev",
    )  # fmt: skip
