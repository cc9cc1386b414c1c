"""Files and addresses added over HTTP: received here, ingested one job after the other in a background
thread.

What was sent is checked before a job is made of it: a suffix that can be read, a size within the limits, a
beginning that fits the suffix. The files wait in `<home>/uploads/<job>/` and go when the job is done; the
library keeps the originals. The worker opens the library for itself, so that a long write never holds up
the readers.

An upload's source is `upload:<start of its hash>/<name>`: the same file again is unchanged, and another
file that happens to have the same name ("paper.pdf") never takes the first one's place.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import re
import shutil
import threading
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from starlette.datastructures import UploadFile

from api.http.metrics import Metrics
from api.http.problem import Problem, as_problem
from api.pipeline import Pipeline
from ingest.errors import IngestError, ParseError
from ingest.formats import kind_of
from ingest.jobs import FileResult, Job
from ingest.library import Library
from ingest.limits import MEBIBYTE, Limits
from ingest.pipeline import Event
from ingest.sources import NamedFile

logger = logging.getLogger("lectern.http")

MAX_WAITING_JOBS = 32
_HEAD_BYTES = 8_192
_MAX_NAME_CHARS, _MAX_SUFFIX_CHARS = 120, 20
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class _Task:
    """A job and what it has to ingest: files in `folder`, or one address."""

    job: Job
    sources: tuple[NamedFile | str, ...]
    folder: Path | None = None


class _Signal(Enum):
    """Work without a job: let the index follow the library; look whether to stop."""

    SYNC = auto()
    WAKE = auto()


class Uploads:
    """The queue of jobs and the thread that works on it."""

    def __init__(self, pipeline: Pipeline, metrics: Metrics) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._folder = pipeline.config.home / "uploads"
        self._limits = Limits()
        self._queue: queue.Queue[_Task | _Signal] = queue.Queue(MAX_WAITING_JOBS)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work; jobs that an earlier server left unfinished are marked so."""
        self._pipeline.library.jobs.interrupt()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._thread = threading.Thread(target=self._work, name="lectern-ingest", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the file in hand; what waits is marked as interrupted at the next start."""
        self._stopped.set()
        with suppress(queue.Full):  # a thread that finds something in the queue needs no waking
            self._queue.put_nowait(_Signal.WAKE)
        if self._thread is not None:
            self._thread.join(timeout=5)

    def add_files(self, files: Sequence[UploadFile]) -> Job:
        """A job for the files. Raises Problem 413 or 415 if none can be taken, 429 if too much waits; OSError."""
        self._check_room()
        names = [safe_name(file.filename or "") for file in files]
        refused = {
            index: problem
            for index, file in enumerate(files)
            if (problem := self._refusal(file, names[index]))
        }
        if len(refused) == len(files):
            raise next(iter(refused.values()))
        job = self._pipeline.library.jobs.create(names)
        for index, problem in refused.items():
            self._metrics.files.labels("failed").inc()
            job = self._pipeline.library.jobs.finish_file(
                job, FileResult(names[index], "failed", error=problem.detail)
            )
        folder = self._folder / job.id
        try:
            taken = [
                self._store(file, folder / str(index), names[index])
                for index, file in enumerate(files)
                if index not in refused
            ]
        except OSError as error:
            _drop(folder)  # first: on a full disk the job itself cannot be written before
            self._fail(job, as_problem(error))
            raise
        self._enqueue(_Task(job, tuple(taken), folder))
        return job

    def sync_soon(self) -> None:
        """Let the index follow a removal, when the work before it is done."""
        with suppress(queue.Full):  # each job that waits ends with the same
            self._queue.put_nowait(_Signal.SYNC)

    def add_url(self, url: str) -> Job:
        """A job for a web address. Raises Problem 422 if it is not http(s), 429 if too much waits."""
        self._check_room()
        if not re.match(r"https?://[^/\s]", url, re.IGNORECASE):
            raise Problem(422, "only http:// and https:// addresses can be fetched")
        job = self._pipeline.library.jobs.create([url])
        self._enqueue(_Task(job, (url,)))
        return job

    # ---- receiving

    def _check_room(self) -> None:
        if self._queue.full():
            raise Problem(
                429, "too many uploads are waiting: try again a little later", {"Retry-After": "30"}
            )

    def _enqueue(self, task: _Task) -> None:
        try:
            self._queue.put_nowait(task)
        except queue.Full:  # others were quicker since `_check_room`
            self._pipeline.library.jobs.save(
                replace(task.job, state="failed", error="too many uploads are waiting")
            )
            _drop(task.folder)
            self._check_room()

    def _refusal(self, file: UploadFile, name: str) -> Problem | None:
        """Why the file cannot be taken, or None."""
        if (file.size or 0) > self._limits.file_bytes:
            return Problem(413, f"{name}: larger than {self._limits.file_bytes // MEBIBYTE} MiB, the limit")
        head = file.file.read(_HEAD_BYTES)
        file.file.seek(0)
        try:
            kind_of(head, name)
        except ParseError as error:
            return Problem(415, str(error))
        return None

    def _store(self, file: UploadFile, path: Path, name: str) -> NamedFile:
        """The upload as a file at `path`, under its own name."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        with path.open("rb") as stored:
            digest = hashlib.file_digest(stored, "sha256").hexdigest()
        return NamedFile(f"upload:{digest[:8]}/{name}", path, name)

    # ---- working

    def _work(self) -> None:
        while not self._stopped.is_set():
            task = self._queue.get()
            if isinstance(task, _Task):
                self._run(task)
            elif task is _Signal.SYNC:
                self._sync()

    def _sync(self) -> None:
        try:
            self._pipeline.sync()
        except Exception as error:
            logger.error("the index could not follow the library: %s", error)

    def _run(self, task: _Task) -> None:
        """Ingest one job; whatever happens is written into it."""
        job = task.job
        try:
            with Library(self._pipeline.config.home) as library:
                job = library.jobs.save(replace(job, state="running"))

                def note(event: Event) -> None:
                    nonlocal job
                    self._metrics.files.labels(event.status).inc()
                    job = library.jobs.finish_file(job, _result(event))
                    if self._stopped.is_set():
                        raise _Stopped

                self._pipeline.ingest(task.sources, note, library=library)
                self._pipeline.sync()  # embed now: the next question should not have to wait for it
                job = library.jobs.save(replace(job, state="done"))
        except _Stopped:
            return
        except Exception as error:
            problem = as_problem(error)
            if problem.status_code == 500:
                logger.exception("job %s", job.id)
            self._fail(job, problem)
        finally:
            _drop(task.folder)

    def _fail(self, job: Job, problem: Problem) -> None:
        """Write into the job why it failed, if anything can be written."""
        try:
            self._pipeline.library.jobs.save(replace(job, state="failed", error=problem.detail))
        except IngestError as error:
            logger.error("job %s: %s", job.id, error)


class _Stopped(Exception):
    """The server is being stopped; the job stays as it is and is marked at the next start."""


def _result(event: Event) -> FileResult:
    """What the job remembers of a file; an upload under the name it came with."""
    name = event.file.partition("/")[2] if event.file.startswith("upload:") else event.file
    return FileResult(
        name, event.status, event.document_id, event.pages, event.chunks, event.error, warnings=event.warnings
    )


def safe_name(name: str) -> str:
    """The last part of a file name that came from outside, without what file systems or people could trip
    over.
    """
    last = (
        unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
        .replace("\\", "/")
        .rsplit("/", 1)[-1]
    )
    cleaned = _NOT_IN_NAMES.sub("_", last).strip(" .") or "unnamed"
    stem, dot, suffix = cleaned.rpartition(".")
    suffix = suffix[:_MAX_SUFFIX_CHARS]
    return f"{stem[: _MAX_NAME_CHARS - 1 - len(suffix)]}.{suffix}" if dot else cleaned[:_MAX_NAME_CHARS]


def _drop(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
