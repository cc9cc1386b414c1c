"""The questions to measure with: a split of the corpus, or a file in its format.

Evidence is named by path relative to the corpus; where in the library it stands is found by the quote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from api.errors import ConfigError
from corpus.format import Question, Split, load_question_file, load_questions
from ingest.document import Chunk
from ingest.library import Library


def load(name: str) -> list[Question]:
    """The questions of split `name` ("train", "dev", "test") or of the file called `name`.

    Raises ConfigError if it is neither; CorpusError, with the line, if the file breaks its format.
    """
    if name in get_args(Split):
        return load_questions(split=name)  # type: ignore[arg-type]
    path = Path(name)
    if not path.is_file():
        raise ConfigError(f"{name!r} is no split (train, dev, test) and no file: give one of them")
    questions = load_question_file(path)
    if not questions:
        raise ConfigError(f"{name} holds no questions")
    return _by_document(questions)


def _by_document(questions: Sequence[Question]) -> list[Question]:
    """The questions of a user's file, which share their luck by document: that of the first quote of their pair.

    Ids say nothing sure of it: `q-01` to `q-40` may be on 20 documents. Pairs without a quote go where those whose ids
    begin alike are, if these are on one document; else their ids decide.
    """
    first: dict[str, str] = {}
    for question in questions:
        if question.evidence:
            first.setdefault(question.pair, question.evidence[0].document)
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for question in questions:
        alike[question.unit] |= {first[question.pair]} if question.pair in first else set()
    only = {unit: min(documents) for unit, documents in alike.items() if len(documents) == 1}
    return [replace(one, unit=first.get(one.pair, only.get(one.unit, one.unit))) for one in questions]


_LEAST_CHARS = 20  # of a part of a quote: a shorter one ("It is 5") stands in other chunks too


@dataclass(frozen=True, slots=True)
class Evidenced:
    """An answerable question and the ids of the chunks that hold one of its quotes."""

    question: Question
    gold: frozenset[str]


class EvidenceIndex:
    """Finds the chunks of a library that hold a quote. Whitespace is compared as one space."""

    def __init__(self, library: Library) -> None:
        self._chunks: list[tuple[Chunk, str]] = [
            (chunk, " ".join(chunk.text.split())) for chunk in library.chunks()
        ]
        self._by_word: Mapping[str, list[int]] = _by_longest_words(self._chunks)

    def gold(self, question: Question) -> frozenset[str]:
        """Ids of chunks that hold a quote; of one that was cut in two, those that hold half of it or more."""
        found: set[str] = set()
        for evidence in question.evidence:
            quote = " ".join(evidence.quote.split())
            # Wherever one cut fell, a chunk holds the first half or the second.
            size = min(len(quote), max(len(quote) // 2, _LEAST_CHARS))
            parts = quote[:size].strip(), quote[len(quote) - size :].strip()
            found |= self._holding(quote) or self._holding(parts[0]) | self._holding(parts[1])
        return frozenset(found)

    def _holding(self, words: str) -> set[str]:
        """Ids of the chunks that hold `words`."""
        # The first and the last may be part of a longer word of the chunk; the others stand between spaces there too.
        inner = words.split()[1:-1]
        chunks = self._chunks
        if inner:
            chunks = [self._chunks[n] for n in self._by_word.get(max(inner, key=len), [])]
        return {chunk.id for chunk, text in chunks if words in text}

    def split(self, questions: Sequence[Question]) -> tuple[list[Evidenced], int]:
        """(answerable questions whose evidence is in the library, how many have none there)."""
        answerable = [question for question in questions if question.answerable]
        rows = [Evidenced(question, self.gold(question)) for question in answerable]
        found = [row for row in rows if row.gold]
        return found, len(rows) - len(found)


def _by_longest_words(chunks: Sequence[tuple[Chunk, str]]) -> Mapping[str, list[int]]:
    """Chunk numbers by each distinct word, as it stands between spaces."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for number, (_, text) in enumerate(chunks):
        for word in set(text.split()):
            numbers[word].append(number)
    return numbers
