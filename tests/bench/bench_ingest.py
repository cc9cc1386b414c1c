"""Pages per second of ingest against pypdf alone, on a folder of PDFs of yours, and where the time goes.

    python -m tests.bench.bench_ingest FOLDER

pypdf alone reads every page's text in this process; ingest does that in its parser process, cleans, cuts into chunks
and writes the library (no embedding: that is timed apart). Files that either refuses are left out of both.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from pathlib import Path

import pypdf

from ingest.chunking import ChunkSettings
from ingest.library import Library
from ingest.pipeline import ingest
from retrieval.embedder import load_embedder
from retrieval.entries import chunk_text


def quiet(event: object) -> None:
    """Progress that nobody looks at."""


def pages_alone(path: Path) -> int:
    """Pages whose text pypdf gives; 0 for a file that it refuses."""
    try:
        reader = pypdf.PdfReader(path)
        return sum(1 for page in reader.pages if page.extract_text() is not None)
    except Exception:
        return 0


def main() -> None:
    """One run of each on the same files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    files = sorted(given.folder.glob("*.pdf"))
    started = time.perf_counter()
    alone = sum(pages_alone(path) for path in files)
    alone_seconds = time.perf_counter() - started
    embedder = load_embedder()
    with tempfile.TemporaryDirectory() as home, Library(Path(home)) as library:
        started = time.perf_counter()
        summary = ingest(
            library, files, settings=ChunkSettings(), count_tokens=embedder.count_tokens, embed=None,
            on_event=quiet,
        )
        ingest_seconds = time.perf_counter() - started
        documents = {info.id: info.title for info in library.documents()}
        texts = [chunk_text(chunk, documents[chunk.document_id]) for chunk in library.chunks()]
        started = time.perf_counter()
        embedder.encode(texts)
        embed_seconds = time.perf_counter() - started
    print(f"pypdf alone   {alone:5d} pages {alone_seconds:6.1f} s {alone / alone_seconds:6.1f} pages/s")
    print(
        f"ingest        {summary.pages:5d} pages {ingest_seconds:6.1f} s {summary.pages / ingest_seconds:6.1f} pages/s,"
        f" {summary.failed} of {summary.files} files refused"
    )
    print(f"embedding     {len(texts):5d} passages {embed_seconds:6.1f} s {len(texts) / embed_seconds:6.1f} passages/s")
    ratio = (summary.pages / ingest_seconds) / (alone / alone_seconds)
    print(f"ratio of pages per second, ingest to pypdf alone: {ratio:.2f}")


if __name__ == "__main__":
    main()
