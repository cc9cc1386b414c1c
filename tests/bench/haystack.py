"""Fills a home with the corpus and thousands of chunks of other documents, so that finding a note is work.

    python -m tests.bench.haystack HOME --data DIR
    lectern evaluate retrieval dev --home HOME

Courses and documentation about language models (`text/llm_docs`) and, so that Russian questions have something to get
wrong too, Russian programming documentation (`text/tech_docs_ru`); rows under a licence that allows it, in the order
of a hash, until each kind has its share of chunks.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

from api.config import RunConfig
from api.pipeline import Pipeline
from retrieval.training.parallel import read_json_lines

_SHARES = {"llm_docs": 0.65, "tech_docs_ru": 0.35}
_BATCH = 40


def quiet(event: object) -> None:
    """Progress that nobody looks at."""


def rows(path: Path) -> list[dict[str, object]]:
    """Rows that may be used, in a fixed random order."""
    found = [row for row in read_json_lines(path) if "no licence" not in str(row["license"])
             and "custom" not in str(row["license"]) and 500 < len(str(row["text"])) < 60_000]
    return sorted(found, key=lambda row: hashlib.sha256(str(row["id"]).encode()).digest())


def main() -> None:
    """Ingest until there are enough chunks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=5500)
    given = parser.parse_args()
    corpus = Path(__file__).parents[2] / "corpus"
    with Pipeline(RunConfig(home=given.home)) as pipeline, tempfile.TemporaryDirectory() as folder:
        pipeline.ingest([corpus], quiet)
        for name, share in _SHARES.items():
            added = 0
            todo = rows(given.data / "text" / f"{name}.jsonl.xz")
            while todo and added < share * given.chunks:
                part, todo = todo[:_BATCH], todo[_BATCH:]
                paths = []
                for row in part:
                    path = Path(folder) / f"{hashlib.sha256(str(row['id']).encode()).hexdigest()[:16]}.md"
                    path.write_text(str(row["text"]), encoding="utf-8")
                    paths.append(path)
                before = len(list(pipeline.library.chunks()))
                pipeline.ingest(paths, quiet)
                added += len(list(pipeline.library.chunks())) - before
            print(f"{name}: {added} chunks", flush=True)
        print(f"indexed: {pipeline.sync()} chunks", flush=True)


if __name__ == "__main__":
    main()
