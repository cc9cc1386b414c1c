"""POST /v1/chat/completions and GET /v1/models: the OpenAI interface, so that its clients can ask the reading
list.

The last user message is the question; earlier user messages serve follow-ups as `api.follow_up` says;
system and assistant messages are not read (the decoder is taught to answer from passages, not to follow
instructions). The message text carries the markers [1] and ends with the list of sources; the same
citations are structured data in `message.citations` (in a stream: in the last chunk's `delta.citations`),
the whole Answer is in `lectern`. Options that would change the answer but cannot be honoured (`tools`, `n`
> 1, `stop`, ...) are refused, not ignored.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.answer_json import answer_json, citation_json, citations_of
from api.follow_up import search_text
from api.http.events import event, event_stream
from api.http.problem import Problem
from api.http.schema import MAX_ANSWER_TOKENS, MAX_DOCUMENTS, MAX_SEED, MAX_TEMPERATURE, DocumentName
from api.http.service import Service, ServiceDep
from api.pipeline import Ask
from api.sources import source_lines
from generator.answer import Answer, Mode, separator

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

MODELS: dict[str, Mode] = {"lectern": "rag", "lectern-closed-book": "closed_book"}
_REFUSED = ("tools", "functions", "stop", "logit_bias", "logprobs", "response_format", "audio", "modalities")
_Text = Annotated[str, StringConstraints(max_length=100_000)]


class Part(BaseModel):
    """A part of a message; only text can be read."""

    type: Literal["text"]
    text: _Text


class Message(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: _Text | Annotated[list[Part], Field(max_length=100)] | None = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """include_usage: a last chunk with the token counts."""

    include_usage: bool = False


class ChatBody(BaseModel):
    """The part of OpenAI's request that has a meaning here; unknown members are ignored as its own server
    does.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    model: str = "lectern"
    messages: Annotated[list[Message], Field(min_length=1, max_length=10_000)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=MAX_TEMPERATURE)] | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: Literal[1] | None = None
    documents: Annotated[list[DocumentName], Field(max_length=MAX_DOCUMENTS)] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _honoured(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for name in _REFUSED:
                if value.get(name) not in (None, [], {}, False, {"type": "text"}, ["text"]):
                    raise ValueError(f"{name} is not supported: leave it out")
        return value


@router.get("/models", summary="The models that chat completions know")
def models() -> dict[str, Any]:
    """With the documents, and from the decoder's memory alone."""
    return {"object": "list", "data": [_model(name) for name in MODELS]}


@router.get("/models/{name}", summary="One model")
def model(name: str) -> dict[str, Any]:
    """The model as OpenAI's clients expect it."""
    _mode(name)
    return _model(name)


@router.post("/chat/completions", summary="Answer the last message of a conversation")
async def complete(body: ChatBody, service: ServiceDep) -> Response:
    """A chat.completion, or with `stream` chat.completion.chunk events closed by [DONE]."""
    mode = _mode(body.model)
    question, earlier = _conversation(body.messages)
    request = await run_in_threadpool(
        service.pipeline.prepare,
        question,
        mode=mode,
        documents=body.documents,
        search_text=search_text(question, earlier),
        temperature=body.temperature,
        seed=body.seed,
        max_tokens=_max_tokens(body),
    )
    if body.stream:
        chunks = await service.admission.stream(lambda: _chunks(service, request, body))
        return event_stream(chunks, _error_chunk)
    return JSONResponse(await service.admission.run(lambda: _completion(service, request, body.model)))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "lectern"}


def _mode(name: str) -> Mode:
    if name not in MODELS:
        raise Problem(404, f"no model {name!r}: use {' or '.join(MODELS)}")
    return MODELS[name]


def _max_tokens(body: ChatBody) -> int | None:
    """Clients ask for thousands as a matter of course, more than is ever written here."""
    wanted = body.max_completion_tokens or body.max_tokens
    return min(wanted, MAX_ANSWER_TOKENS) if wanted else None


def _conversation(messages: Sequence[Message]) -> tuple[str, list[str]]:
    """The question and the user's earlier messages, oldest first. Raises Problem 422."""
    if messages[-1].role != "user":
        raise Problem(422, "the last message must be the user's question")
    return messages[-1].text, [message.text for message in messages[:-1] if message.role == "user"]


def _completion(service: Service, request: Ask, model: str) -> dict[str, Any]:
    answer = service.pipeline.ask(request)
    service.metrics.answered(answer)
    message = {
        "role": "assistant",
        "content": answer.text + _sources(answer),
        "citations": [citation_json(citation) for citation in citations_of(answer)],
    }
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _usage(answer),
        "lectern": answer_json(answer, service.pipeline.document),
    }


def _chunks(service: Service, request: Ask, body: ChatBody) -> Iterator[str]:
    """Chunks: the role, each sentence, the sources with the citations, the end."""
    # The answer's id is known only with the answer, so a stream has an id of its own.
    head = {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body.model,
    }

    def chunk(delta: dict[str, Any], finish: str | None = None, **members: Any) -> str:
        return event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **members})

    yield chunk({"role": "assistant", "content": ""})
    said = ""
    for piece in service.pipeline.ask_stream(request):
        if not isinstance(piece, Answer):
            text = (separator(piece) if said else "") + piece.marked
            said += text
            yield chunk({"content": text})
            continue
        service.metrics.answered(piece)
        rest = (piece.text if not said else "") + _sources(piece)
        citations = [citation_json(citation) for citation in citations_of(piece)]
        yield chunk({"content": rest, "citations": citations})
        yield chunk({}, "stop", lectern=answer_json(piece, service.pipeline.document))
        if body.stream_options and body.stream_options.include_usage:
            yield event({**head, "choices": [], "usage": _usage(piece)})
    yield "data: [DONE]\n\n"


def _error_chunk(problem: Problem) -> str:
    """An error once the response has started, where OpenAI's clients look for it."""
    return event(problem.body() | problem.openai())


def _sources(answer: Answer) -> str:
    """The list of sources below an answer, or nothing."""
    lines = source_lines(citations_of(answer), answer.language)
    return "\n\n" + "\n".join(lines) if lines else ""


def _usage(answer: Answer) -> dict[str, int]:
    prompt, completion = answer.usage.get("prompt_tokens", 0), answer.usage.get("completion_tokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
