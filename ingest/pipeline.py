"""Ingest: sources -> parse -> chunk -> library, with an event for every file and a summary.

    expand     folders become files; hidden ones and those without a parser are passed over load       bytes
    and their hash; a source whose bytes and settings the library has seen is unchanged, and skipped parse
    in parser processes, one per core, a few files ahead of what follows store      chunks, then one
    transaction per document, in the order of the sources

A bad file becomes an event with an error and stops nothing. Killed at any moment, the library holds the
documents whose transaction was finished; running the same command again does the rest.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from ingest.chunking import ChunkSettings, chunk_document
from ingest.document import Chunk, Document
from ingest.errors import ChunkingError, IngestError, LibraryError
from ingest.fetch import Fetcher
from ingest.library import Library, Source
from ingest.limits import Limits
from ingest.parsed import Parsed
from ingest.sandbox import Sandbox
from ingest.sources import Item, NamedFile, expand
from ingest.splitters import CountTokens, Embed

Status = Literal["added", "updated", "unchanged", "failed"]
DOWNLOADS_FOLDER = "downloads"
_FILES_AHEAD = 3  # per parser process: keeps them busy while memory stays bounded
_MAX_PARSERS = 4


@dataclass(frozen=True, slots=True)
class Event:
    """One file is done: number `number` of `total`.

    bytes: of the file. document_id: "" if failed. pages, chunks, title: of the document if it was read
    anew, else 0 and "". error: one line, "" if none. warnings: what was left out; which other file has this
    text. done_bytes, total_bytes: over all local files, for the remaining time; elapsed_seconds: since the start.
    """

    file: str
    number: int
    total: int
    status: Status
    bytes: int
    pages: int
    chunks: int
    document_id: str
    title: str
    error: str
    warnings: tuple[str, ...]
    done_bytes: int
    total_bytes: int
    elapsed_seconds: float

    @property
    def remaining_seconds(self) -> float | None:
        """At the rate so far, by bytes where they are known, else by files; None while there is no rate."""
        done, total = (self.done_bytes, self.total_bytes) if self.total_bytes else (self.number, self.total)
        return self.elapsed_seconds * (total - done) / done if done else None


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of files by outcome; pages and chunks of the added and updated ones; errors: (file, message)."""

    added: int
    updated: int
    unchanged: int
    failed: int
    pages: int
    chunks: int
    bytes: int
    seconds: float
    errors: tuple[tuple[str, str], ...]

    @property
    def files(self) -> int:
        return self.added + self.updated + self.unchanged + self.failed


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A source after reading. parsed: None if it is unchanged."""

    source: Source
    parsed: Parsed | None


def _ignore(_event: Event) -> None:
    """The listener of those who do not listen."""


def ingest(
    library: Library,
    sources: Iterable[Path | str | NamedFile],
    *,
    settings: ChunkSettings,
    count_tokens: CountTokens,
    embed: Embed | None = None,
    limits: Limits | None = None,
    on_event: Callable[[Event], None] = _ignore,
    fetcher: Fetcher | None = None,
    parsers: int | None = None,
) -> Summary:
    """Adds or updates every source in the library: files, folders, `http(s)://` URLs, named files.

    settings, count_tokens, embed: see `chunk_document`. on_event: called in this thread, once per file.
    fetcher: for URLs; by default one that keeps its downloads in the home. parsers: how many files are
    parsed at once. Raises LibraryError (disk full, read-only), ChunkingError if the settings cannot be met;
    a bad file raises nothing.
    """
    limits = limits or Limits()
    fetcher = fetcher or Fetcher(library.home / DOWNLOADS_FOLDER, max_bytes=limits.file_bytes)
    items = list(expand(sources, limits, fetcher))
    report = _Report(items, on_event)
    with closing(_load_ahead(items, library, settings.digest(), limits, parsers or _default_parsers())) as ahead:
        for item, future in ahead:
            try:
                loaded = future.result()
                if loaded.parsed is None:
                    report.add(item, "unchanged", loaded.source.bytes, document_id=library.resolve(item.name))
                else:
                    document, chunks = _chunked(item, loaded.parsed, settings, count_tokens, embed)
                    change = library.add(
                        document,
                        chunks,
                        loaded.source,
                        headings=loaded.parsed.headings,
                        settings=settings.digest(),
                    )
                    others = [name for name in library.sources(document.id) if name != item.name]
                    parsed = loaded.parsed
                    if others:
                        parsed = _with_warning(parsed, f"has the text of {others[0]}: both are one document")
                    report.add(item, change, loaded.source.bytes, parsed, document.id, len(chunks))
            except (LibraryError, ChunkingError):
                raise  # a full disk, settings that cannot be met: the next file would fare no better
            except IngestError as error:
                report.add(item, "failed", item.size_bytes, error=str(error))
    return report.summary()


def _with_warning(parsed: Parsed, warning: str) -> Parsed:
    return replace(parsed, warnings=(*parsed.warnings, warning))


def _chunked(
    item: Item, parsed: Parsed, settings: ChunkSettings, count_tokens: CountTokens, embed: Embed | None
) -> tuple[Document, list[Chunk]]:
    document = parsed.document(item.name)
    chunks = chunk_document(
        document,
        splitter=settings.splitter,
        max_tokens=settings.max_tokens,
        overlap_tokens=settings.overlap_tokens,
        count_tokens=count_tokens,
        embed=embed,
        headings=parsed.headings,
    )
    return document, chunks


def _default_parsers() -> int:
    return min(_MAX_PARSERS, os.cpu_count() or 1)


def _load_ahead(
    items: list[Item], library: Library, digest: str, limits: Limits, parsers: int
) -> Generator[tuple[Item, Future[_Loaded]], None, None]:
    """Each item with the future of its content, in order; loading runs a few items ahead, in threads.

    The threads only wait for parser processes and disks, so Python's lock does not keep them from running
    at once.
    """
    with ExitStack() as stack:
        sandboxes: SimpleQueue[Sandbox] = SimpleQueue()
        pool = ThreadPoolExecutor(parsers, thread_name_prefix="parse")
        # At the end, or when something is raised, the last of these comes first: nothing new is begun, what
        # is being parsed is stopped, the threads are waited for.
        stack.callback(pool.shutdown, wait=True)
        for _ in range(parsers):
            sandboxes.put(stack.enter_context(Sandbox(limits)))
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)

        def load(item: Item) -> _Loaded:
            sandbox = sandboxes.get()
            try:
                return _load(item, library, digest, sandbox)
            finally:
                sandboxes.put(sandbox)

        waiting = deque(items)
        running: deque[tuple[Item, Future[_Loaded]]] = deque()
        while waiting or running:
            while waiting and len(running) < _FILES_AHEAD * parsers:
                item = waiting.popleft()
                running.append((item, pool.submit(load, item)))
            yield running.popleft()


def _load(item: Item, library: Library, digest: str, sandbox: Sandbox) -> _Loaded:
    """Reads, hashes, and, if anything is new, parses one item and keeps a copy of the file."""
    content, file_name = item.load()
    sha256 = hashlib.sha256(content).hexdigest()
    suffix = Path(file_name).suffix.lower()
    source = Source(item.name, sha256, suffix, len(content))
    is_known = library.source_state(item.name) == (sha256, digest)
    if is_known and library.originals.path(sha256, suffix).exists():
        return _Loaded(source, None)
    parsed = sandbox.parse(content, Path(file_name).name)
    library.originals.store(content, sha256, suffix)
    return _Loaded(source, parsed)


# ---- report


class _Report:
    """Counts outcomes and tells the listener."""

    def __init__(self, items: list[Item], on_event: Callable[[Event], None]) -> None:
        self._total, self._total_bytes = len(items), sum(item.size_bytes for item in items)
        self._on_event = on_event
        self._started = time.monotonic()
        self._counts: dict[Status, int] = {"added": 0, "updated": 0, "unchanged": 0, "failed": 0}
        self._errors: list[tuple[str, str]] = []
        self._pages = self._chunks = self._bytes = self._done_bytes = 0

    def add(
        self,
        item: Item,
        status: Status,
        size: int,
        parsed: Parsed | None = None,
        document_id: str = "",
        chunks: int = 0,
        error: str = "",
    ) -> None:
        pages = len(parsed.pages) if parsed else 0
        self._counts[status] += 1
        self._pages += pages
        self._chunks += chunks
        self._bytes += size
        self._done_bytes += item.size_bytes
        if error:
            self._errors.append((item.name, error))
        self._on_event(
            Event(
                file=item.name,
                number=sum(self._counts.values()),
                total=self._total,
                status=status,
                bytes=size,
                pages=pages,
                chunks=chunks,
                document_id=document_id,
                title=parsed.title if parsed else "",
                error=error,
                warnings=parsed.warnings if parsed else (),
                done_bytes=self._done_bytes,
                total_bytes=self._total_bytes,
                elapsed_seconds=time.monotonic() - self._started,
            )
        )

    def summary(self) -> Summary:
        return Summary(
            **self._counts,
            pages=self._pages,
            chunks=self._chunks,
            bytes=self._bytes,
            seconds=time.monotonic() - self._started,
            errors=tuple(self._errors),
        )
