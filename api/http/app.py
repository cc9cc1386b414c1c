"""The application: what is mounted, and the layers every request passes.

    Measured -> Guard (Host, Origin, key; security headers) -> BodyGate (size, type) -> FastAPI -> a handler

The layers wrap FastAPI from outside and are not its `middleware`: an unforeseen error is answered further
out than FastAPI's middleware, and that answer needs the security headers too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.http import ask, chat, documents, experiments, health, jobs, page, pages, problem, recorded
from api.http.admission import Admission
from api.http.body import BodyGate, BodyLimits
from api.http.experimenter import Experimenter
from api.http.guard import Access, Guard
from api.http.metrics import Measured, Metrics
from api.http.service import Service
from api.http.tickets import Tickets
from api.http.uploads import Uploads
from api.http.warmup import Warmup
from api.page_viewer import PageViewer
from api.pipeline import Pipeline


def create_app(
    pipeline: Pipeline,
    access: Access | None = None,
    *,
    slots: int = 2,
    waiting: int = 16,
    body_limits: BodyLimits | None = None,
    endpoints: Mapping[str, str | None] | None = None,
) -> ASGIApp:
    """The ASGI application over a pipeline, which the caller closes. slots, waiting: see `Admission`; endpoints: see
    `Service`."""

    admission = Admission(slots=slots, waiting=waiting)
    metrics = Metrics(admission)
    experimenter = Experimenter(pipeline, lambda: admission.running + admission.waiting > 0)
    uploads, warmup = Uploads(pipeline, metrics), Warmup(pipeline.load_models)
    service = Service(
        pipeline, admission, uploads, experimenter, warmup, metrics, endpoints or {}, Tickets(), PageViewer()
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.uploads.start()
        service.experimenter.start()
        service.warmup.start()
        try:
            yield
        finally:
            service.warmup.close()
            service.experimenter.close()
            service.uploads.close()
            service.admission.close()
            service.pages.close()

    app = FastAPI(
        title="Lectern",
        version=_version(),
        description="Ask a reading list: short answers, each sentence tied to the page and words behind it.",
        lifespan=lifespan,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
        docs_url=None,  # these pages load scripts from elsewhere, which the content security policy forbids
        redoc_url=None,
    )
    app.state.service = service
    problem.install(app)
    for noun in (ask, documents, pages, jobs, recorded, experiments, chat, health, page):  # the first that fits a path
        app.include_router(noun.router)
    app.include_router(experiments.opened)
    return Measured(Guard(BodyGate(app, body_limits or BodyLimits()), access or Access()), metrics)


def _version() -> str:
    try:
        return version("lectern")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "0"
