"""Experiments started over HTTP: they wait in a line and run one after the other in a background thread.

A run goes on when the client that started it has left. Each answer is kept as it is made, so stopping a run, or the
server, costs one answer at most, and starting it again goes on from there. Runs that a server left unfinished are
shown as stopped by the next one. People come first: before each answer the thread waits a little while somebody's
question is being answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from api.experiments.chosen import Chosen
from api.experiments.offers import Offers
from api.experiments.places import FOLDER
from api.experiments.runs import Run, Runs
from api.http.problem import Problem, as_problem
from api.parts import import_libraries
from api.pipeline import Pipeline

if TYPE_CHECKING:
    from api.experiments.runner import Progress

logger = logging.getLogger("lectern.http")

MAX_WAITING_RUNS = 32
_PATIENCE_SECONDS = 10.0  # for people's questions, before each answer
_POLL_SECONDS = 0.05
_SAVE_SECONDS = 2.0  # progress on disk is this old at most


class _Stopped(Exception):
    """The run is to stop here."""


@dataclass(slots=True)
class Pace:
    """How fast answers are made: those asked since the first one was; answers from the cache cost nothing."""

    started: float | None = None
    asked_before: int = 0

    def remaining_seconds(self, progress: Progress, now: float) -> float | None:
        """Until the end, if no further answer is in the cache; None before two answers were made."""
        asked = progress.done - progress.cached
        if self.started is None:
            self.started, self.asked_before = (now, asked) if asked else (None, 0)
            return None
        made = asked - self.asked_before
        return (now - self.started) / made * (progress.total - progress.done) if made else None


class Experimenter:
    """The line of runs and the thread that works on it. busy: whether questions of people are being answered."""

    def __init__(self, pipeline: Pipeline, busy: Callable[[], bool]) -> None:
        self._pipeline = pipeline
        self._busy = busy
        self.offers = Offers()
        self._stored = Runs(pipeline.config.home / FOLDER)
        self._changed = threading.Condition()  # guards what follows
        self._runs: dict[str, Run] = {}
        self._line: list[Chosen] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work; runs that an earlier server left unfinished are marked as stopped."""
        with self._changed:
            for run in self._stored.saved():
                self._runs[run.id] = run
                if run.unfinished:
                    self._set(run.id, state="stopped", remaining_seconds=None)
        self._thread = threading.Thread(target=self._work, name="lectern-experiments", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the answer in hand."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def add(self, chosen: Chosen) -> Run:
        """The run, put into the line unless it is there or under way already.

        Raises Problem 409 while it is being stopped, 429 if too many wait.
        """
        with self._changed:
            before = self._runs.get(chosen.id)
            if before is not None and before.state == "stopping":
                raise Problem(409, "it is still being stopped: start it again in a moment", {"Retry-After": "2"})
            if before is not None and before.unfinished:
                return before
            if len(self._line) >= MAX_WAITING_RUNS:
                raise Problem(429, "too many experiments are waiting: stop some of them", {"Retry-After": "60"})
            now, experiment = _now(), chosen.experiment
            run = Run(
                chosen.id, experiment.name, experiment.question, "queued", now, now, chosen.limit, experiment.seed,
                request=chosen.request,
            )  # fmt: skip
            self._stored.save(run)
            self._runs[run.id] = run
            self._line.append(chosen)
            self._changed.notify_all()
            return run

    def remove(self, run_id: str) -> Run | None:
        """Stop a run that is under way or waits: the run as it is then. One that was stopped or has failed is taken off
        the list: None. Raises Problem 404, and 409 for one that is done.
        """
        with self._changed:
            run = self._runs.get(run_id)
            if run is None and self._stored.head(run_id) is None:
                raise _unknown(run_id)
            if run is None or run.state == "done":
                raise Problem(409, f"{run_id} is done: there is nothing to stop")
            if not run.unfinished:
                self._stored.forget(run_id)
                del self._runs[run_id]
                return None
            if run.state == "queued":
                self._line = [chosen for chosen in self._line if chosen.id != run_id]
                return self._set(run_id, state="stopped")
            return self._set(run_id, state="stopping", remaining_seconds=None)

    def all(self) -> list[tuple[Run, str]]:
        """(every run, its finding or ""), the newest first."""
        heads = self._stored.heads()
        with self._changed:
            known = list(self._runs.values())
        named = {run.folder for run in known}
        runs = [*known, *(head.run for name, head in heads.items() if name not in named)]
        runs.sort(key=lambda run: run.created_at, reverse=True)
        findings = {name: head.finding for name, head in heads.items()}
        return [(run, findings.get(run.folder, "")) for run in runs]

    def get(self, run_id: str) -> Run:
        """One run. Raises Problem 404."""
        with self._changed:
            if (run := self._runs.get(run_id)) is not None:
                return run
        head = self._stored.head(run_id)
        if head is None:
            raise _unknown(run_id)
        return head.run

    def results(self, run_id: str) -> dict[str, Any]:
        """The results of a run that is done. Raises Problem 404, 409 for one that is not, ConfigError."""
        return self._stored.results(self.report_folder(run_id))

    def report(self, run_id: str, script_hash: str) -> str:
        """Its report as HTML: see `api.experiments.runs.Runs.report`. Raises as `results` does, and OSError."""
        return self._stored.report(self.report_folder(run_id), script_hash)

    def report_folder(self, run_id: str) -> str:
        """The name of the folder of a run that is done. Raises Problem 404, 409 for one that is not."""
        run = self.get(run_id)
        if not run.folder:
            raise Problem(409, f"{run_id} has no results: it is {run.state}")
        return run.folder

    # ---- working

    def _set(self, run_id: str, **changes: Any) -> Run:
        """The run with changes, kept on disk too. To be called with `_changed` held."""
        run = self._runs[run_id] = replace(self._runs[run_id], updated_at=_now(), **changes)
        try:
            self._stored.save(run)
        except OSError as error:
            logger.error("experiment %s: %s", run_id, error)
        return run

    def _work(self) -> None:
        while (chosen := self._next()) is not None:
            self._run(chosen)

    def _next(self) -> Chosen | None:
        """The first of the line, marked as running; None when the server is being stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._line)
            if self._closed:
                return None
            chosen = self._line.pop(0)
            self._set(chosen.id, state="running")
            return chosen

    def _run(self, chosen: Chosen) -> None:
        """Run one experiment; whatever happens is written into it."""
        import_libraries()
        from api.experiments import runner

        changes: dict[str, Any]
        try:
            finished = runner.run(
                self._pipeline, chosen.experiment, date=_now(), limit=chosen.limit,
                on_progress=self._noting(chosen.id), on_passages=self._preparing(chosen.id),
            )  # fmt: skip
            changes = {"state": "done", "folder": finished.folder.name}
        except _Stopped:
            changes = {"state": "stopped"}
        except Exception as error:
            problem = as_problem(error)
            if problem.status_code == 500 and not self._closed:
                logger.exception("experiment %s", chosen.id)
            # A server that is being stopped pulls the library away: that is no fault of the run.
            changes = {"state": "stopped"} if self._closed else {"state": "failed", "error": problem.detail}
        with self._changed:
            self._set(chosen.id, remaining_seconds=None, **changes)

    def _preparing(self, run_id: str) -> Callable[[int, int], None]:
        """What hears of passages that are read and embedded before the first question: notes it, stops the run."""
        saved = 0.0

        def note(done: int, total: int) -> None:
            nonlocal saved
            self._go_on(run_id)
            saved = self._reached(run_id, saved, prepared=done, to_prepare=total)

        return note

    def _noting(self, run_id: str) -> Callable[[Progress], None]:
        """What hears of a run's progress: writes it down, lets people's questions go first, stops the run."""
        pace, saved = Pace(), 0.0

        def note(progress: Progress) -> None:
            nonlocal saved
            now = time.monotonic()
            reached: dict[str, Any] = {
                "done": progress.done, "total": progress.total, "cached": progress.cached,
                "remaining_seconds": pace.remaining_seconds(progress, now),
            }  # fmt: skip
            saved = self._reached(run_id, saved, **reached)
            # The last answer is made: what remains are the figures, and they are quick.
            while progress.done < progress.total:
                self._go_on(run_id)
                if not self._busy() or time.monotonic() - now > _PATIENCE_SECONDS:
                    break
                time.sleep(_POLL_SECONDS)

        return note

    def _reached(self, run_id: str, saved: float, **progress: Any) -> float:
        """Notes how far a run is: at once for whoever looks, on disk now and then. saved: when that was last; the same
        after this."""
        now = time.monotonic()
        with self._changed:
            if now - saved >= _SAVE_SECONDS:
                self._set(run_id, **progress)
                return now
            self._runs[run_id] = replace(self._runs[run_id], **progress)
        return saved

    def _go_on(self, run_id: str) -> None:
        """Raises _Stopped if the run, or the server, is to stop."""
        if self._closed or self._runs[run_id].state == "stopping":
            raise _Stopped


def _unknown(run_id: str) -> Problem:
    return Problem(404, f"there is no run {run_id[:80]!r}: GET /v1/experiments lists them")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
