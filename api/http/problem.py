"""Errors as `application/problem+json` (RFC 9457), whatever raised them.

`type` is `about:blank`, so `title` is the status phrase; `detail` is the one line that says what to do.
Validation errors add `errors`: a list of {pointer, detail}, `pointer` a JSON pointer into the request (RFC
6901).
"""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.errors import ApiError, ConfigError, HomeError, QuestionError, RequestError, system_message
from corpus.records import CorpusError
from generator.errors import GeneratorError
from ingest.errors import IngestError, UnknownDocument
from retrieval.errors import QueryError, RetrievalError

logger = logging.getLogger("lectern.http")

MEDIA_TYPE = "application/problem+json"
OPENAI_PATHS = ("/v1/chat/", "/v1/models")


class Problem(HTTPException):
    """An error that is to leave as it is: status, one line of detail, headers, and extra members of the
    object.

    It is an HTTPException so that FastAPI lets it through where it would call anything else a bad body (400).
    """

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(status, _writable(detail), headers)
        self.members = members

    def body(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        title = http.HTTPStatus(self.status_code).phrase
        found = {"type": "about:blank", "title": title, "status": self.status_code, "detail": self.detail}
        return {**found, **self.members}

    def response(self, path: str) -> JSONResponse:
        """The problem as a response at `path`; where OpenAI's clients ask, in their form too."""
        body = self.body() | (self.openai() if path.startswith(OPENAI_PATHS) else {})
        return JSONResponse(body, self.status_code, headers=self.headers, media_type=MEDIA_TYPE)

    def openai(self) -> dict[str, Any]:
        """The member `error` in which OpenAI's clients look for the message."""
        kind = "server_error" if self.status_code >= 500 else "invalid_request_error"
        return {"error": {"message": self.detail, "type": kind, "code": self.status_code}}


def as_problem(error: BaseException) -> Problem:
    """Any exception as a problem; one that nobody foresaw says nothing of the program's insides."""
    match error:
        case Problem():
            return error
        case UnknownDocument():
            return Problem(404, str(error))
        case QuestionError() | RequestError() | ConfigError() | QueryError() | CorpusError():
            return Problem(422, str(error))
        case HomeError():
            return Problem(507, str(error))
        case ClientDisconnect():  # nobody is there to read it, but it is counted and is no fault of ours
            return Problem(400, "the client left before the request was whole")
        case OSError():
            logger.error("%s", error)
            return Problem(507, system_message(error))
        case ApiError() | IngestError() | RetrievalError() | GeneratorError():
            logger.error("%s", error)
            return Problem(503, str(error), {"Retry-After": "30"})
    return Problem(500, "something went wrong inside Lectern; its log says what")


def install(app: FastAPI) -> None:
    """Make every error of `app` leave as a problem."""

    async def standard(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return (error if isinstance(error, Problem) else _of_framework(error, request)).response(
            request.url.path
        )

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return invalid_request(error).response(request.url.path)

    async def other(request: Request, error: Exception) -> JSONResponse:
        return as_problem(error).response(request.url.path)

    app.add_exception_handler(HTTPException, standard)
    app.add_exception_handler(RequestValidationError, invalid)
    # Those under `Exception` are also logged with a traceback by the server; the foreseen ones need none.
    own = (ApiError, IngestError, RetrievalError, GeneratorError, CorpusError)
    for kind in (*own, ClientDisconnect, OSError, Exception):
        app.add_exception_handler(kind, other)


def _of_framework(error: HTTPException, request: Request) -> Problem:
    """What Starlette and FastAPI raise themselves, in words that say what to do."""
    path = request.url.path
    allowed = Headers(error.headers or {}).get("allow", "another method")
    known = {
        404: f"nothing is at {path}: the API is described at /openapi.json",
        405: f"{request.method} is not possible at {path}: use {allowed}",
    }
    return Problem(error.status_code, known.get(error.status_code, str(error.detail)), error.headers)


def invalid_request(error: RequestValidationError) -> Problem:
    """A request that does not fit its description: what is wrong, and where."""
    errors = [_finding(item) for item in error.errors()]
    detail = "; ".join(f"{item['pointer']}: {item['detail']}".removeprefix(": ") for item in errors[:3])
    return Problem(422, detail, errors=errors)


def _finding(item: Mapping[str, Any]) -> dict[str, str]:
    """One of pydantic's errors in our words."""
    place = [str(part) for part in item["loc"][1:] if item["type"] != "json_invalid"]
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in place)
    detail = "the body is not JSON" if item["type"] == "json_invalid" else str(item["msg"])
    return {"pointer": _writable(pointer), "detail": _writable(detail.removeprefix("Value error, "))}


def _writable(text: str) -> str:
    """Without lone surrogates, which a client can send as JSON escapes and nobody can write as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
