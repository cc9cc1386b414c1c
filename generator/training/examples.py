"""Questions with passages and answers, from the data folder and from the corpus, as `Example`s.

Each example has a gold passage (or none, where nothing answers), the answer as a sentence, the span that a reader
should find and the sentence it stands in. Only rows that may go into shipped weights are read, and of the corpus
only the training split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.format import ReadingPassage, load_reading
from corpus.rows import load_rows
from generator.memory import Passage
from ingest.sentences import split_sentences
from retrieval.training.pairs import held_out, window
from retrieval.training.parallel import read_json_lines

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn from.

    id: what follows an "@" tells the same question in another language or wording apart. group: examples of one
    article or set: their passages are hard distractors for each other. language: of the passages. passages: gold
    first; without gold the passage that looks right but is not. span: character interval of the short answer in the
    gold passage. evidence: intervals of the gold sentences, per passage. written: the answer was written as a sentence
    by a person rather than cut out by rule. references: other short answers that are right too.
    """

    id: str
    source: str
    group: str
    language: str
    question: str
    passages: tuple[Passage, ...]
    answer: str
    span: Interval | None
    evidence: tuple[tuple[Interval, ...], ...]
    written: bool
    references: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the gold passage is there."""
        return bool(self.answer)

    @property
    def gold(self) -> list[str]:
        """Short answers, of which a right answer has to contain one: the literal span first. Empty without a span."""
        if self.span is None:
            return []
        return list(dict.fromkeys([self.passages[0].text[slice(*self.span)], *self.references]))


_NOTES = re.compile(r"(en|ru)-n\d")  # the names of the sets of study notes begin so
_CLAUSE = re.compile(r"(?<=[,;:—–)])\s+|\s+(?=[(—–])")


def answer_by_rule(sentence: str, span: Interval, max_words: int = 24) -> str:
    """A sentence-like answer around `span` of `sentence`: all of it when short, else the clauses around the span.

    The rule that stands in where nobody wrote an answer: the clause that holds the span, widened to its neighbours
    while it stays under `max_words`.
    """
    if len(sentence.split()) <= max_words:
        return sentence.strip()
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(sentence)), len(sentence)]
    first = max(index for index, cut in enumerate(cuts) if cut <= span[0])
    last = min(index for index, cut in enumerate(cuts) if cut >= min(span[1], len(sentence)))
    first = min(first, last - 1)
    while True:
        wider = [(first - 1, last), (first, last + 1)]
        fitting = [
            (a, b)
            for a, b in wider
            if a >= 0 and b < len(cuts) and len(sentence[cuts[a] : cuts[b]].split()) <= max_words
        ]
        if not fitting:
            break
        first, last = fitting[0]
    return sentence[cuts[first] : cuts[last]].strip().rstrip(",;:—– ")


def extractive(
    row_id: str, source: str, group: str, title: str, question: str, context: str, answers: list[str],
    written: str | None, max_words: int = 100,
) -> Example | None:
    """An English example from a question, its context and a list of literal answers; None if none is found."""
    found = [(context.find(answer.strip()), answer.strip()) for answer in answers if answer.strip()]
    found = [(start, answer) for start, answer in found if start >= 0]
    if not found:
        return None
    start, answer = min(found, key=lambda item: len(item[1]))
    references = tuple(dict.fromkeys(text for _, text in found if text != answer))
    sentences = split_sentences(context)
    index = next((i for i, (a, b) in enumerate(sentences) if a <= start < b), None)
    if index is None:
        return None
    begin, end = window(context, sentences, index, max_words)
    a, b = sentences[index]
    text = context[begin:end]
    span = (start - begin, min(start - begin + len(answer), len(text)))
    sentence = context[a:b]
    by_rule = answer_by_rule(sentence, (start - a, start - a + len(answer)))
    return Example(
        row_id, source, group, "en", question, (Passage(title, text),), written or by_rule, span,
        (((a - begin, b - begin),),), written is not None, references,
    )


def shared_examples(
    data: Path, written: dict[str, str], translated: dict[str, str]
) -> Iterator[tuple[Example, bool]]:
    """(example, is dev) from the extractive English sets.

    written: full-sentence answers by row id. translated: Russian questions by row id; each gives one more example,
    whose answer stays in the words of its English passage.
    """
    for name in ("squadshifts", "nq_open_oracle", "covidqa"):
        for row in read_json_lines(data / "qa" / f"{name}.jsonl.xz"):
            row_id, context = str(row["id"]), str(row["context"])
            title = str(row["title"]).replace("_", " ")
            domain = row_id.split("-")[1] if name == "squadshifts" else name
            if domain in ("amazon_reviews", "reddit"):
                title = ""
            group = f"{domain}:{row['title']}" if domain == "new_wiki" else f"{domain}:{context[:80]}"
            answers = [str(answer) for answer in row["answers"]]  # type: ignore[attr-defined]
            example = extractive(
                row_id, domain, group, title, str(row["question"]), context, answers, written.get(row_id)
            )
            if example is None:
                continue
            is_dev = name == "squadshifts" and held_out(group)
            yield replace(example, source=f"{domain}-written") if example.written else example, is_dev
            if row_id in translated:
                yield replace(example, id=f"{row_id}@ru", source="cross", question=translated[row_id]), is_dev


def reading_examples(passages: list[ReadingPassage], asked: Mapping[str, str] | None = None) -> Iterator[Example]:
    """Examples from our own reading sets: written answers, and questions that the passage does not answer.

    Sets of study notes, which are asked about as the corpus is, are a source of their own ("notes" for "reading").
    A question that was also written in the other language gives one more example, with "@" in its id; so does one that
    was also put as a user would (asked: by question id).
    """
    for passage in passages:
        kind = "notes" if _NOTES.match(passage.id) else "reading"
        text = Passage(passage.title, passage.text)
        starts = [0]
        for sentence in passage.sentences:
            starts.append(starts[-1] + len(sentence) + 1)
        for question in passage.questions:
            common = (question.id, f"{kind}-{passage.language}", passage.id.rsplit("-", 1)[0], passage.language)
            if question.start is None or question.end is None:
                example = Example(*common, question.question, (text,), "", None, ((),), True)
            else:
                gold = tuple((starts[at], starts[at] + len(passage.sentences[at])) for at in sorted(question.evidence))
                example = Example(
                    *common, question.question, (text,), question.full or "", (question.start, question.end),
                    (gold,), True,
                )
            yield example
            if question.other is not None:
                yield replace(example, id=f"{example.id}@", source=f"{kind}-cross", question=question.other)
            if asked and question.id in asked:
                source = f"{example.source}-asked"
                yield replace(example, id=f"{example.id}@asked", source=source, question=asked[question.id])


def load_reading_examples(split: str) -> list[Example]:
    """All examples of the reading sets' split, both languages."""
    asked = {row.id: row.text for row in load_rows("asked")}
    return list(reading_examples(load_reading(split=split), asked))  # type: ignore[arg-type]
