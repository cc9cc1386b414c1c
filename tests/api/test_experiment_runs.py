"""What is kept of the runs that a server was asked for, and what of it can be read again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from api.experiments.runs import RUNS, Run, Runs

NOW = "2026-01-02T03:04:05+00:00"
KEPT = Run("mine-0123456789ab", "mine", "Why?", "stopped", NOW, NOW, request={"definition": {"low": 0.5}})


def test_a_run_is_read_as_it_was_saved(tmp_path: Path) -> None:
    Runs(tmp_path).save(KEPT)
    assert Runs(tmp_path).saved() == [KEPT]


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_run_that_cannot_be_shown_is_left_out(tmp_path: Path, number: float) -> None:
    """As an earlier server took it: the list of all runs would be no JSON."""
    runs = Runs(tmp_path)
    spoilt = dataclasses.replace(KEPT, id="theirs-0123456789ab", request={"definition": {"low": number}})
    for run in (KEPT, spoilt):
        runs.save(run)
    assert len(list((tmp_path / RUNS).iterdir())) == 2 and runs.saved() == [KEPT]
