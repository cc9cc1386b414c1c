"""Jobs: what the HTTP API says about an upload while it is ingested; kept in the library's SQLite file."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from ingest.database import Database
from ingest.errors import UnknownJob

JobState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file. status: "added", "updated", "unchanged" or "failed"; error: one line or "".

    warnings: what was left out, such as a page that could not be read.
    """

    file: str
    status: str
    document_id: str = ""
    pages: int = 0
    chunks: int = 0
    error: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One upload. files: all names; results: those finished. error: why the whole job stopped, or "".

    Times are ISO 8601 in UTC. "done" says that every file was tried; look at the results for files that
    failed.
    """

    id: str
    state: JobState
    created_at: str
    updated_at: str
    files: tuple[str, ...]
    results: tuple[FileResult, ...] = ()
    error: str = ""

    @property
    def progress(self) -> float:
        """Finished share of the files, 0..1."""
        return len(self.results) / len(self.files) if self.files else float(self.state == "done")


class Jobs:
    """The table of jobs. Every call is one transaction; jobs survive a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, files: Sequence[str]) -> Job:
        """A new queued job. Its id is random: a job is an event, not content."""
        now = utc_now()
        job = Job(id=uuid.uuid4().hex[:16], state="queued", created_at=now, updated_at=now, files=tuple(files))
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO jobs (id, state, created_at, updated_at, content) VALUES (?, ?, ?, ?, ?)",
                (job.id, job.state, now, now, _content(job)),
            )
        return job

    def save(self, job: Job) -> Job:
        """Writes the job's state, results and error; returns it with the new time. Raises UnknownJob."""
        job = replace(job, updated_at=utc_now())
        with self._database.transaction() as sql:
            changed = sql.execute(
                "UPDATE jobs SET state = ?, updated_at = ?, content = ? WHERE id = ?",
                (job.state, job.updated_at, _content(job), job.id),
            ).rowcount
        if not changed:
            raise UnknownJob(f"no job {job.id}: it may have been removed")
        return job

    def finish_file(self, job: Job, result: FileResult) -> Job:
        """Adds one file's result to a running job."""
        return self.save(replace(job, state="running", results=(*job.results, result)))

    def get(self, job_id: str) -> Job:
        """Raises UnknownJob."""
        rows = self._database.rows(_SELECT + " WHERE id = ?", (job_id,))
        if not rows:
            raise UnknownJob(f"no job {job_id}: list the jobs to see which there are")
        return _job(rows[0])

    def all(self, limit: int = 100) -> list[Job]:
        """Newest first."""
        return [_job(row) for row in self._database.rows(_SELECT + " ORDER BY number DESC LIMIT ?", (limit,))]

    def interrupt(self) -> int:
        """Marks jobs that a stopped server left unfinished as failed; returns how many."""
        unfinished = [job for job in self.all(limit=1000) if job.state in ("queued", "running")]
        for job in unfinished:
            self.save(replace(job, state="failed", error="interrupted: the server stopped; add the files again"))
        return len(unfinished)


_SELECT = "SELECT id, state, created_at, updated_at, content FROM jobs"


def utc_now() -> str:
    """Now, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _content(job: Job) -> str:
    content = {"files": job.files, "results": [asdict(result) for result in job.results], "error": job.error}
    return json.dumps(content, ensure_ascii=False)


def _job(row: tuple[str, JobState, str, str, str]) -> Job:
    job_id, state, created_at, updated_at, content = row
    fields = json.loads(content)
    results = tuple(_result(result) for result in fields["results"])
    return Job(job_id, state, created_at, updated_at, tuple(fields["files"]), results, fields["error"])


def _result(values: dict[str, Any]) -> FileResult:
    """The inverse of `asdict`; what was written before there were warnings has none."""
    return FileResult(**{**values, "warnings": tuple(values.get("warnings", ()))})
