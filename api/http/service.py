"""What every handler works with: the pipeline, the admission to its models, the jobs, the
experiments and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.http.admission import Admission
from api.http.experimenter import Experimenter
from api.http.metrics import Metrics
from api.http.tickets import Tickets
from api.http.uploads import Uploads
from api.http.warmup import Warmup
from api.page_viewer import PageViewer
from api.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Service:
    """One running server. endpoints: what experiments that come over HTTP may ask, see `api.experiments.chosen.choose`.
    tickets: for reports."""

    pipeline: Pipeline
    admission: Admission
    uploads: Uploads
    experimenter: Experimenter
    warmup: Warmup
    metrics: Metrics
    endpoints: Mapping[str, str | None]
    tickets: Tickets
    pages: PageViewer


def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


ServiceDep = Annotated[Service, Depends(_service)]
