"""Questions with the passages that answer them: what the contrastive stage of the embedder is trained on.

Question and passage may differ in language. Questions of reviews and forums are left out: they make sense only beside
their passage («is it loud?»), so they would teach that anything finds anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.format import Split, load_questions, load_reading
from corpus.rows import load_rows
from ingest.sentences import split_sentences
from retrieval.entries import chunk_text
from retrieval.training.documentation import documentation_passages
from retrieval.training.notes import gold_chunks, load_notes
from retrieval.training.parallel import read_json_lines

Interval = tuple[int, int]
_MAX_WORDS = 90


@dataclass(frozen=True, slots=True)
class QuestionPassage:
    """group: the note or article the passage is from, one name in both languages; language: of the passage; cross: the
    question is in the other language; gold: words of the passage that answer."""

    source: str
    group: str
    language: str
    question: str
    passage: str
    cross: bool
    gold: str = ""


def held_out(group: str) -> bool:
    """A tenth of the articles of the shared sets, by hash: dev."""
    return hashlib.sha256(group.encode()).digest()[0] < 26


def window(text: str, sentences: list[Interval], index: int, max_words: int) -> Interval:
    """Sentences around number `index`, at most about `max_words` words: long contexts are cut, evidence kept."""
    first = last = index
    words = len(text[slice(*sentences[index])].split())
    while True:
        grown = False
        for step in (-1, 1):
            at = first - 1 if step < 0 else last + 1
            if 0 <= at < len(sentences):
                more = len(text[slice(*sentences[at])].split())
                if words + more <= max_words:
                    words += more
                    first, last = min(first, at), max(last, at)
                    grown = True
        if not grown:
            return sentences[first][0], sentences[last][1]


def shared_pairs(data: Path) -> Iterator[tuple[QuestionPassage, bool]]:
    """(pair, is dev) of the encyclopaedic English sets, with the Russian questions written for their rows."""
    russian = {row.id: row.text for row in load_rows("translations")}
    for name in ("squadshifts", "nq_open_oracle", "covidqa"):
        for row in read_json_lines(data / "qa" / f"{name}.jsonl.xz"):
            row_id, context = str(row["id"]), str(row["context"])
            domain = row_id.split("-")[1] if name == "squadshifts" else name
            answers = [str(answer).strip() for answer in row["answers"]]  # type: ignore[attr-defined]
            at = next((context.find(answer) for answer in answers if answer and answer in context), -1)
            if domain in ("amazon_reviews", "reddit") or at < 0:
                continue
            group = f"{domain}:{row['title']}" if domain == "new_wiki" else f"{domain}:{context[:80]}"
            sentences = split_sentences(context)
            index = next((n for n, (a, b) in enumerate(sentences) if a <= at < b), 0)
            text = context[slice(*window(context, sentences, index, _MAX_WORDS))]
            passage = f"{str(row['title']).replace('_', ' ')}\n{text}"
            is_dev = name == "squadshifts" and held_out(group)
            gold = next(answer for answer in answers if answer and answer in context)
            yield QuestionPassage(domain, group, "en", str(row["question"]), passage, False, gold), is_dev
            if row_id in russian:
                yield QuestionPassage("cross", group, "en", russian[row_id], passage, True, gold), is_dev


def reading_pairs(split: Split) -> Iterator[QuestionPassage]:
    """Answerable questions of the reading sets, where there is one in the wording of somebody who does not know the
    passage: many of the others («what did it beat?») make sense only beside theirs. Those on study notes, which are
    all asked so, have sources of their own."""
    asked = {row.id: row.text for row in load_rows("asked")}
    for passage in load_reading(split=split):
        text = f"{passage.title}\n{passage.text}"
        name = "notes" if passage.id.split("-")[1].startswith("n") else "reading"
        for question in passage.questions:
            if question.answer is None:
                continue
            wording = asked.get(question.id, question.question)
            yield QuestionPassage(
                f"{name}-{passage.language}", passage.id, passage.language, wording, text, False, question.answer
            )
            if question.other is not None:
                yield QuestionPassage(
                    f"{name}-cross", passage.id, passage.language, question.other, text, True, question.answer
                )


def documentation_pairs(data: Path, split: Split) -> Iterator[QuestionPassage]:
    """Answerable questions on passages of documentation, in both languages where they were so asked."""
    for passage, title, text in documentation_passages(data, split):
        for question in passage.questions:
            if question.evidence is None:
                continue
            name, group = f"docs-{passage.language}", passage.row.split(":")[0]
            full = f"{title}\n{text}"
            gold = "" if question.span is None else text[slice(*question.span)]
            yield QuestionPassage(name, group, passage.language, question.question, full, False, gold)
            if question.other is not None:
                yield QuestionPassage("docs-cross", group, passage.language, question.other, full, True, gold)


def corpus_pairs(split: Split, count_tokens: Callable[[str], int]) -> Iterator[QuestionPassage]:
    """Questions on the notes with every chunk that holds their evidence, in both languages and across."""
    notes = load_notes(count_tokens)
    asked: dict[str, dict[str, str]] = {}
    questions = [question for question in load_questions(split=split) if question.answerable]
    for question in questions:
        asked.setdefault(question.pair, {})[question.language] = question.question
    for question in questions:
        for document, chunk, ((start, end), *_) in gold_chunks(question, notes) or ():
            passage = chunk_text(chunk, document.title)
            for language, text in asked[question.pair].items():
                cross = language != question.language
                name = "corpus-cross" if cross else f"corpus-{question.language}"
                gold = chunk.text[max(start, 0) : end]
                yield QuestionPassage(name, question.unit, question.language, text, passage, cross, gold)
