"""Examples from the corpus's questions: notes are chunked as at ingest, the chunks that hold the quotes are gold.

Unanswerable questions get chunks of the note they nearly ask about. Only the split that is asked for is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from corpus.format import Question, load_questions
from generator.passages import passage_of
from generator.training.examples import Example
from retrieval.training.notes import Chunked, gold_chunks, load_notes


def corpus_examples(questions: list[Question], notes: dict[str, Chunked]) -> Iterator[Example]:
    """Examples of `questions`; those whose quotes are not in the chunked text are left out.

    A pair also gives the question of each language on the passages of the other, with "@" in its id.
    """
    asked = {(question.pair, question.language): question.question for question in questions}
    for question in questions:
        source = f"corpus-{question.language}"
        if not question.answerable:
            note = notes.get(f"notes/{question.language}/{question.unit}.md")
            if note is not None:
                chunk = note.chunks[sum(map(ord, question.id)) % len(note.chunks)]
                passage = passage_of(note.document.title, chunk.headings, chunk.text)
                yield Example(
                    question.id, source, question.unit + question.language, question.language,
                    question.question, (passage,), "", None, ((),), True,
                )
            continue
        gold = gold_chunks(question, notes)
        if gold is None:
            continue
        passages = tuple(passage_of(document.title, chunk.headings, chunk.text) for document, chunk, _ in gold)
        first = passages[0].text.lower()
        at, literal = next(
            ((first.find(g.lower()), g) for g in question.gold if first.find(g.lower()) >= 0), (-1, "")
        )
        example = Example(
            question.id, source, question.unit + question.language, question.language, question.question,
            passages, question.answer, (at, at + len(literal)) if at >= 0 else None,
            tuple(tuple(intervals) for _, _, intervals in gold), True, tuple(question.gold),
        )
        yield example
        other = asked.get((question.pair, "ru" if question.language == "en" else "en"))
        if other is not None:
            yield replace(example, id=f"{question.id}@", source="corpus-cross", question=other)


def note_fillers(notes: dict[str, Chunked], units: set[str]) -> Iterator[Example]:
    """Every chunk of the named units as an example without answer: they only serve as distractors."""
    for name, note in notes.items():
        unit, language = Path(name).stem, Path(name).parent.name
        if unit in units:
            for chunk in note.chunks:
                yield Example(
                    chunk.id, "filler", unit + language, language, "",
                    (passage_of(note.document.title, chunk.headings, chunk.text),), "", None, ((),), False,
                )


def load_corpus_examples(
    split: str, count_tokens: Callable[[str], int]
) -> tuple[list[Example], list[Example]]:
    """(examples, distractor chunks) of a split of the corpus's questions, both languages."""
    questions = load_questions(split=split)  # type: ignore[arg-type]
    notes = load_notes(count_tokens)
    return list(corpus_examples(questions, notes)), list(note_fillers(notes, {q.unit for q in questions}))
