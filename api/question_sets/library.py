"""A set's passages as a library of its own, so that arms with documents have what to search and nothing else.

    <home>/experiments/sets/<digest>/     a home like any other: `lectern --home ... documents` lists it

The digest is of the passages: experiments on the same set share the library, and with it the embeddings. The texts go
in as they are, without a parser: nothing is guessed about their lines. A passage is one transaction; a killed run goes
on after the last one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.pipeline import Pipeline
from api.question_sets.question_set import Passage, QuestionSet
from ingest.chunking import chunk_document
from ingest.library import Source
from ingest.parsed import Parsed, TextBuilder

FOLDER = Path("experiments") / "sets"

OnProgress = Callable[[int, int], None]


@contextmanager
def searched(pipeline: Pipeline, questions: QuestionSet, on_progress: OnProgress | None = None) -> Iterator[Pipeline]:
    """The pipeline whose library the questions are asked of: over the set's own passages where it brings some, with
    the models and settings of `pipeline`; else `pipeline` itself. Both are in step with their index.

    on_progress: (done, to do), of reading passages and then of embedding them. Raises LibraryError, ChunkingError.
    """
    if not questions.passages:
        pipeline.sync(on_progress)
        yield pipeline
        return
    config = dataclasses.replace(pipeline.config, home=home_of(pipeline.config.home, questions))
    with Pipeline(config, encoder=pipeline.encoder, answerer=pipeline.answerer) as own:
        for number, passage in enumerate(questions.passages, start=1):
            _add(own, passage)
            if on_progress is not None:
                on_progress(number, len(questions.passages))
        own.sync(on_progress)
        yield own


def home_of(home: Path, questions: QuestionSet) -> Path:
    """Where the set's library lies."""
    digest = hashlib.sha256()
    for passage in questions.passages:
        digest.update(repr(passage).encode("utf-8", "surrogatepass"))
    return home / FOLDER / digest.hexdigest()[:12]


def parsed(passage: Passage) -> Parsed:
    """The passage as a document's content: its title is a heading."""
    builder = TextBuilder()
    builder.heading(passage.title, 1)
    for paragraph in passage.paragraphs:
        builder.paragraph(paragraph)
    return builder.build(title=passage.title, fallback_title=passage.name)


def _add(own: Pipeline, passage: Passage) -> None:
    """Add a passage unless it is there, cut by the present settings."""
    settings, library = own.config.chunking, own.library
    content = "\n\n".join((passage.title, *passage.paragraphs)).encode("utf-8", "replace")
    source = Source(f"{passage.name}.txt", hashlib.sha256(content).hexdigest(), ".txt", len(content))
    if library.source_state(source.name) == (source.sha256, settings.digest()):
        return
    read = parsed(passage)
    document = read.document(source.name)
    chunks = chunk_document(
        document, splitter=settings.splitter, max_tokens=settings.max_tokens, overlap_tokens=settings.overlap_tokens,
        count_tokens=own.encoder.count_tokens, embed=own.encoder.encode, headings=read.headings,
    )  # fmt: skip
    library.originals.store(content, source.sha256, source.suffix)
    library.add(document, chunks, source, headings=read.headings, settings=settings.digest())
