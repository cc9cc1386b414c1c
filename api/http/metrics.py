"""GET /metrics: what the server does, for Prometheus.

Requests are labelled with the route's pattern and never with a path, so that a stranger who tries a
million paths makes no million time series. Each app has a registry of its own: two servers in one process
(tests) do not mix.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.admission import Admission
from generator.answer import Answer

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The figures of one server."""

    def __init__(self, admission: Admission) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("lectern_http_requests", "HTTP requests", labels, registry=self.registry)
        self.seconds = Histogram(
            "lectern_http_request_seconds", "Time to the end of the response", ("method", "route"),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.answers = Counter(
            "lectern_answers", "Answers by outcome", ("mode", "status", "reason"), registry=self.registry
        )
        self.sentences = Counter(
            "lectern_sentences", "Sentences by origin", ("origin",), registry=self.registry
        )
        self.steps = Histogram(
            "lectern_answer_step_seconds", "Time per step of an answer", ("step",),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.files = Counter(
            "lectern_ingested_files", "Files ingested over HTTP", ("status",), registry=self.registry
        )
        running = Gauge(
            "lectern_model_jobs_running", "Answers and searches being made", registry=self.registry
        )
        running.set_function(lambda: admission.running)
        waiting = Gauge(
            "lectern_model_jobs_waiting", "Answers and searches in the queue", registry=self.registry
        )
        waiting.set_function(lambda: admission.waiting)
        self.documents = Gauge("lectern_documents", "Documents in the library", registry=self.registry)

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers.labels(answer.mode, answer.status, answer.reason).inc()
        for sentence in answer.sentences:
            self.sentences.labels(sentence.origin).inc()
        for step, milliseconds in answer.timings_ms.items():
            self.steps.labels(step).observe(milliseconds / 1000)

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)


class Measured:
    """ASGI middleware that counts and times requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        finally:
            method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "DELETE"} else "other"
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - started)
