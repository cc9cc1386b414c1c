"""Whole runs with a writer and a judge from outside: figures, cache, report, what a file and a request may name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.errors import ConfigError, OutsideError
from api.experiments import definition, metrics, places
from api.experiments.chosen import choose
from api.http.app import create_app
from api.pipeline import Pipeline
from generator.answerer import REFUSALS
from tests.api.experiment_cases import go, write_questions
from tests.api.fakes import FakeAnswerer
from tests.api.outside_fakes import Fake, serving, told

KEY = "sk-a-secret-of-the-user"
HEAD = 'name = "mine"\nquestion = "Does size help?"\nquestions = "questions.jsonl"\n'
ARMS = """[[arm]]
name = "ours"
[[arm]]
name = "large"
generator = "large"
[[arm]]
name = "large, closed"
generator = "large"
mode = "closed_book"
[generators.large]
kind = "endpoint"
model = "large-1"
base_url = "ADDRESS"
key_env = "LARGE_KEY"
[judge]
kind = "endpoint"
model = "judge-1"
base_url = "ADDRESS"
"""


def answering(body: dict[str, Any]) -> str:
    """Quotes what it is given; remembers nothing; judges all right, and all unsupported but for one reply in prose."""
    system, user = told(body)
    if "RIGHT or WRONG" in system:
        return "RIGHT"
    if "SUPPORTED or" in system:
        return "UNSUPPORTED" if "layers" in user else "I would say so"
    if "Passages:" not in user:
        return "I cannot remember."
    if "World Cup" in user or "кошка" in user:
        return REFUSALS["ru" if "кошка" in user else "en"]
    return "It stores the keys and values of past tokens [1]. The number of layers matters [2][9]."


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes an experiment on the question file of the two notes."""
    write_questions(tmp_path)
    monkeypatch.setenv("LARGE_KEY", KEY)

    def call(fake: Fake, arms: str = ARMS) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(HEAD + arms.replace("ADDRESS", fake.address), encoding="utf-8")
        return path

    return call


def test_a_large_model_stands_beside_ours_and_a_judge_beside_our_measures(
    pipeline: Pipeline, write: Callable[..., Path], home: Path
) -> None:
    with serving(answering) as fake:
        finished = go(pipeline, write(fake))
        asked = len(fake.bodies)
        again = go(pipeline, write(fake))
        assert len(fake.bodies) == asked and again.results["asked"]["from_cache"] == 15
        go(pipeline, write(fake, ARMS + '[[arm]]\nname = "no reranking"\ngenerator = "large"\nrerank = false\n'))
        # The passages are the same in another order at most; closed book and the judge of what is kept ask nothing.
        assert all(body["model"] == "judge-1" or "Passages:" in told(body)[1] for body in fake.bodies[asked:])
    assert {body["model"] for body in fake.bodies} == {"large-1", "judge-1"}
    results = finished.results
    cells = results["estimates"]["all"]
    assert cells["large"][metrics.COVERAGE]["mean"] == 0.6 and cells["large, closed"][metrics.COVERAGE]["mean"] == 1
    assert cells["large"][metrics.INVENTED]["mean"] == pytest.approx(1 / 3, abs=1e-4)
    assert metrics.INVENTED not in cells["ours"] and metrics.INVENTED not in cells["large, closed"]
    assert cells["large"][metrics.JUDGED_RIGHT]["mean"] == 1 and cells["large"][metrics.JUDGED_SUPPORTED]["mean"] == 0
    told_of = results["judge"]
    assert told_of["unread"] > 0 and told_of["asked"] > told_of["unread"] and told_of["own"] == []
    right = told_of["agreement"]["all"]["large"]["right"]
    assert right["answers"] == 3 and right["only_judge"] + right["both_yes"] == 3
    assert told_of["agreement"]["all"]["large, closed"]["supported"] is None
    page = (finished.folder / places.REPORT_FILE).read_text(encoding="utf-8")
    assert "What the judge says" in page and "large-1" in page and "judge: not supported" in page
    for path in [*home.rglob("*.json"), *home.rglob("*.html")]:
        assert KEY not in (text := path.read_text(encoding="utf-8")) and "LARGE_KEY" not in text


def test_a_server_that_breaks_off_costs_nothing_that_was_answered(
    pipeline: Pipeline, write: Callable[..., Path]
) -> None:
    patience = 6

    def failing(body: dict[str, Any]) -> Any:
        return answering(body) if len(fake.bodies) <= patience else (401, {}, "no more")

    with serving(failing) as fake:
        with pytest.raises(OutsideError, match="answers 401"):
            go(pipeline, write(fake))
        fake.answering, first = answering, list(fake.bodies[:patience])
        go(pipeline, write(fake))
        assert not any(body in fake.bodies[patience + 1 :] for body in first)


def test_a_key_that_is_not_set_is_told_before_anything_is_asked(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answering) as fake:
        path = write(fake)
        monkeypatch.delenv("LARGE_KEY")
        with pytest.raises(OutsideError, match="set the environment variable LARGE_KEY"):
            go(pipeline, path)
    assert not fake.bodies and not answerer.seen_options


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ('[[arm]]\nname = "a"\ngenerator = "big"\n',
         r"e.toml:6: there is no generator 'big': write \[generators.big\]"),
        ('[[arm]]\nname = "a"\ngenerator = "lrge"\n[generators.large]\nkind = "huggingface"\nmodel = "m"\n',
         "e.toml:6: there is no generator 'lrge': did you mean large"),
        ('[[arm]]\nname = "a"\ngenerator = "b"\nverify = true\n', "e.toml:4: a generator from outside does not depend"),
        ('[generators.b]\nkind = "endpoint"\nmodel = "m"\nbase_ulr = "https://a"\n',
         "e.toml:7: unknown key 'base_ulr': did you mean base_url"),
        ('[generators.b]\nkind = "endpoint"\n\nmodel = 3\n', "e.toml:7: model cannot be 3"),
        ('[generators.b]\nkind = "endpoint"\nmodel = "m"\nbase_url = "a"\n', "e.toml:7: base_url must be an address"),
        ('[generators]\nb = {kind = "endpoint", modle = "m"}\n', "e.toml:5: unknown key 'modle'"),
        ('[generators.b]\nmodel = "m"\n', "e.toml:4: kind is missing"),
        ('[[arm]]\nname = "a"\n[judge]\nkind = "gpt"\nmodel = "m"\n', "e.toml:7: kind cannot be 'gpt'"),
        ('[[arm]]\nname = "a"\n\n[judge]\nkind = "endpoint"\nmodel = "m"\nkey = "sk-secret"\n',
         "e.toml:10: unknown key 'key': did you mean key_env"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_is_named_with_its_line(arms: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        definition.parse(HEAD + arms, Path("e.toml"))
    assert "sk-secret" not in str(caught.value)


# ---- over HTTP

LARGE = {"kind": "endpoint", "model": "m", "base_url": "https://api.example.org/v1/"}
ALLOWED = {"https://api.example.org/v1": "LARGE_KEY"}


@pytest.mark.parametrize(
    ("model", "endpoints", "said"),
    [
        (LARGE, {}, "/definition/generators/large: .*--allow-endpoint"),
        ({**LARGE, "base_url": "http://169.254.169.254/v1"}, ALLOWED, "--allow-endpoint"),
        ({**LARGE, "base_url": "https://api.example.org/v1/../admin"}, ALLOWED, "--allow-endpoint"),
        ({**LARGE, "key_env": "HOME"}, ALLOWED, "/definition/generators/large.*key_env"),
        ({"kind": "huggingface", "model": "/etc"}, ALLOWED, "Hugging Face"),
        (LARGE, ALLOWED, ""),
        ({**LARGE, "key_env": "LARGE_KEY"}, ALLOWED, ""),
    ],
)
def test_a_request_reaches_no_server_but_those_that_were_allowed(
    tmp_path: Path, model: dict[str, Any], endpoints: dict[str, str | None], said: str
) -> None:
    write_questions(tmp_path)
    mine = {"name": "mine", "question": "Why?", "questions": "questions.jsonl", "arm": [{"name": "a"}]}
    for given in ({**mine, "generators": {"large": model}}, {**mine, "judge": model}):
        place = said.replace("generators/large", "judge") if "judge" in given else said
        if said:
            with pytest.raises(ConfigError) as caught:
                choose(tmp_path, given=given, endpoints=endpoints)
            assert re.search(place, str(caught.value))
        else:
            assert choose(tmp_path, given=given, endpoints=endpoints).experiment.name == "mine"


def test_the_server_refuses_models_from_outside_unless_it_was_started_with_them(pipeline: Pipeline, home: Path) -> None:
    (home / places.FOLDER).mkdir()
    write_questions(home / places.FOLDER)
    mine = {"name": "mine", "question": "Why?", "questions": "questions.jsonl", "arm": [{"name": "a"}]}
    body = {"definition": {**mine, "generators": {"large": LARGE}}}
    with TestClient(create_app(pipeline), base_url="http://localhost:8000") as client:
        refused = client.post("/v1/experiments", json=body)
        assert refused.status_code == 422 and "--allow-endpoint" in refused.json()["detail"]
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in mine.items() if key != "arm")
        toml = text + '[[arm]]\nname = "a"\n[judge]\nkind = "endpoint"\nmodel = "m"\nbase_url = "http://127.0.0.1:9"\n'
        refused = client.post("/v1/experiments", json={"definition": toml})
        assert refused.status_code == 422 and "definition:6: " in refused.json()["detail"]
    allowed = create_app(pipeline, endpoints=ALLOWED)
    with TestClient(allowed, base_url="http://localhost:8000") as client:
        assert client.post("/v1/experiments", json=body).status_code == 202
