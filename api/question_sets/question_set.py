"""What a question set is: questions in the corpus's own form, and the passages that hold their answers.

All texts go through `ingest.clean`, as those of documents do: a quote stands in the library character by character.
A set knows answers (SQuAD, RGB, HaluEval), or only which passages matter (BEIR, RAGTruth); questions of the second
kind have no gold strings, and whether their answers are right cannot be said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.format import LANGUAGES, Evidence, Place, Question
from corpus.records import CorpusError
from generator.metrics import match
from ingest.clean import clean_line
from ingest.language import detect_language
from ingest.sentences import split_sentences

# A shorter sentence ("Yes.", "1 . introduction") stands in other passages too and would make evidence of them.
_LEAST_WORDS = 6
# A longer one (lists, texts without capitals) may not fit into a chunk; a piece of it does, or most of the piece.
_MOST_WORDS = 40


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that a set brings along; it becomes a document. name: unique within the set. title: "" for none."""

    name: str
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """passages, files: those of the set, in which its questions are searched; both empty where the home's library
    is."""

    questions: tuple[Question, ...]
    passages: tuple[Passage, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def brings_texts(self) -> bool:
        """Whether a library of its own is searched for its questions."""
        return bool(self.passages or self.files)


def make_question(
    name: str, text: str, place: Place, *, unit: str, evidence: Sequence[Evidence],
    groups: Sequence[Sequence[str]] = (), answerable: bool = True,
) -> Question:
    """A question of a set. unit: what it shares its luck with (an article). groups: a right answer holds a string of
    each; none at all where the set knows no answers.

    Raises CorpusError if it is empty, or answerable without evidence.
    """
    asked = clean_line(text)
    if not asked:
        raise place.error("the question is empty")
    if answerable and not evidence:
        raise place.error("no passage with words in it goes with the question")
    known = tuple(tuple(dict.fromkeys(filter(None, map(clean_line, group)))) for group in groups)
    if not all(known):
        raise place.error("an answer is empty")
    gold = tuple(string for group in known for string in group)
    return Question(
        id=name, pair=name, unit=unit, kind="fact" if answerable else "unanswerable",
        # Only the two languages are told apart here; a set in a third one is refused as a whole, by `complete`.
        language="ru" if detect_language(asked) == "ru" else "en",
        question=asked, answer=gold[0] if gold else "", gold=gold, gold_all=known if len(known) > 1 else (),
        evidence=tuple(evidence) if answerable else (), fault=None if answerable else "near_miss", split="dev",
        place=place,
    )  # fmt: skip


def complete(path: Path, questions: Iterable[Question], passages: Iterable[Passage]) -> QuestionSet:
    """The set. Raises CorpusError if it is empty, an id stands twice, or it is in neither of the languages."""
    asked, brought = tuple(questions), tuple(passages)
    if not asked:
        raise CorpusError(path, 0, "holds no questions")
    for what, names in (("question", [q.id for q in asked]), ("passage", [p.name for p in brought])):
        name, count = Counter(names).most_common(1)[0] if names else ("", 0)
        if count > 1:
            place = next((q.place for q in reversed(asked) if q.id == name), Place(path, 0))
            raise place.error(f"{count} {what}s have the id {name!r}")
    language = detect_language(" ".join(question.question for question in asked))
    if language not in LANGUAGES:
        raise CorpusError(path, 0, f"the questions are in {language!r}; only {', '.join(LANGUAGES)} can be asked")
    return QuestionSet(asked, brought)


def every_sentence(name: str, text: str) -> tuple[Evidence, ...]:
    """All of a passage as evidence, by sentences or pieces of long ones: it may be cut into several chunks."""
    found = [piece for quote in _sentences(text) for piece in _pieces(quote) if len(piece.split()) >= _LEAST_WORDS]
    whole = clean_line(text)
    return tuple(Evidence(name, quote) for quote in dict.fromkeys(found or ([whole] if whole else [])))


def sentences_with(name: str, text: str, strings: Sequence[str]) -> tuple[Evidence, ...]:
    """The sentences of a passage that hold one of the strings, by the rule that judges answers."""
    return tuple(Evidence(name, quote) for quote in dict.fromkeys(_sentences(text)) if match(quote, strings))


def sentences_around(name: str, text: str, start: int, end: int) -> Evidence:
    """What the sentences that `text[start:end]` lies in say, as one quote."""
    touched = [(a, b) for a, b in split_sentences(text) if a < end and start < b]
    return Evidence(name, clean_line(text[touched[0][0] : touched[-1][1]]))


def _pieces(quote: str) -> list[str]:
    words = quote.split()
    return [" ".join(words[start : start + _MOST_WORDS]) for start in range(0, len(words), _MOST_WORDS)]


def _sentences(text: str) -> list[str]:
    return [quote for a, b in split_sentences(text) if (quote := clean_line(text[a:b]))]
