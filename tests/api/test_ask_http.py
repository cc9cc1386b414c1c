"""POST /v1/ask, /v1/compare, /v1/search: the contract, streaming, and what bad requests get."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.http.schema import MAX_ANSWER_TOKENS, MAX_SEED, MAX_TEMPERATURE
from api.pipeline import Pipeline
from generator.options import AnswerOptions
from tests.api.fakes import FakeAnswerer

ANSWER_MEMBERS = {
    "id", "question", "language", "other_language", "mode", "status", "reason", "text", "confidence", "sentences",
    "hits", "model", "config_hash", "timings_ms", "usage",
}  # fmt: skip
CITATION_MEMBERS = {
    "number", "chunk_id", "document_id", "title", "source", "page", "start", "end", "quote", "support",
}  # fmt: skip
HIT_MEMBERS = {"rank", "chunk_id", "document_id", "title", "source", "page", "text", "score", "parts"}


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream as (name, data)."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_an_answer_has_the_members_of_the_contract_and_exact_quotes(
    client: TestClient, pipeline: Pipeline
) -> None:
    answer = client.post("/v1/ask", json={"question": "What does a KV cache store?"}).json()
    assert set(answer) == ANSWER_MEMBERS
    assert answer["status"] == "answered" and answer["mode"] == "rag" and answer["language"] == "en"
    assert set(answer["hits"][0]) >= HIT_MEMBERS
    assert answer["hits"][0]["title"] == "KV cache"
    assert {"retrieve", "decode", "total"} <= set(answer["timings_ms"])
    assert all(set(sentence) == {"text", "origin", "citations", "further"} for sentence in answer["sentences"])
    citations = [citation for sentence in answer["sentences"] for citation in sentence["citations"]]
    assert citations
    for citation in citations:
        assert set(citation) == CITATION_MEMBERS
        document = pipeline.document(citation["document_id"])
        assert document.text[citation["start"] : citation["end"]] == citation["quote"]
        assert document.page_of(citation["start"]) == citation["page"]


def test_an_abstention_says_why_and_keeps_the_nearest_hits(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "Who won the World Cup with a KV cache?"}).json()
    assert answer["status"] == "abstained" and answer["reason"] == "not_answerable"
    assert answer["sentences"] == [] and answer["text"] and answer["hits"]


def test_a_stream_is_the_same_answer_sentence_by_sentence(client: TestClient) -> None:
    question = {"question": "What does a KV cache store?"}
    whole = client.post("/v1/ask", json=question).json()
    response = client.post("/v1/ask", json={**question, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    *sentences, (last, streamed) = events(response.text)
    assert [name for name, _ in sentences] == ["sentence"] * len(whole["sentences"])
    assert [data for _, data in sentences] == whole["sentences"]
    assert last == "done"
    for answer in (whole, streamed):
        del answer["timings_ms"]
    assert streamed == whole


def test_an_error_in_a_stream_is_an_event_that_tells_no_secrets(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": "fail", "stream": True})
    assert response.status_code == 200
    assert [name for name, _ in events(response.text)] == ["error"]
    assert "secret" not in response.text


def test_closed_book_reads_no_documents(client: TestClient) -> None:
    answer = client.post(
        "/v1/ask", json={"question": "What does a KV cache store?", "mode": "closed_book"}
    ).json()
    assert answer["mode"] == "closed_book" and answer["hits"] == []


def test_compare_asks_the_same_question_twice(client: TestClient) -> None:
    both = client.post("/v1/compare", json={"question": "What does a KV cache store?"}).json()
    assert set(both) == {"rag", "closed_book"}
    assert both["rag"]["question"] == both["closed_book"]["question"]
    assert both["rag"]["hits"] and not both["closed_book"]["hits"]


def test_search_gives_hits_with_the_scores_of_every_stage(client: TestClient) -> None:
    hits = client.post("/v1/search", json={"query": "keys and values", "top_k": 1}).json()["hits"]
    assert len(hits) == 1 and set(hits[0]) >= HIT_MEMBERS
    assert {"bm25", "dense", "fused"} <= set(hits[0]["parts"])


def test_documents_chosen_are_the_only_ones_read(client: TestClient, pipeline: Pipeline) -> None:
    russian = next(info.id for info in pipeline.documents() if info.language == "ru")
    hits = client.post("/v1/search", json={"query": "KV cache", "documents": [russian[:6]]}).json()["hits"]
    assert {hit["document_id"] for hit in hits} <= {russian}


def test_options_reach_the_answerer_and_change_the_config_hash(
    client: TestClient, answerer: FakeAnswerer
) -> None:
    first = client.post("/v1/ask", json={"question": "What is stored?"}).json()
    second = client.post(
        "/v1/ask", json={"question": "What is stored?", "temperature": 0.5, "seed": 7}
    ).json()
    assert (answerer.seen_options[-1].temperature, answerer.seen_options[-1].seed) == (0.5, 7)
    assert first["config_hash"] != second["config_hash"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"question": ""}, "empty"),
        ({"question": " \t\u0000 ?! "}, "empty"),
        ({"question": "x" * 100_000}, "4000"),
        ({"question": "why", "topk": 3}, "did you mean top_k?"),
        ({"question": "why", "top_k": 0}, "/top_k"),
        ({"question": "why", "retriever": "magic"}, "/retriever"),
        ({"question": "why", "temperature": -1}, "/temperature"),
        ({"question": "why", "risk": 2}, "/risk"),
        ({"question": 5}, "/question"),
        ({}, "/question"),
        ([], "dictionary"),
    ],
)
def test_bad_requests_are_problems_that_name_the_fault(client: TestClient, body: Any, says: str) -> None:
    response = client.post("/v1/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 422 and problem["title"] and says in problem["detail"].replace(",", "")


def test_lone_surrogates_and_broken_json_are_the_clients_fault(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    bodies = [
        b'{"question": "\\ud800"}',
        b'{"question": "why", "documents": ["\\ud800"]}',
        b'{"\\ud800": 1}',
        b'{"question": ',
        b'{"question": "\xff"}',
        b'{"question": "why", "temperature": NaN}',
        b"[" * 50_000,
    ]
    for body in bodies:
        response = client.post("/v1/ask", content=body, headers=headers)
        assert response.status_code in {400, 404, 422}, body
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "most"),
    [("max_tokens", MAX_ANSWER_TOKENS), ("temperature", MAX_TEMPERATURE), ("seed", MAX_SEED)],
)
def test_the_api_describes_the_limits_that_the_answerer_has(name: str, most: Any) -> None:
    assert getattr(replace(AnswerOptions(), **{name: most}), name) == most
    with pytest.raises(ValueError, match=name):
        replace(AnswerOptions(), **{name: most + 1})


def test_a_mixed_language_question_is_answered(client: TestClient) -> None:
    assert client.post("/v1/ask", json={"question": "Что такое KV cache?"}).json()["status"] == "answered"


def test_an_unknown_document_is_named(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": "why", "documents": ["nope"]})
    assert response.status_code == 404 and "nope" in response.json()["detail"]
