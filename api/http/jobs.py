"""GET /v1/jobs/{id}: how far an upload has come, and what became of each file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.answer_json import job_json
from api.http.problem import Problem
from api.http.service import ServiceDep
from ingest.errors import UnknownJob

router = APIRouter(prefix="/v1/jobs", tags=["documents"])


@router.get("", summary="The latest jobs, newest first")
def jobs(service: ServiceDep) -> dict[str, Any]:
    """{jobs}: a hundred at most."""
    return {"jobs": [job_json(job) for job in service.pipeline.library.jobs.all()]}


@router.get("/{job_id}", summary="One job")
def job(job_id: Annotated[str, Path(max_length=64)], service: ServiceDep) -> dict[str, Any]:
    """State (queued, running, done, failed), progress 0..1, and a result per finished file."""
    try:
        return job_json(service.pipeline.library.jobs.get(job_id))
    except UnknownJob as error:
        raise Problem(404, str(error)) from None
