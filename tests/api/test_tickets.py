"""Addresses of reports that need no key: what they open, for how long, and with which policy."""

from __future__ import annotations

import time
from pathlib import Path

from fastapi.testclient import TestClient

from api.experiments import places
from api.http.tickets import MOST, SECONDS, Tickets
from tests.api.conftest import KEY
from tests.api.experiment_cases import write_questions
from tests.api.test_experiments_http import PATH, body, ended


def test_a_ticket_opens_one_report_without_the_key_with_its_own_policy(keyed_client: TestClient, home: Path) -> None:
    (home / places.FOLDER).mkdir()
    write_questions(home / places.FOLDER)
    key = {"Authorization": f"Bearer {KEY}"}
    run = keyed_client.post(PATH, json=body(), headers=key).json()["run"]
    for _ in range(3_000):
        run = keyed_client.get(f"{PATH}/{run['id']}", headers=key).json()
        if ended(run):
            break
        assert keyed_client.post(f"{PATH}/{run['id']}/report", headers=key).status_code in (201, 409)
        time.sleep(0.05)
    assert keyed_client.post(run["report"]).status_code == 401
    made = keyed_client.post(run["report"], headers=key)
    url = made.json()["url"]
    assert made.status_code == 201 and KEY not in url and run["id"] not in url
    page, direct = keyed_client.get(url), keyed_client.get(run["report"], headers=key)
    assert page.status_code == 200 and page.content == direct.content
    assert page.headers["content-security-policy"] == direct.headers["content-security-policy"]
    assert "sandbox allow-scripts; default-src 'none'" in page.headers["content-security-policy"]
    assert keyed_client.get(url + "x").status_code == 404 == keyed_client.get("/page/reports/").status_code
    assert keyed_client.get(url, headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_ticket_grows_old() -> None:
    clock = [0.0]
    tickets = Tickets(lambda: clock[0])
    first = tickets.issue("a-0123456789ab")
    assert tickets.run_of(first) == "a-0123456789ab" and tickets.run_of("") is None
    clock[0] = SECONDS - 1
    second = tickets.issue("b-0123456789ab")
    assert first != second and tickets.run_of(first) == "a-0123456789ab"
    clock[0] = SECONDS
    assert tickets.run_of(first) is None and tickets.run_of(second) == "b-0123456789ab"
    for _ in range(MOST):
        tickets.issue("c-0123456789ab")
    assert tickets.run_of(second) is None
