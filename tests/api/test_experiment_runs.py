"""What is kept of the runs that a server was asked for, and what of it can be read again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

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


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ('{"low": 1e999}', "JSON cannot hold"),
        ('{"low": NaN}', "JSON cannot hold"),
        (json.dumps({"question": "a \ud800 b"}), "lone surrogates"),
        (json.dumps("# \ud800"), "lone surrogates"),
    ],
)
def test_a_run_that_could_not_be_shown_is_not_taken(client: TestClient, definition: str, said: str) -> None:
    asked = f'{{"definition": {definition}}}'
    response = client.post("/v1/experiments", content=asked, headers={"Content-Type": "application/json"})
    assert response.status_code == 422 and said in response.json()["detail"]
    assert response.json()["errors"][0]["pointer"] == "/definition"
    assert client.get("/v1/experiments").json()["runs"] == []
