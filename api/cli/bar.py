"""A progress bar on standard error that goes away when it is done; in a log, now and then a line instead."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn

from api.cli.console import err

SECONDS_BETWEEN_LINES = 30.0


class Bar(Progress):
    """What long work shows of itself: `bar.add_task("Asking")`, then `bar.update(task, completed=3, total=9)`."""

    def __init__(self) -> None:
        super().__init__(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=err, transient=True,
        )  # fmt: skip
        self._said = time.monotonic()

    def update(self, task_id: TaskID, **fields: Any) -> None:
        """As `Progress.update`."""
        super().update(task_id, **fields)
        now = time.monotonic()
        if not self.console.is_terminal and now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            self.console.print(line(self._tasks[task_id]))


def line(task: Task) -> str:
    """`Asking: 120 of 360, about 0:05:12 to go`."""
    if task.total is None:
        return task.description
    said = f"{task.description}: {task.completed:,.0f} of {task.total:,.0f}"
    if not task.completed or task.elapsed is None or task.completed >= task.total:
        return said
    remaining = task.elapsed / task.completed * (task.total - task.completed)
    return f"{said}, about {timedelta(seconds=round(remaining))} to go"
