"""/v1/experiments: start, watch, stop, resume, compare; what a request may name; the report's own policy."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from api.config import RunConfig
from api.experiments import definition, metrics, places, runner
from api.experiments.offers import Offers
from api.experiments.report import script_hash
from api.experiments.runner import Progress
from api.http.app import create_app
from api.http.experimenter import Pace
from api.pipeline import Pipeline
from retrieval import store
from tests.api.conftest import KEY
from tests.api.experiment_cases import GROWS, STAGES, STORES, write_questions
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder

ARMS: list[dict[str, Any]] = [
    {"name": "rag"}, {"name": "closed-book", "mode": "closed_book"}, {"name": "refuse", "control": "always_refuse"},
]  # fmt: skip
PATH = "/v1/experiments"


class Waiting(HashEncoder):
    """Embeds a text whenever the test lets it; `asked` tells that one waits."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.asked = threading.Semaphore(0), threading.Event()

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> NDArray[np.float32]:
        """As HashEncoder's, when the gate is open."""
        self.asked.set()
        assert self.gate.acquire(timeout=600)
        return super().encode(texts, batch_size=batch_size)


@contextmanager
def served(home: Path, answerer: FakeAnswerer, encoder: HashEncoder | None = None) -> Iterator[TestClient]:
    """A client of a server of its own over the home."""
    with (
        Pipeline(RunConfig(home), encoder=encoder or HashEncoder(), answerer=answerer) as pipeline,
        TestClient(create_app(pipeline), base_url="http://localhost:8000") as opened,
    ):
        yield opened


@pytest.fixture
def folder(home: Path) -> Path:
    """The folder `experiments` of the home, with a question file."""
    found = home / places.FOLDER
    found.mkdir()
    write_questions(found)
    return found


@pytest.fixture
def gate() -> threading.Semaphore:
    """Lets the sentences of `gated` through."""
    return threading.Semaphore(0)


@pytest.fixture
def gated(home: Path, folder: Path, gate: threading.Semaphore) -> Iterator[TestClient]:
    """A client of a server whose answerer waits at `gate`."""
    assert folder.is_dir()
    with served(home, FakeAnswerer(gate)) as opened:
        yield opened
        for _ in range(100):
            gate.release()


def body(**changes: Any) -> dict[str, Any]:
    """A request for an experiment on the question file."""
    mine = {"name": "mine", "question": "Does <b>it</b> help?", "questions": "questions.jsonl", "arm": ARMS}
    return {"definition": {**mine, **changes}}


def begin(client: TestClient, request: dict[str, Any]) -> dict[str, Any]:
    """The run that was started."""
    response = client.post(PATH, json=request)
    assert response.status_code == 202, response.text
    run: dict[str, Any] = response.json()["run"]
    assert response.headers["location"] == f"{PATH}/{run['id']}"
    return run


def until(client: TestClient, run: dict[str, Any], reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run as soon as it is as wanted."""
    for _ in range(3_000):
        run = client.get(f"{PATH}/{run['id']}").json()
        if reached(run):
            return run
        time.sleep(0.05)
    raise AssertionError(f"it never was: {run['state']} {run['error']}")


def ended(run: dict[str, Any]) -> bool:
    """Whether the run goes on no more."""
    return run["state"] in ("stopped", "failed", "done")


def finish(client: TestClient, request: dict[str, Any]) -> dict[str, Any]:
    """The run of a request when it is done, with its results."""
    run = until(client, begin(client, request), ended)
    assert run["state"] == "done", run["error"]
    return run


def test_shipped_experiments_are_listed_with_their_question(client: TestClient) -> None:
    found = client.get(PATH).json()
    assert [one["name"] for one in found["shipped"]] == [path.stem for path in definition.shipped()]
    assert all(one["question"].endswith("?") and one["arms"] for one in found["shipped"]) and found["runs"] == []


def test_a_run_ends_with_results_and_a_report(client: TestClient, folder: Path) -> None:
    run = finish(client, body())
    assert run["progress"] == 1 and (run["done"], run["total"]) == (15, 15) and run["remaining_seconds"] is None
    assert run["results"]["estimates"]["all"]["refuse"][metrics.COVERAGE]["mean"] == 0
    listed = client.get(PATH).json()["runs"]
    assert [one["id"] for one in listed] == [run["id"]] and "results" not in listed[0]
    assert listed[0]["finding"] == run["results"]["finding"] and listed[0]["report"] == f"{PATH}/{run['id']}/report"
    assert len(list(folder.glob("mine-*/report.html"))) == 1


def test_shipped_files_are_read_again_only_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = tmp_path / "one.toml", list[Path]()
    load = definition.load
    monkeypatch.setattr(definition, "shipped", lambda: [path])
    monkeypatch.setattr(definition, "load", lambda found: (read.append(found), load(found))[1])
    head = 'question = "Why?"\nquestions = "dev"\n[[arm]]\nname = "a"\n'
    path.write_text('name = "one"\n' + head, encoding="utf-8")
    offers = Offers()
    assert offers.all() == offers.all() and len(read) == 1
    path.write_text('name = "other"\n' + head, encoding="utf-8")
    assert [one.name for one in offers.all()] == ["other"] and len(read) == 2


def test_passages_that_are_made_ready_are_counted(client: TestClient, folder: Path) -> None:
    contents = {"data": [{"title": "Cats", "paragraphs": [{"context": "A cat is a small animal. It sleeps.", "qas": [
        {"id": "1", "question": "What is a cat?", "answers": [{"text": "a small animal", "answer_start": 9}],
         "is_impossible": False}]}]}], "version": "2.0"}
    (folder / "cats.json").write_text(json.dumps(contents), encoding="utf-8")
    run = finish(client, body(questions={"format": "squad", "path": "cats.json"}))
    assert run["prepared"] == run["to_prepare"] == 1 and run["done"] == 3


def test_what_is_embedded_is_told_while_it_is(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cats = [{"title": f"Cat {n}", "paragraphs": [{"context": f"Cat {n} is a small animal.", "qas": [
        {"id": str(n), "question": f"What is cat {n}?", "answers": [{"text": "a small animal", "answer_start": 9}],
         "is_impossible": False}]}]} for n in range(3)]  # fmt: skip
    contents = {"data": cats, "version": "2.0"}
    (folder / "cats.json").write_text(json.dumps(contents), encoding="utf-8")
    monkeypatch.setattr(store, "_EMBED_AT_ONCE", 1)
    encoder = Waiting()
    with served(home, FakeAnswerer(), encoder) as client:
        run = begin(client, body(questions={"format": "squad", "path": "cats.json"}))
        for done in range(3):
            found = until(client, run, lambda run, done=done: (run["prepared"], run["to_prepare"]) == (done, 3))
            assert encoder.asked.wait(600) and found["state"] == "running" and found["total"] == 0
            encoder.gate.release()
        encoder.gate.release(1000)
        assert until(client, run, ended)["state"] == "done"


def test_toml_and_json_say_the_same(client: TestClient, folder: Path) -> None:
    assert folder.is_dir()
    head = 'name = "mine"\nquestion = "Does <b>it</b> help?"\nquestions = "questions.jsonl"\n'
    arms = "".join("[[arm]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in arm.items()) for arm in ARMS)
    first, second = finish(client, body()), finish(client, {"definition": head + arms})
    assert first["id"] == second["id"] and second["cached"] == 15


def test_limit_and_seed_make_another_run(client: TestClient, folder: Path) -> None:
    assert folder.is_dir()
    run = finish(client, {**body(), "limit": 2, "seed": 7})
    assert run["results"]["asked"]["questions"] == 2 and run["results"]["experiment"]["seed"] == 7
    assert (run["limit"], run["seed"]) == (2, 7) and run["id"] != finish(client, body())["id"]


def test_one_runs_and_the_next_waits(gated: TestClient, gate: threading.Semaphore) -> None:
    first = until(gated, begin(gated, body()), lambda run: run["state"] == "running")
    second = begin(gated, body(name="second"))
    assert second["state"] == "queued" and begin(gated, body(name="second"))["id"] == second["id"]
    assert begin(gated, body())["state"] == "running"  # the same once more is the same run
    assert [run["id"] for run in gated.get(PATH).json()["runs"]].count(first["id"]) == 1
    assert gated.delete(f"{PATH}/{second['id']}").json()["run"]["state"] == "stopped"
    for _ in range(50):
        gate.release()
    assert until(gated, first, ended)["state"] == "done"
    assert gated.get(f"{PATH}/{second['id']}").json()["done"] == 0


def test_a_stopped_run_goes_on_where_it_was(gated: TestClient, gate: threading.Semaphore) -> None:
    run = begin(gated, body())
    for _ in range(4):
        gate.release()
    run = until(gated, run, lambda run: run["done"] >= 3 and run["total"] == 15)
    stopped = gated.delete(f"{PATH}/{run['id']}")
    assert stopped.status_code == 202 and stopped.json()["run"]["state"] == "stopping"
    assert gated.post(PATH, json=run["request"]).status_code == 409
    for _ in range(50):
        gate.release()
    run = until(gated, run, ended)
    assert run["state"] == "stopped" and 0 < run["done"] < 15 and run["report"] is None
    assert gated.get(f"{PATH}/{run['id']}/report").status_code == 409
    again = begin(gated, run["request"])
    assert again["id"] == run["id"]
    resumed = until(gated, again, ended)
    assert resumed["state"] == "done" and resumed["cached"] == run["done"]


def test_what_has_ended_can_be_taken_off_the_list_unless_it_has_results(client: TestClient, folder: Path) -> None:
    done = finish(client, body())
    assert client.delete(f"{PATH}/{done['id']}").status_code == 409
    path = folder / "questions.jsonl"
    for quote in (STORES, GROWS, STAGES):
        path.write_text(path.read_text(encoding="utf-8").replace(quote, "Nobody wrote this."), encoding="utf-8")
    failed = until(client, begin(client, body(name="elsewhere")), ended)
    assert failed["state"] == "failed" and "no question has its evidence in the library" in failed["error"]
    assert client.delete(f"{PATH}/{failed['id']}").status_code == 204
    assert client.delete(f"{PATH}/{failed['id']}").status_code == 404
    assert [run["id"] for run in client.get(PATH).json()["runs"]] == [done["id"]]


def test_after_a_restart_what_was_going_is_shown_as_stopped_and_can_go_on(home: Path, folder: Path) -> None:
    gate = threading.Semaphore(3)
    with served(home, FakeAnswerer(gate)) as client:
        run = until(client, begin(client, body()), lambda run: run["done"] >= 3)
        record = (folder / "runs" / f"{run['id']}.json").read_text(encoding="utf-8")
        for _ in range(50):
            gate.release()
    # As a killed server leaves it, and beside it what is none of ours.
    (folder / "runs" / f"{run['id']}.json").write_text(record, encoding="utf-8")
    (folder / "runs" / "mine-0123456789ab.json").write_text("{", encoding="utf-8")
    assert json.loads(record)["state"] == "running"
    with served(home, FakeAnswerer()) as client:
        (found,) = client.get(PATH).json()["runs"]
        assert found["id"] == run["id"] and found["state"] == "stopped"
        assert finish(client, found["request"])["cached"] >= 3


def test_runs_of_the_command_line_are_in_the_list(client: TestClient, pipeline: Pipeline, folder: Path) -> None:
    path = folder / "theirs.toml"
    text = 'name = "theirs"\nquestion = "Why?"\nquestions = "questions.jsonl"\n[[arm]]\nname = "rag"\n'
    path.write_text(text, encoding="utf-8")
    finished = runner.run(pipeline, definition.load(path), date="2026-01-02T03:04:05+00:00")
    (folder / "broken-0123456789ab").mkdir()
    (folder / "broken-0123456789ab" / places.RESULTS_FILE).write_text('{"format": 1}', encoding="utf-8")
    (run,) = client.get(PATH).json()["runs"]
    assert run["id"] == finished.folder.name and run["state"] == "done" and run["request"] is None
    assert client.get(f"{PATH}/{run['id']}").json()["results"]["finding"] == run["finding"]
    assert client.get(f"{PATH}/broken-0123456789ab").status_code == 404


def test_a_report_is_a_page_that_can_do_nothing_but_filter(client: TestClient, folder: Path) -> None:
    run = finish(client, body())
    shown = client.get(run["report"])
    assert shown.headers["content-type"] == "text/html; charset=utf-8" and "<b>it</b>" not in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'") and script_hash() in policy
    assert "allow-same-origin" not in policy and "script-src 'unsafe" not in policy and "connect" not in policy
    negotiated = client.get(f"{PATH}/{run['id']}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert negotiated.text == shown.text and negotiated.headers["content-security-policy"] == policy
    for path in folder.glob("mine-*/report.html"):
        path.write_text("<script>of an older program</script>", encoding="utf-8")
    assert client.get(run["report"]).text == shown.text


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "one of them"),
        ({"name": "passages", "definition": "x"}, "one of them"),
        ({"name": "pasages"}, "did you mean passages"),
        ({"name": "../../mine"}, "is shipped"),
        ({"name": "passages", "limit": -1}, "/limit"),
        ({"name": "passages", "sed": 1}, "did you mean seed"),
        ({"definition": "name = "}, "definition:1: not TOML"),
        ({"definition": 'name = "x"\nquestoin = "?"'}, "definition:2: unknown key 'questoin': did you mean question"),
        ({"definition": "a = " + "[" * 100_000}, "not TOML"),
        (body(arm=[{"name": "a", "topk": 1}]), "/definition/arm/0/topk: arm 'a' has an unknown knob 'topk'"),
        (body(arm=[{"name": "a", "top_k": "many"}]), "/definition/arm/0/top_k"),
        (body(limit=None), "/definition/limit"),
        (body(name="../up"), "/definition/name"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_is_refused_with_its_place(
    client: TestClient, folder: Path, request_: dict[str, Any], said: str
) -> None:
    response = client.post(PATH, json=request_)
    assert response.status_code == 422 and response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"] and not (folder / "runs").exists()


def test_a_malformed_question_file_is_refused_with_its_line(client: TestClient, folder: Path) -> None:
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "x-01", "kind": "fact"}\n')
    response = client.post(PATH, json=body())
    assert response.status_code == 422 and "questions.jsonl:5: a pair needs" in response.json()["detail"]


@pytest.mark.parametrize(
    "questions", ["/etc/passwd", "../library.db", "missing.jsonl", "a\x00b", "x" * 5_000, "link.jsonl", "a/../../notes"]
)
def test_questions_are_read_from_the_experiments_folder_alone(
    client: TestClient, folder: Path, notes: Path, questions: str
) -> None:
    (folder / "link.jsonl").symlink_to(notes / "kv-cache.md")
    for given in (questions, {"format": "squad", "path": questions}):
        response = client.post(PATH, json=body(questions=given))
        assert response.status_code == 422 and "experiments" in response.json()["detail"]


@pytest.mark.parametrize(
    ("named", "said"),
    [("/etc", "/definition/arm/0/weights: weights lie in the folder"), ("../w", "/definition/arm/0/weights"),
     ("weights/none", "arm 'a': no decoder weights in weights/none")],
)  # fmt: skip
def test_weights_are_read_from_the_weights_folder_alone(
    client: TestClient, folder: Path, named: str, said: str
) -> None:
    response = client.post(PATH, json=body(arm=[{"name": "a", "weights": named}]))
    assert response.status_code == 422 and said in response.json()["detail"] and not (folder / "runs").exists()


@pytest.mark.parametrize("name", ["nope", "mine-0123456789ab", "..%2f..%2flibrary", "runs", "a-0123456789ab%2f.."])
def test_an_id_is_never_another_path(client: TestClient, name: str) -> None:
    for path in (f"{PATH}/{name}", f"{PATH}/{name}/report"):
        response = client.get(path)
        assert response.status_code in (404, 422)
        assert response.headers["content-type"] == "application/problem+json"
    assert client.delete(f"{PATH}/{name}").status_code in (404, 405, 422)


def test_two_runs_are_compared_question_by_question(client: TestClient, folder: Path) -> None:
    assert folder.is_dir()
    first = finish(client, body())
    second = finish(client, body(name="other", arm=[{"name": "rag", "top_k": 1}, {"name": "alone", "oracle": True}]))
    found = client.get(f"{PATH}/compare", params={"a": first["id"], "b": second["id"]}).json()
    assert found["shared"] == 5 and found["differs"]["arm rag.top_k"] == [None, 1]
    rows = {(row["language"], row["arm"], row["metric"]): row for row in found["figures"]}
    coverage = rows["all", "rag", metrics.COVERAGE]
    assert coverage["difference"]["value"] == pytest.approx(coverage["a"]["mean"] - coverage["b"]["mean"])
    right = rows["all", "rag", metrics.RIGHT]["difference"]
    assert "low" not in right and right["p_holm"] >= right["p_value"]  # two notes are too few for an interval
    alone = rows["all", "alone", metrics.RIGHT]
    assert alone["a"] is None and alone["b"] is not None and alone["difference"] is None
    same = client.get(f"{PATH}/compare", params={"a": first["id"], "b": first["id"]}).json()
    assert same["differs"] == {}
    assert all(row["difference"]["value"] == 0 for row in same["figures"] if row["difference"])
    assert not any(row["difference"].get("declared") for row in same["figures"] if row["difference"])


def test_what_has_no_results_cannot_be_compared(client: TestClient, folder: Path) -> None:
    assert folder.is_dir()
    run = finish(client, body())
    for other, status in (("mine-0123456789ab", 404), ("../x", 422), ("", 422)):
        response = client.get(f"{PATH}/compare", params={"a": run["id"], "b": other})
        assert response.status_code == status and response.headers["content-type"] == "application/problem+json"


def test_what_remains_is_told_from_the_answers_that_were_asked() -> None:
    pace = Pace()
    seen = [(1, 1, 10.0), (2, 2, 10.1), (3, 2, 12.0), (4, 2, 14.0), (5, 2, 15.0)]  # done, cached, seconds
    told = [pace.remaining_seconds(Progress(done, 9, cached), now) for done, cached, now in seen]
    assert told == [None, None, None, 2.0 * 5, 1.5 * 4]


def test_without_the_key_nothing_is_started_or_shown(keyed_client: TestClient, folder: Path) -> None:
    assert keyed_client.post(PATH, json=body()).status_code == 401
    assert keyed_client.get(PATH).status_code == 401 and not (folder / "runs").exists()
    assert keyed_client.get(PATH, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


def test_a_page_of_another_origin_cannot_start_one(client: TestClient, folder: Path) -> None:
    assert client.post(PATH, json=body(), headers={"Origin": "http://evil.example"}).status_code == 403
    assert not (folder / "runs").exists()
