"""POST /v1/ask, /v1/compare and /v1/search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from api.answer_json import answer_json, hits_json, sentence_json
from api.http.events import event, event_stream
from api.http.schema import AskBody, CompareBody, SearchBody
from api.http.service import Service, ServiceDep
from api.pipeline import Ask
from generator.answer import Answer

router = APIRouter(prefix="/v1", tags=["questions"])


@router.post("/ask", summary="Answer a question from the documents, every sentence cited")
async def ask(body: AskBody, service: ServiceDep) -> Response:
    """The whole Answer as JSON; with `stream` as server-sent events: `sentence` for each finished sentence,
    then `done` with the whole Answer, or `error` with a problem.
    """
    request = await _prepared(service, body.question, body, mode=body.mode)
    if body.stream:
        return event_stream(await service.admission.stream(lambda: _events(service, request)))
    return JSONResponse(await service.admission.run(lambda: _written(service, service.pipeline.ask(request))))


@router.post("/compare", summary="Answer a question with the documents and without them")
async def compare(body: CompareBody, service: ServiceDep) -> Response:
    """{rag: Answer, closed_book: Answer}: the same decoder, the same question."""
    request = await _prepared(service, body.question, body)

    def work() -> dict[str, Any]:
        rag, closed_book = service.pipeline.compare(request)
        return {"rag": _written(service, rag), "closed_book": _written(service, closed_book)}

    return JSONResponse(await service.admission.run(work))


@router.post("/search", summary="Find passages")
async def search(body: SearchBody, service: ServiceDep) -> Response:
    """{hits}: the passages that an answer would be made from, with the scores of every stage."""
    request = await _prepared(service, body.query, body)

    def work() -> dict[str, Any]:
        return {"hits": hits_json(service.pipeline.search(request), service.pipeline.document)}

    return JSONResponse(await service.admission.run(work))


async def _prepared(service: Service, question: str, body: SearchBody | CompareBody, **given: Any) -> Ask:
    """The request with the configured values for what it leaves out. The library is read in a thread."""
    options = body.model_dump(exclude={"question", "query", "documents", "mode", "stream"})
    return await run_in_threadpool(
        service.pipeline.prepare, question, documents=body.documents, **given, **options
    )


def _written(service: Service, answer: Answer) -> dict[str, Any]:
    """The answer as JSON, counted."""
    service.metrics.answered(answer)
    return answer_json(answer, service.pipeline.document)


def _events(service: Service, request: Ask) -> Iterator[str]:
    """The answer as events, in a model thread."""
    for piece in service.pipeline.ask_stream(request):
        if isinstance(piece, Answer):
            yield event(_written(service, piece), "done")
        else:
            yield event(sentence_json(piece), "sentence")
