"""/v1/experiments/recorded: the records that come with the program, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.experiments import record

PATH = "/v1/experiments/recorded"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A record of `passages`, the only one."""
    found: dict[str, Any] = {
        "format": record.FORMAT, "experiment": {"name": "passages"}, "finding": "five was wrong in 1 % of its answers.",
        "asked": {"questions": 7}, "estimates": {"all": {}}, "provenance": {"date": "2026-01-02", "model": "decoder-1"},
    }  # fmt: skip
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    record.write(found, tmp_path / "results")
    return found


def test_records_are_listed_with_where_their_figures_are(client: TestClient, kept: dict[str, Any]) -> None:
    (head,) = client.get(PATH).json()["recorded"]
    assert (head["name"], head["questions"], head["finding"]) == ("passages", 7, kept["finding"])
    assert client.get(head["figures"]).json() == kept


@pytest.mark.parametrize("name", ["reranker", "nothing", "passages.json", "%2e%2e%2fresults%2fpassages"])
def test_what_is_not_recorded_is_not_found(client: TestClient, kept: dict[str, Any], name: str) -> None:
    assert kept and client.get(f"{PATH}/{name}").status_code == 404


def test_without_records_the_list_is_empty(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path / "nowhere")
    assert client.get(PATH).json() == {"recorded": []}
