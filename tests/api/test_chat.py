"""The OpenAI interface, proved with the official client over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import openai
import pytest
from fastapi.testclient import TestClient
from openai.types.chat import ChatCompletionMessageParam

from api.http.guard import Access
from api.http.server import address, listen, make_server
from api.pipeline import Pipeline
from tests.api.conftest import KEY
from tests.api.fakes import FakeAnswerer

QUESTION: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What does a KV cache store?"}]


@pytest.fixture
def openai_client(pipeline: Pipeline) -> Iterator[openai.OpenAI]:
    """The official client, talking to a server on a free port of 127.0.0.1."""
    server = make_server(pipeline, Access(KEY))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        with openai.OpenAI(base_url=f"{address(listener)}/v1", api_key=KEY, max_retries=0) as client:
            yield client
        server.should_exit = True
        thread.join(timeout=20)


def test_the_official_client_gets_an_answer_with_citations(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(model="lectern", messages=QUESTION)
    choice = completion.choices[0]
    assert choice.finish_reason == "stop" and choice.message.role == "assistant"
    assert choice.message.content is not None
    assert "[1]" in choice.message.content and "Sources:" in choice.message.content
    citations = choice.message.model_extra["citations"]  # type: ignore[index]
    assert citations[0]["quote"] in completion.model_extra["lectern"]["hits"][0]["text"]  # type: ignore[index]
    assert completion.usage is not None
    assert (
        completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    )


def test_the_official_client_streams_the_same_text(openai_client: openai.OpenAI) -> None:
    whole = openai_client.chat.completions.create(model="lectern", messages=QUESTION)
    stream = openai_client.chat.completions.create(
        model="lectern",
        messages=QUESTION,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    cited = [
        chunk
        for chunk in chunks
        if chunk.choices and "citations" in (chunk.choices[0].delta.model_extra or {})
    ]
    assert len(cited) == 1


def test_the_official_client_sees_models_and_errors(openai_client: openai.OpenAI) -> None:
    assert [model.id for model in openai_client.models.list()] == ["lectern", "lectern-closed-book"]
    assert openai_client.models.retrieve("lectern").id == "lectern"
    with pytest.raises(openai.NotFoundError, match="lectern-closed-book"):
        openai_client.chat.completions.create(model="gpt-4", messages=QUESTION)
    with pytest.raises(openai.UnprocessableEntityError, match="empty"):
        openai_client.chat.completions.create(model="lectern", messages=[{"role": "user", "content": " "}])
    with pytest.raises(openai.AuthenticationError):
        openai_client.with_options(api_key="wrong").models.list()
    with pytest.raises(openai.APIError):
        list(
            openai_client.chat.completions.create(
                model="lectern", messages=[{"role": "user", "content": "fail"}], stream=True
            )
        )


def test_a_refusal_is_a_message_without_sources(client: TestClient) -> None:
    body = {"messages": [{"role": "user", "content": "Who won the World Cup with a KV cache?"}]}
    message = client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]
    assert message["content"] == "The documents do not answer this." and message["citations"] == []


def test_a_follow_up_is_searched_with_the_earlier_subject(client: TestClient, answerer: FakeAnswerer) -> None:
    messages = [
        {"role": "system", "content": "Answer like a pirate."},
        {"role": "user", "content": "Из каких этапов состоит обучение языковой модели?"},
        {"role": "assistant", "content": "Из трёх."},
        {"role": "user", "content": "Какой из них самый дорогой?"},
    ]
    answer = client.post("/v1/chat/completions", json={"messages": messages}).json()["lectern"]
    assert answer["question"] == "Какой из них самый дорогой?"
    assert answerer.seen_hits[-1][0].chunk.text.startswith("Обучение языковой модели")


def test_a_long_conversation_is_answered(client: TestClient) -> None:
    pasted = "What does a KV cache store? " + " ".join(f"word{n}" for n in range(2_000))
    said = [{"role": "user", "content": pasted}, {"role": "assistant", "content": "Keys."}]
    messages = [*said * 150, {"role": "user", "content": "And how large is it?"}]
    response = client.post("/v1/chat/completions", json={"messages": messages[-9:], "stream": None})
    assert response.status_code == 200 and response.json()["lectern"]["question"] == "And how large is it?"
    short = [{**message, "content": message["content"][:40]} for message in messages]
    assert len(short) > 200 and client.post("/v1/chat/completions", json={"messages": short}).status_code == 200


def test_documents_that_are_no_text_are_refused(client: TestClient) -> None:
    content = json.dumps({"messages": QUESTION, "documents": ["\ud800abcd"]})
    response = client.post("/v1/chat/completions", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 422 and "library" not in response.json()["detail"]


@pytest.mark.parametrize(
    "extra",
    [
        {"tools": [{"type": "function"}]},
        {"n": 2},
        {"stop": ["\n"]},
        {"response_format": {"type": "json_object"}},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "hello"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        {"temperature": 101},
    ],
)
def test_what_cannot_be_honoured_is_refused(client: TestClient, extra: dict[str, object]) -> None:
    response = client.post("/v1/chat/completions", json={"messages": QUESTION, **extra})
    assert response.status_code == 422 and response.headers["content-type"] == "application/problem+json"


def test_what_means_nothing_here_is_ignored(client: TestClient) -> None:
    extra = {
        "user": "me",
        "n": 1,
        "stop": None,
        "tools": [],
        "top_p": 1,
        "max_tokens": 100_000,
        "store": False,
    }
    parts = [{"role": "user", "content": [{"type": "text", "text": "What does a KV cache store?"}]}]
    response = client.post("/v1/chat/completions", json={"messages": parts, **extra})
    assert response.status_code == 200
