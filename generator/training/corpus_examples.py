"""Examples from the corpus's questions: notes are chunked as at ingest, the chunks that hold the quotes are gold.

Unanswerable questions get chunks of the note they nearly ask about. Only the split that is asked for is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.format import ROOT, Question, load_questions
from generator.passages import passage_of
from generator.training.examples import Example, Interval
from ingest.chunking import ChunkSettings, chunk_document
from ingest.document import Chunk, Document
from ingest.formats import markdown
from ingest.limits import Limits


@dataclass(frozen=True, slots=True)
class Chunked:
    """A note as the library would hold it."""

    document: Document
    chunks: tuple[Chunk, ...]


def load_notes(count_tokens: Callable[[str], int], root: Path = ROOT) -> dict[str, Chunked]:
    """Notes and material entries by path relative to the corpus (`notes/en/kv-cache.md`)."""
    settings = ChunkSettings()
    notes = {}
    for path in sorted([*root.glob("notes/*/*.md"), *root.glob("materials/*/*.md")]):
        parsed = markdown.parse(path.read_bytes(), path.name, Limits())
        name = path.relative_to(root).as_posix()
        document = parsed.document(name)
        chunks = chunk_document(
            document, splitter=settings.splitter, max_tokens=settings.max_tokens,
            overlap_tokens=settings.overlap_tokens, count_tokens=count_tokens, headings=parsed.headings,
        )
        notes[name] = Chunked(document, tuple(chunks))
    return notes


def _gold_chunks(question: Question, notes: dict[str, Chunked]) -> list[tuple[Document, Chunk, list[Interval]]] | None:
    """The chunks that hold the quotes, in order of the evidence, with the quotes' intervals; None if one is lost."""
    found: dict[str, tuple[Document, Chunk, list[Interval]]] = {}
    for evidence in question.evidence:
        note = notes.get(evidence.document)
        start = -1 if note is None else note.document.text.find(evidence.quote)
        if note is None or start < 0:
            return None
        end = start + len(evidence.quote)
        for chunk in note.chunks:
            a, b = max(start, chunk.start), min(end, chunk.end)
            if b - a >= 0.5 * len(evidence.quote):
                entry = found.setdefault(chunk.id, (note.document, chunk, []))
                entry[2].append((a - chunk.start, b - chunk.start))
    return list(found.values()) or None


def corpus_examples(questions: list[Question], notes: dict[str, Chunked]) -> Iterator[Example]:
    """Examples of `questions`; those whose quotes are not in the chunked text are left out."""
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
        gold = _gold_chunks(question, notes)
        if gold is None:
            continue
        passages = tuple(passage_of(document.title, chunk.headings, chunk.text) for document, chunk, _ in gold)
        first = passages[0].text.lower()
        at, literal = next(
            ((first.find(g.lower()), g) for g in question.gold if first.find(g.lower()) >= 0), (-1, "")
        )
        yield Example(
            question.id, source, question.unit + question.language, question.language, question.question,
            passages, question.answer, (at, at + len(literal)) if at >= 0 else None,
            tuple(tuple(intervals) for _, _, intervals in gold), True,
        )


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
