"""Which questions are about notes that training has read: their figures stand apart.

The split is drawn by unit, but a dev or test question may quote a note of another unit, and that one may have been read
in training. So it is told from the data: training reads the notes and entries of every unit with train questions
(`generator.training.corpus_examples`: fillers) and whatever these questions quote (examples), in both languages.
Questions on other documents, a user's own, are unseen: their names are not the corpus's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from corpus.format import ROOT, Question, load_questions

SEEN, UNSEEN = "seen", "unseen"
_FOLDERS = ("notes", "materials")


@cache
def read_in_training(root: Path = ROOT) -> frozenset[str]:
    """Paths, relative to the corpus, of the notes and entries that training read. Raises CorpusError."""
    questions = load_questions(root, split="train")
    units = {question.unit for question in questions}
    own = {
        path.relative_to(root).as_posix()
        for folder in _FOLDERS
        for path in root.glob(f"{folder}/*/*.md")
        if path.stem in units
    }
    return frozenset(own | {evidence.document for question in questions for evidence in question.evidence})


def seen(question: Question, documents: frozenset[str] | None = None) -> bool:
    """Whether training read a document that the question quotes, or, of an unanswerable one, the note or entry
    it is filed under. Questions of a user's file may be filed under a document's path.

    documents: in place of `read_in_training`.
    """
    read = read_in_training() if documents is None else documents
    if question.evidence:
        return any(evidence.document in read for evidence in question.evidence)
    filed = (f"{folder}/{question.language}/{question.unit}.md" for folder in _FOLDERS)
    return any(name in read for name in (question.unit, *filed))


def line(questions: Sequence[Question]) -> str:
    """How many of the questions are on notes that training read, in a sentence."""
    count, pairs = sum(map(seen, questions)), sum(question.split == "train" for question in questions)
    if not count:
        return f"None of the {len(questions)} questions is on a note that training read."
    asked = f"; {pairs} of the questions are of the train split themselves" if pairs else ""
    return f"{count} of the {len(questions)} questions are on notes that training read{asked}."
