"""A bar on a terminal; in a log a line now and then, with what remains."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from api.cli import bar as module
from api.cli.bar import Bar, line


@pytest.mark.parametrize("terminal", [False, True])
def test_in_a_log_a_line_is_written_now_and_then(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    written, now = io.StringIO(), [0.0]
    monkeypatch.setattr(module, "err", Console(file=written, force_terminal=terminal))
    monkeypatch.setattr("api.cli.bar.time.monotonic", lambda: now[0])
    bar = Bar()  # not started: the moving bar is rich's
    task = bar.add_task("Asking", total=None)
    for done in range(1, 8):
        now[0] += 10
        bar.update(task, completed=done, total=9)
    lines = [text[:14] for text in written.getvalue().split("\n") if text]
    assert lines == ([] if terminal else ["Asking: 3 of 9", "Asking: 6 of 9"])


def test_a_line_says_what_remains() -> None:
    bar = Bar()
    task = bar._tasks[bar.add_task("Asking", total=None)]
    assert line(task) == "Asking"
    task._get_time, task.start_time = (lambda: 60.0), 0.0
    task.total, task.completed = 400, 100
    assert line(task) == "Asking: 100 of 400, about 0:03:00 to go"
    task.completed = 400
    assert line(task) == "Asking: 400 of 400"
