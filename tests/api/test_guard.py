"""Host, Origin, API key and security headers: who may talk to the server, and what a browser may do."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import KEY


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "10.0.0.7", "LOCALHOST"]
)
def test_addresses_and_localhost_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    response = client.get("/v1/documents", headers={"Host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["", "a@localhost", "localhost/x", "localhost:port", "local host"])
def test_a_host_that_is_none_is_a_bad_request(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code in {400, 421}


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:3000", "https://localhost.evil.example:8000", "http://[", ""],
)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/documents"])
def test_a_page_of_another_origin_cannot_drive_the_server(client: TestClient, origin: str, path: str) -> None:
    headers = {"Origin": origin, "Content-Type": "application/json"}
    response = client.post(path, content=b"{}", headers=headers)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


def test_a_form_from_elsewhere_cannot_upload(client: TestClient) -> None:
    headers = {"Origin": "http://evil.example"}
    response = client.post("/v1/documents", files={"files": ("a.md", b"# A")}, headers=headers)
    assert response.status_code == 403


def test_no_preflight_is_granted(client: TestClient) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "DELETE"}
    response = client.options("/v1/documents/x", headers=headers)
    assert response.status_code == 403 and "access-control-allow-origin" not in response.headers


def test_the_servers_own_page_may_do_everything(client: TestClient) -> None:
    headers = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    response = client.post("/v1/search", json={"query": "cache"}, headers=headers)
    assert response.status_code == 200


def test_elsewhere_may_link_to_the_page_but_not_embed_it(client: TestClient) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/", headers={**link, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert client.get("/v1/documents", headers=image).status_code == 403


def test_every_response_carries_the_policy(client: TestClient) -> None:
    for path, status in (("/", 200), ("/v1/nothing", 404), ("/v1/documents", 200)):
        response = client.get(path)
        assert response.status_code == status
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
    refused = client.get("/", headers={"Host": "evil.example"})
    assert "default-src 'none'" in refused.headers["content-security-policy"]


def test_an_unforeseen_error_is_a_problem_with_the_policy_too(client: TestClient) -> None:
    careless = TestClient(client.app, base_url="http://localhost:8000", raise_server_exceptions=False)
    response = careless.post("/v1/ask", json={"question": "fail"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "content-security-policy" in response.headers and "secret" not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"X-API-Key": ""},
        {"X-API-Key": KEY[:-1]},
    ],
)
def test_without_the_key_there_is_nothing(keyed_client: TestClient, headers: dict[str, str]) -> None:
    for path in ("/v1/documents", "/v1/models", "/metrics", "/openapi.json"):
        response = keyed_client.get(path, headers=headers)
        assert response.status_code == 401 and "Bearer" in response.headers["www-authenticate"]


def test_with_the_key_all_is_there(keyed_client: TestClient) -> None:
    for headers in (
        {"Authorization": f"Bearer {KEY}"},
        {"X-API-Key": KEY},
        {"authorization": f"bearer {KEY}"},
    ):
        assert keyed_client.get("/v1/documents", headers=headers).status_code == 200


def test_the_page_and_health_checks_need_no_key(keyed_client: TestClient) -> None:
    for path in ("/", "/page/app.js", "/healthz"):
        assert keyed_client.get(path).status_code == 200


def test_an_allowed_name_is_answered(keyed_client: TestClient) -> None:
    assert keyed_client.get("/healthz", headers={"Host": "lectern.example"}).status_code == 200
