"""GET /healthz, /readyz and /metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from api.http.metrics import CONTENT_TYPE
from api.http.problem import Problem
from api.http.service import ServiceDep

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> dict[str, str]:
    """Always ok: it touches nothing that could be stuck."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether questions can be asked")
def readyz(service: ServiceDep) -> dict[str, Any]:
    """Ok when the models are loaded and the library can be read; a problem with status 503 until then.

    `failed` in it tells whether loading went wrong; it is tried again twice a minute.
    """
    if service.warmup.error:
        raise Problem(503, service.warmup.error, {"Retry-After": "30"}, failed=True)
    if not service.warmup.done:
        raise Problem(503, "the models are being loaded", {"Retry-After": "2"}, failed=False)
    return {"status": "ready", "documents": service.pipeline.count_documents()}


@router.get("/metrics", summary="Figures for Prometheus")
def metrics(service: ServiceDep) -> Response:
    """Prometheus' text format."""
    service.metrics.documents.set(service.pipeline.count_documents())
    return Response(service.metrics.text(), media_type=CONTENT_TYPE)
