"""/v1/documents and /v1/jobs: browse, add, watch, remove; hostile names and files."""

from __future__ import annotations

import asyncio
import errno
import shutil
import time
from typing import IO, Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from api.http.app import create_app
from api.http.uploads import safe_name
from api.pipeline import Pipeline

NOTE = b"# LoRA\n\nLoRA trains low-rank matrices beside frozen weights. It saves memory.\n"


def finished(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it has ended."""
    while job["state"] not in {"done", "failed"}:
        time.sleep(0.01)
        job = client.get(f"/v1/jobs/{job['id']}").json()
    return job


def test_documents_are_listed_and_filtered(client: TestClient) -> None:
    everything = client.get("/v1/documents").json()
    assert everything["total"] == 2
    assert [info["title"] for info in everything["documents"]] == ["KV cache", "Этапы обучения"]
    assert {"id", "title", "sources", "language", "pages", "chunks", "bytes", "added_at"} <= set(
        everything["documents"][0]
    )
    assert [info["title"] for info in client.get("/v1/documents?q=ЭТАПЫ").json()["documents"]] == [
        "Этапы обучения"
    ]
    assert client.get("/v1/documents?limit=1&offset=1").json()["documents"] == everything["documents"][1:]


def test_a_document_is_shown_by_page(client: TestClient, pipeline: Pipeline) -> None:
    info = pipeline.documents()[0]
    shown = client.get(f"/v1/documents/{info.id[:8]}").json()
    assert shown["id"] == info.id and shown["page_numbers"] == [1]
    page = client.get(f"/v1/documents/{info.id}/pages/1").json()
    assert page["text"] == pipeline.document(info.id).text[page["start"] : page["end"]]
    titles = [page["text"][heading["start"] : heading["end"]] for heading in page["headings"]]
    assert titles == ["KV cache", "What it stores", "What it costs"]
    for path, status in (("pages/2", 404), ("pages/0", 422), ("pages/x", 422)):
        assert client.get(f"/v1/documents/{info.id}/{path}").status_code == status
    assert client.get("/v1/documents/nothing-like-it").status_code == 404


def test_the_original_is_a_download_that_cannot_run(client: TestClient, pipeline: Pipeline) -> None:
    job = client.post(
        "/v1/documents", files={"files": ("x.html", b"<h1>Hi</h1><script>alert(1)</script><p>Text.</p>")}
    )
    result = finished(client, job.json()["job"])["results"][0]
    response = client.get(f"/v1/documents/{result['document_id']}/file")
    assert response.content.startswith(b"<h1>Hi")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == 'attachment; filename="x.html"'
    assert "sandbox" in response.headers["content-security-policy"]
    assert "alert" not in pipeline.document(result["document_id"]).text


def test_an_upload_is_ingested_in_the_background_and_found(client: TestClient) -> None:
    response = client.post(
        "/v1/documents", files=[("files", ("lora.md", NOTE)), ("files", ("bad.pdf", b"no PDF"))]
    )
    assert response.status_code == 202
    job = response.json()["job"]
    assert response.headers["location"] == f"/v1/jobs/{job['id']}" and job["files"] == ["lora.md", "bad.pdf"]
    job = finished(client, job)
    assert job["state"] == "done" and job["progress"] == 1
    results = {result["file"]: result for result in job["results"]}
    assert results["lora.md"]["status"] == "added" and results["lora.md"]["chunks"] > 0
    assert results["bad.pdf"]["status"] == "failed" and "not a PDF" in results["bad.pdf"]["error"]
    hits = client.post("/v1/search", json={"query": "low-rank matrices"}).json()["hits"]
    assert hits[0]["title"] == "LoRA" and hits[0]["source"].startswith("upload:")
    assert client.get("/v1/jobs").json()["jobs"][0]["id"] == job["id"]


def test_the_same_name_with_other_content_is_another_document(client: TestClient) -> None:
    for content in (NOTE, NOTE + b"\nAnd more.\n", NOTE):
        job = client.post("/v1/documents", files={"files": ("note.md", content)}).json()["job"]
        status = finished(client, job)["results"][0]["status"]
    assert status == "unchanged" and client.get("/v1/documents").json()["total"] == 4


def test_a_job_tells_what_was_left_out_after_a_restart_too(client: TestClient, pipeline: Pipeline) -> None:
    for name in ("lora.md", "copy.md"):
        job = finished(client, client.post("/v1/documents", files={"files": (name, NOTE)}).json()["job"])
    (warning,) = job["results"][0]["warnings"]
    assert "both are one document" in warning
    (first,) = pipeline.library.jobs.all()[1].results
    assert first.warnings == () and pipeline.library.jobs.get(job["id"]).results[0].warnings == (warning,)


def test_uploads_leave_nothing_behind(client: TestClient, pipeline: Pipeline) -> None:
    finished(client, client.post("/v1/documents", files={"files": ("lora.md", NOTE)}).json()["job"])
    assert not list((pipeline.config.home / "uploads").rglob("*.md"))


def test_an_upload_on_a_full_disk_is_told_so_and_leaves_nothing_behind(
    client: TestClient, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: IO[bytes], target: IO[bytes]) -> None:
        target.write(b"# Lo")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        response = client.post("/v1/documents", files={"files": ("lora.md", NOTE)})
    assert response.status_code == 507 and "the disk is full" in response.json()["detail"]
    (job,) = client.get("/v1/jobs").json()["jobs"]
    assert job["state"] == "failed" and job["error"] == response.json()["detail"]
    assert not list((pipeline.config.home / "uploads").glob("*"))


def test_an_upload_that_is_left_half_way_is_no_fault_of_the_server(pipeline: Pipeline) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n# A'
    received = iter(
        [{"type": "http.request", "body": part, "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(received)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=b")]
    headers.append((b"transfer-encoding", b"chunked"))
    scope = {"type": "http", "method": "POST", "path": "/v1/documents", "query_string": b"", "headers": headers}
    asyncio.run(create_app(pipeline)(scope, receive, send))
    assert sent[0]["status"] == 400 and b"the client left" in sent[1]["body"]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("program.exe", b"MZ", 415),
        ("noname", b"text", 415),
        ("fake.pdf", b"<html>", 415),
        ("fake.docx", b"plain text", 415),
        ("fake.md", b"%PDF-1.7", 415),
        ("empty.md", b"", 415),
    ],
)
def test_what_is_not_what_it_says_is_refused(
    client: TestClient, name: str, content: bytes, status: int
) -> None:
    response = client.post("/v1/documents", files={"files": (name, content)})
    assert response.status_code == status and response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body", [{"url": "ftp://example.org/x"}, {"url": "file:///etc/passwd"}, {"url": ""}, {}, {"uri": "x"}]
)
def test_addresses_that_cannot_be_fetched_are_refused(client: TestClient, body: dict[str, str]) -> None:
    assert client.post("/v1/documents", json=body).status_code == 422


def test_a_private_address_fails_its_job(client: TestClient) -> None:
    job = client.post("/v1/documents", json={"url": "http://127.0.0.1:8000/v1/documents"}).json()["job"]
    result = finished(client, job)["results"][0]
    assert result["status"] == "failed" and result["error"]


def test_an_upload_without_files_is_refused(client: TestClient) -> None:
    assert client.post("/v1/documents", files={"other": ("a.md", NOTE)}).status_code == 422
    assert (
        client.post(
            "/v1/documents", content=b"x", headers={"Content-Type": "multipart/form-data"}
        ).status_code
        == 400
    )


def test_a_removed_document_is_gone_everywhere(client: TestClient, pipeline: Pipeline) -> None:
    info = pipeline.documents()[0]
    assert client.delete(f"/v1/documents/{info.id}").status_code == 204
    assert client.delete(f"/v1/documents/{info.id}").status_code == 404
    assert client.get("/v1/documents").json()["total"] == 1
    hits = client.post("/v1/search", json={"query": "KV cache"}).json()["hits"]
    assert info.id not in {hit["document_id"] for hit in hits}


def test_a_document_added_by_another_process_is_found_without_a_restart(
    client: TestClient, pipeline: Pipeline
) -> None:
    from tests.fakes import HashEncoder

    with Pipeline(pipeline.config, encoder=HashEncoder()) as other:
        path = pipeline.config.home.parent / "lora.md"
        path.write_bytes(NOTE)
        other.ingest([path], lambda _event: None)
        other.sync()
    hits = client.post("/v1/search", json={"query": "low-rank matrices"}).json()["hits"]
    assert hits[0]["title"] == "LoRA"


def test_unknown_jobs_are_not_found(client: TestClient) -> None:
    assert client.get("/v1/jobs/nope").status_code == 404


@given(st.text(max_size=400))
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe and len(safe) <= 120 and safe not in {".", ".."}
    assert not set(safe) & set('/\\:*?"<>|\x00\n')
    safe.encode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\a.pdf", "a.pdf"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a\x00b.md", "a_b.md"),
        ("статья.pdf", "статья.pdf"),
        (".hidden.md", "hidden.md"),
    ],
)
def test_names_from_outside(name: str, safe: str) -> None:
    assert safe_name(name) == safe
