"""Duplicates, and what the training data share with dev and test.

Near-duplicates are found by Jaccard similarity of shingle sets (words and pairs of neighbouring words).
Contamination is measured as usual for language models: the share of held-out questions that have an n-gram of
words in common with the training text, here n = 8 (GPT-3 took 13, for far longer texts), and the mean share
of their 4-grams found there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.documentation import DocumentationPassage
from corpus.findings import Finding, error, warning
from corpus.format import Question, ReadingPassage
from corpus.text import ngrams, shingles, similar_pairs, words

SAME = 0.8
NEAR = 0.6
SEARCHED = 0.3
LONG, SHORT = 8, 4


@dataclass(frozen=True)
class Contamination:
    """How far `count` held-out questions of one language and split are contained in the training text.

    `nearest` is the highest similarity with a training question, 0 where all are below `SEARCHED`.
    """

    language: str
    split: str
    count: int
    long_share: float
    short_mean: float
    nearest: float
    shared_quotes: float


def check_duplicates(questions: Sequence[Question]) -> list[Finding]:
    """Questions that say the same: errors from `SAME` on, from `NEAR` on when one is train and one is not."""
    findings: list[Finding] = []
    for language in sorted({q.language for q in questions}):
        own = [q for q in questions if q.language == language]
        for i, j, score in similar_pairs([shingles(q.question) for q in own], NEAR):
            first, second = own[i], own[j]
            across = (first.split == "train") != (second.split == "train")
            level = error if score >= SAME or across else warning
            where = f"{first.split}/{second.split}" if across else first.split
            message = f"{second.id} is like {first.id} ({score:.2f}, {where}): {second.question[:60]}"
            findings.append(level(second.place, message))
    return findings


def check_splits(questions: Sequence[Question]) -> list[Finding]:
    """No unit in two splits (its two languages included)."""
    splits: dict[str, str] = {}
    findings: list[Finding] = []
    for question in questions:
        first = splits.setdefault(question.unit, question.split)
        if first != question.split:
            message = f"unit {question.unit!r} is in {first} and {question.split}"
            findings.append(error(question.place, message))
    return findings


def check_passages(passages: Sequence[ReadingPassage]) -> list[Finding]:
    """Passages that repeat each other, in text or in title, within a language."""
    findings: list[Finding] = []
    for language in sorted({p.language for p in passages}):
        own = [p for p in passages if p.language == language]
        titles: dict[str, ReadingPassage] = {}
        for passage in own:
            first = titles.setdefault(" ".join(words(passage.title)), passage)
            if first is not passage:
                message = f"{passage.id} has the title of {first.id}: {passage.title}"
                findings.append(warning(passage.place, message))
        for i, j, score in similar_pairs([shingles(p.text) for p in own], 0.4):
            findings.append(error(own[j].place, f"{own[j].id} is like {own[i].id} ({score:.2f})"))
    return findings


def contamination(
    questions: Sequence[Question], passages: Sequence[ReadingPassage],
    documentation: Sequence[DocumentationPassage] = (),
) -> list[Contamination]:
    """One row for each language and held-out split."""
    rows: list[Contamination] = []
    for language in sorted({q.language for q in questions}):
        own = [q for q in questions if q.language == language]
        train = [q for q in own if q.split == "train"]
        texts = _training_texts(train, [p for p in passages if p.language == language and p.split == "train"])
        texts += [
            text for p in documentation if p.language == language and p.split == "train"
            for q in p.questions for text in (q.question, q.full) if text
        ]
        long = {gram for text in texts for gram in ngrams(words(text), LONG)}
        short = {gram for text in texts for gram in ngrams(words(text), SHORT)}
        quotes = {item.quote for q in train for item in q.evidence}
        asked = [shingles(q.question) for q in train]
        for split in ("dev", "test"):
            held = [q for q in own if q.split == split]
            if held:
                rows.append(_row(language, split, held, long, short, quotes, asked))
    return rows


def _training_texts(questions: Sequence[Question], passages: Sequence[ReadingPassage]) -> list[str]:
    texts = [text for q in questions for text in (q.question, q.answer, *(e.quote for e in q.evidence))]
    texts += [text for p in passages for text in (p.text, *(q.question for q in p.questions))]
    return [*texts, *(q.full for p in passages for q in p.questions if q.full)]


def _row(
    language: str,
    split: str,
    held: Sequence[Question],
    long: set[tuple[str, ...]],
    short: set[tuple[str, ...]],
    quotes: set[str],
    asked: Sequence[frozenset[str]],
) -> Contamination:
    grams = [ngrams(words(q.question), SHORT) for q in held]
    own = [shingles(q.question) for q in held]
    scores = [score for i, j, score in similar_pairs([*asked, *own], SEARCHED) if i < len(asked) <= j]
    cited = [q for q in held if q.evidence]
    return Contamination(
        language=language,
        split=split,
        count=len(held),
        long_share=sum(bool(ngrams(words(q.question), LONG) & long) for q in held) / len(held),
        short_mean=sum(len(group & short) / len(group) for group in grams if group) / len(held),
        nearest=max(scores, default=0.0),
        shared_quotes=sum(any(e.quote in quotes for e in q.evidence) for q in cited) / max(1, len(cited)),
    )
