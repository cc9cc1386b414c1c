"""Health checks, figures and the page's files."""

from __future__ import annotations

import re
import threading
import time
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import api.parts
from api.config import RunConfig
from api.http.app import create_app
from api.http.warmup import Warmup
from api.pipeline import Pipeline
from retrieval.encoder import Encoder
from retrieval.errors import WeightsError


def test_ready_comes_with_the_models(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    while (response := client.get("/readyz")).status_code != 200:
        assert response.json()["failed"] is False and int(response.headers["retry-after"]) > 0
        time.sleep(0.01)
    assert response.json() == {"status": "ready", "documents": 2}


def test_models_that_cannot_be_loaded_are_told_and_do_not_end_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_config: RunConfig) -> Encoder:
        raise WeightsError("the weights are damaged: restore them from the repository")

    monkeypatch.setattr(api.parts, "load_encoder", damaged)
    with (
        Pipeline(RunConfig(home)) as broken,
        TestClient(create_app(broken), base_url="http://localhost") as client,
    ):
        while not (problem := client.get("/readyz").json())["failed"]:
            time.sleep(0.01)
        assert problem["status"] == 503 and "restore" in problem["detail"]
        assert client.get("/v1/documents").status_code == 200
        response = client.post("/v1/ask", json={"question": "why"})
        assert response.status_code == 503 and "restore" in response.json()["detail"]


def test_a_failure_at_the_start_is_gone_when_its_cause_is() -> None:
    outcomes = iter([WeightsError("the weights are damaged"), OSError("the disk is full"), None])

    def load() -> None:
        if (error := next(outcomes)) is not None:
            raise error

    warmup = Warmup(load, retry_seconds=0.01)
    warmup.start()
    while not warmup.done:
        time.sleep(0.01)
    assert warmup.error == "" and next(outcomes, "all") == "all"


def test_a_server_that_ends_waits_for_no_further_try() -> None:
    def load() -> None:
        raise WeightsError("the weights are damaged")

    warmup = Warmup(load, retry_seconds=600)
    before = set(threading.enumerate())
    warmup.start()
    (thread,) = set(threading.enumerate()) - before
    while not warmup.error:
        time.sleep(0.01)
    assert thread.is_alive() and not warmup.done
    warmup.close()
    thread.join(timeout=60)
    assert not thread.is_alive()


def test_figures_count_answers_and_hide_paths(client: TestClient) -> None:
    client.post("/v1/ask", json={"question": "What does a KV cache store?"})
    for number in range(3):
        client.get(f"/v1/documents/secret-name-{number}")
        client.get(f"/secret-path-{number}")
    text = client.get("/metrics").text
    assert 'lectern_answers_total{mode="rag",reason="",status="answered"} 1.0' in text
    assert 'route="/v1/documents/{document_id}",status="404"} 3.0' in text
    assert "lectern_documents 2.0" in text
    assert "secret" not in text


@pytest.mark.parametrize("name", sorted(item.name for item in files("api").joinpath("page").iterdir()))
def test_the_page_needs_nothing_from_outside(client: TestClient, name: str) -> None:
    response = client.get(f"/page/{name}")
    assert response.status_code == 200
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", response.text))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"\son\w+=\"|style=\"|javascript:|innerHTML|insertAdjacentHTML|document\.write|eval\(", response.text
    )


def test_the_page_is_served_with_its_types_and_nothing_else_is(client: TestClient) -> None:
    assert client.get("/").headers["content-type"].startswith("text/html")
    assert client.get("/page/app.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/page/style.css").headers["content-type"].startswith("text/css")
    for path in ("/page/../config.py", "/page/%2e%2e%2fconfig.py", "/page/nothing.js", "/page/"):
        assert client.get(path).status_code == 404


def test_every_text_of_the_page_is_there_in_both_languages() -> None:
    page = files("api").joinpath("page")
    script = page.joinpath("texts.js").read_text(encoding="utf-8")
    english, russian = script.split("\n  ru: {")
    keys = [set(re.findall(r'"([\w.]+)":\s*["{[]', part)) for part in (english, russian)]
    assert keys[0] == keys[1]
    used = set()
    for item in page.iterdir():
        content = item.read_text(encoding="utf-8")
        used |= set(re.findall(r'data-(?:text|title|label|placeholder)="([\w.]+)"', content))
        used |= set(re.findall(r'\b(?:text|counted)\("([\w.]+)"', content))
    assert used <= keys[0]


def test_unknown_addresses_and_methods_say_what_to_do(client: TestClient) -> None:
    missing, method = client.get("/v1/nothing"), client.put("/v1/ask", json={})
    assert (missing.status_code, method.status_code) == (404, 405)
    assert "/openapi.json" in missing.json()["detail"]
    assert "POST" in method.json()["detail"] and method.headers["allow"] == "POST"


def test_the_description_names_every_endpoint_of_the_contract(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    contract = {
        "/v1/ask", "/v1/compare", "/v1/search", "/v1/documents", "/v1/documents/{document_id}",
        "/v1/documents/{document_id}/file", "/v1/documents/{document_id}/pages/{number}", "/v1/jobs/{job_id}",
        "/v1/chat/completions", "/v1/models", "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
    assert contract <= set(paths)
