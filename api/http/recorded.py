"""/v1/experiments/recorded: what the shipped experiments came to; records come with the program."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.experiments import record
from api.http.problem import Problem

router = APIRouter(prefix="/v1/experiments/recorded", tags=["experiments"])


@router.get("", summary="The recorded results of the shipped experiments")
def recorded() -> dict[str, Any]:
    """{recorded}: of each that has one its name, date, weights, number of questions and finding, and where its figures
    are.
    """
    return {"recorded": [_head(one) for one in record.recorded(record.RESULTS)]}


@router.get("/{name}", summary="One recorded result")
def figures(name: str) -> dict[str, Any]:
    """Every figure with its interval, the paired tests, and what it was made with. 404 where nothing is recorded."""
    # The name is looked up and never becomes a path of itself.
    found = record.load(name, record.RESULTS) if name in record.shipped_names() else None
    if found is None:
        raise Problem(404, "nothing is recorded under this name")
    return found


def _head(found: record.Json) -> dict[str, Any]:
    name = found["experiment"]["name"]
    return {
        "name": name, "date": found["provenance"]["date"], "model": found["provenance"]["model"],
        "questions": found["asked"]["questions"], "finding": found["finding"],
        "figures": f"/v1/experiments/recorded/{name}",
    }  # fmt: skip
