"""A set's passages or files as a library of its own, so that arms with documents have those to search and no others.

    <home>/experiments/sets/<digest>/     a home like any other: `lectern --home ... documents` lists it

The digest is of the passages: experiments on the same set share the library, and with it the embeddings. The texts go
in as they are, without a parser: nothing is guessed about their lines. Files go the way of a user's, and the digest is
of what was read from them: another parser makes another library. A passage or file is one transaction; a killed run
goes on after the last one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.errors import ConfigError
from api.pipeline import Pipeline
from api.question_sets.question_set import Passage, QuestionSet
from ingest.chunking import chunk_document
from ingest.errors import ParseError
from ingest.library import Source
from ingest.limits import Limits
from ingest.parse import read_file
from ingest.parsed import Parsed, TextBuilder
from ingest.sandbox import Sandbox

FOLDER = Path("experiments") / "sets"

OnProgress = Callable[[int, int], None]


@contextmanager
def searched(pipeline: Pipeline, questions: QuestionSet, on_progress: OnProgress | None = None) -> Iterator[Pipeline]:
    """The pipeline whose library the questions are asked of: over the set's own passages where it brings some, with
    the models and settings of `pipeline`; else `pipeline` itself. Both are in step with their index.

    on_progress: (done, to do), of reading passages and then of embedding them. Raises LibraryError, ChunkingError, and
    ConfigError for a file of the set that cannot be read.
    """
    if not questions.brings_texts:
        pipeline.sync(on_progress)
        yield pipeline
        return
    config = dataclasses.replace(pipeline.config, home=home_of(pipeline.config.home, questions))
    with Pipeline(config, encoder=pipeline.encoder, answerer=pipeline.answerer) as own:
        for number, passage in enumerate(questions.passages, start=1):
            _add(own, passage)
            if on_progress is not None:
                on_progress(number, len(questions.passages))
        if questions.files:
            own.ingest(questions.files, lambda _: None)
        own.sync(on_progress)
        yield own


def home_of(home: Path, questions: QuestionSet) -> Path:
    """Where the set's library lies. Raises ConfigError for a file that cannot be read."""
    digest = hashlib.sha256()
    for passage in questions.passages:
        digest.update(repr(passage).encode("utf-8", "surrogatepass"))
    for path, read in zip(questions.files, _parsed(questions.files), strict=True):
        digest.update(repr((path.name, read)).encode("utf-8", "surrogatepass"))
    return home / FOLDER / digest.hexdigest()[:12]


def parsed(passage: Passage) -> Parsed:
    """The passage as a document's content: its title is a heading."""
    builder = TextBuilder()
    builder.heading(passage.title, 1)
    for paragraph in passage.paragraphs:
        builder.paragraph(paragraph)
    return builder.build(title=passage.title, fallback_title=passage.name)


def _parsed(files: Sequence[Path]) -> list[Parsed]:
    """What is read from the files."""
    if not files:
        return []
    limits = Limits()
    try:
        with Sandbox(limits) as sandbox:
            return [sandbox.parse(read_file(path, limits), path.name) for path in files]
    except ParseError as error:
        raise ConfigError(f"a file of the set cannot be read: {error}") from error


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
