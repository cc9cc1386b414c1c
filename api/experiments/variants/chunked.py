"""The documents of a library cut by other settings, as a library and an index of their own.

    <home>/experiments/chunked/<digest>/

The digest is of the documents, the settings and the embedder: experiments share what they cut alike, changed documents
are cut anew, and the library that they come from is only read. A document is one transaction; a killed run goes on
after the last one. No originals are kept. Any of these folders may be deleted: the next run makes it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.config import override
from api.experiments.knobs import Knobs
from api.experiments.provenance import digest
from api.pipeline import Pipeline
from ingest.chunking import ChunkSettings, chunk_document
from ingest.library import DocumentInfo, Source

FOLDER = "chunked"
_SHOWN_CHARS = 16  # of the digest, in the folder's name

OnProgress = Callable[[int, int], None]


def settings_of(pipeline: Pipeline, knobs: Knobs) -> ChunkSettings | None:
    """How the arm wants the documents cut; None where they are cut so already, or it does not say.

    Raises ConfigError, ChunkingError for settings that do not go together with the home's.
    """
    turned = knobs.chunking()
    if not turned:
        return None
    wanted: ChunkSettings = override(pipeline.config.chunking, **turned)
    same = wanted == pipeline.config.chunking
    return None if same and all(i.settings == wanted.digest() for i in pipeline.library.documents()) else wanted


def digest_of(pipeline: Pipeline, settings: ChunkSettings) -> str:
    """Of all that determines the chunks, in hexadecimal."""
    library, encoder = pipeline.library, pipeline.encoder
    documents: list[Any] = [
        [info.id, info.title, info.language, list(info.sources),
         [dataclasses.astuple(heading) for heading in library.headings(info.id)]]
        for info in sorted(library.documents(), key=lambda info: info.id)
    ]  # fmt: skip
    return digest([settings.digest(), encoder.name, encoder.fingerprint, documents])


def chunked(
    pipeline: Pipeline, settings: ChunkSettings, folder: Path, on_progress: OnProgress | None = None
) -> tuple[Pipeline, str]:
    """(a pipeline over the documents of `pipeline` cut by `settings`, the digest of its library), its index in step.

    folder: where such libraries lie. on_progress: (done, to do), of cutting documents, then of embedding passages. The
    pipeline is for the caller to close. Raises LibraryError, ChunkingError.
    """
    told = digest_of(pipeline, settings)
    config = dataclasses.replace(pipeline.config, home=folder / told[:_SHOWN_CHARS], chunking=settings)
    own = Pipeline(config, encoder=pipeline.encoder, answerer=pipeline.answerer)
    try:
        cut = {info.id for info in own.library.documents()}
        documents = pipeline.library.documents()
        for number, info in enumerate(documents, start=1):
            if info.id not in cut:
                _add(pipeline, own, info)
            if on_progress is not None:
                on_progress(number, len(documents))
        own.sync(on_progress)
    except BaseException:
        own.close()
        raise
    return own, told


def _add(pipeline: Pipeline, own: Pipeline, info: DocumentInfo) -> None:
    """Cut one document into `own`."""
    settings, encoder = own.config.chunking, own.encoder
    document, headings = pipeline.library.document(info.id), pipeline.library.headings(info.id)
    chunks = chunk_document(
        document, splitter=settings.splitter, max_tokens=settings.max_tokens, overlap_tokens=settings.overlap_tokens,
        count_tokens=encoder.count_tokens, embed=encoder.encode, headings=headings,
    )  # fmt: skip
    for name in info.sources:
        known = pipeline.library.source_state(name)
        source = Source(name, known[0] if known else "", Path(name).suffix.lower(), info.bytes)
        own.library.add(document, chunks, source, headings=headings, settings=settings.digest())
