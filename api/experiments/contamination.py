"""How much the questions of an experiment share with those that were trained on.

Training questions are the train split of the corpus's questions, of the reading sets and of the questions on
documentation (each in the languages and wordings it was written in), and the Russian questions written for rows of
squadshifts. The English questions of squadshifts, nq_open_oracle and covidqa, which the reader and the embedder were
trained on too, are no part of this repository: they are not counted (NOT_COUNTED says so wherever the figures stand).
Two figures:

- the share of questions that have a run of eight words in common with a training question (n-gram contamination as in
  GPT-3, Brown et al. 2020, arXiv 2005.14165, appendix C, with runs of 13; a question is shorter). One of fewer words
  has to be in common whole;
- the nearest training question by Jaccard similarity of the sets of three-letter runs: no model, and a changed ending
  changes little. Those from NEAR on are counted and shown.

Shapes: A questions asked, T training questions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from api.counted import counted
from corpus.documentation import load_documentation
from corpus.format import LANGUAGES, ROOT, load_questions, split_of_passage
from corpus.records import parse_line, read_lines
from corpus.rows import load_rows
from corpus.text import ngrams, words

WORDS, LETTERS = 8, 3
NEAR = 0.6
SHOWN = 5
NOT_COUNTED = (
    "Not counted: the English questions of squadshifts, nq_open_oracle and covidqa, which training read too; they do "
    "not come with the program, and no run looks for them."
)


@dataclass(frozen=True, slots=True)
class Near:
    """A question and the training question nearest to it."""

    question: str
    training: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """asked, training: how many questions. long: of the asked, those with WORDS words in common. near: those at
    least NEAR to a training question. examples: the nearest of them, at most SHOWN."""

    asked: int
    training: int
    long: int
    near: int
    examples: tuple[Near, ...]

    def lines(self) -> list[str]:
        """The figures in sentences: first the counts, then what they leave out, then examples."""
        found = [
            f"Of {counted(self.asked, 'question')}, {self.long} have {WORDS} words in a row in common with one of the "
            f"{self.training} training questions, and {self.near} are at least {NEAR} like one (Jaccard similarity of "
            f"{LETTERS}-letter runs)."
        ]
        examples = [f"{one.similarity:.2f}: “{one.question}” / “{one.training}”" for one in self.examples]
        return [*found, NOT_COUNTED, *examples]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values, with the sentences."""
        return {**dataclasses.asdict(self), "lines": self.lines()}


def training_questions(root: Path = ROOT) -> tuple[str, ...]:
    """Every question of ours that training reads, in the order of the corpus. Raises CorpusError.

    Reading sets are taken line by line: their spans are of no interest here, and checking them takes long.
    """
    found = [question.question for question in load_questions(root, split="train")]
    for language in LANGUAGES:
        for path in sorted((root / "reading" / language).glob("*.jsonl")):
            for text, place in read_lines(path):
                record = parse_line(text, place)
                if split_of_passage(record["id"]) == "train":
                    rows = record["questions"]
                    found += [row[key] for row in rows for key in ("question", "other") if key in row]
    # Of the translations, training held those of a tenth of the articles back; which, only their data tell.
    found += [row.text for kind in ("asked", "translations") for row in load_rows(kind, root)]
    for passage in load_documentation(root, "train"):
        found += [text for question in passage.questions for text in (question.question, question.other) if text]
    return tuple(dict.fromkeys(found))


class Training:
    """Training questions, ready to be compared with. questions: [T]."""

    def __init__(self, questions: Sequence[str]) -> None:
        self.questions = questions
        self._grams = {gram for text in questions for gram in _runs(text)}
        holders: dict[str, list[int]] = {}
        letters = [_letters(text) for text in questions]
        for number, runs in enumerate(letters):
            for run in runs:
                holders.setdefault(run, []).append(number)
        self._holders = {run: np.array(numbers) for run, numbers in holders.items()}
        self._sizes = np.array([len(runs) for runs in letters])  # [T]

    def overlap(self, asked: Sequence[str]) -> Overlap:
        """What `asked` [A] share with them."""
        long = sum(not self._grams.isdisjoint(_runs(text)) for text in asked)
        near = [one for text in asked if (one := self._nearest(text)) is not None and one.similarity >= NEAR]
        near.sort(key=lambda one: (-one.similarity, one.question))
        return Overlap(len(asked), len(self.questions), long, len(near), tuple(near[:SHOWN]))

    def _nearest(self, text: str) -> Near | None:
        """The training question nearest to `text`, of equals the first; None if none shares a run of letters."""
        own = _letters(text)
        shared = [self._holders[run] for run in own if run in self._holders]
        if not shared:
            return None
        common = np.bincount(np.concatenate(shared), minlength=len(self._sizes))  # [T]
        similarity = common / (self._sizes + len(own) - common)
        at = int(similarity.argmax())
        return Near(text, self.questions[at], float(similarity[at]))


@cache
def shipped() -> Training:
    """Those that ship with the corpus: all of ours that training read, and the translations that it held back; none
    of NOT_COUNTED. Raises CorpusError."""
    return Training(training_questions())


def _runs(text: str) -> set[tuple[str, ...]]:
    return ngrams(words(text), WORDS)


def _letters(text: str) -> set[str]:
    """The runs of LETTERS letters of the folded words, spaces between them included."""
    folded = f" {' '.join(words(text))} "
    return {folded[i : i + LETTERS] for i in range(len(folded) - LETTERS + 1)}
