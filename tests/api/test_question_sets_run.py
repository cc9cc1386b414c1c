"""Experiments and evaluation on sets with passages of their own: those are searched, and the home's library is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import api.parts
from api.cli.start import run as lectern
from api.errors import ConfigError
from api.evaluate.questions import EvidenceIndex
from api.experiments import definition, metrics, places, runner
from api.pipeline import Pipeline
from api.question_sets import formats, library
from tests.api import question_set_samples as samples
from tests.api.fakes import FakeAnswerer
from tests.api.question_set_samples import RIVER, write_beir, write_lines
from tests.fakes import HashEncoder

DATE = "2026-01-02T03:04:05+00:00"


def experiment(tmp_path: Path, questions: str) -> definition.Experiment:
    """Two arms on the questions."""
    head = f'name = "sets"\nquestion = "Does it work?"\nquestions = {questions}\n'
    path = tmp_path / "e.toml"
    path.write_text(head + '[[arm]]\nname = "rag"\n[[arm]]\nname = "oracle"\noracle = true\n', encoding="utf-8")
    return definition.load(path)


@pytest.fixture
def squad(tmp_path: Path) -> definition.Experiment:
    """An experiment on the SQuAD sample."""
    (tmp_path / "set.json").write_text(json.dumps(samples.squad()), encoding="utf-8")
    return experiment(tmp_path, '{format = "squad", path = "set.json"}')


def test_arms_search_the_passages_of_the_set(pipeline: Pipeline, squad: definition.Experiment) -> None:
    documents, reached = pipeline.count_documents(), list[tuple[int, int]]()
    results = runner.run(
        pipeline, squad, date=DATE, on_passages=lambda done, total: reached.append((done, total))
    ).results
    assert results["asked"]["questions"] == 4 and results["asked"]["left_out"] == 0
    titles = {c["title"] for q in results["questions"] for a in q["answers"].values() for c in a["citations"]}
    assert titles and titles <= {"Green tea", "Lenta"}
    assert results["estimates"]["all"]["oracle"][metrics.CITATION_RECALL]["mean"] > 0
    assert results["experiment"]["questions"] == "set.json" and results["experiment"]["format"] == "squad"
    assert pipeline.count_documents() == documents and reached[1] == (2, 2)


def test_a_second_run_finds_the_library_and_the_answers(
    pipeline: Pipeline, answerer: FakeAnswerer, squad: definition.Experiment
) -> None:
    first = runner.run(pipeline, squad, date=DATE)
    asked = len(answerer.seen_options)
    second = runner.run(pipeline, squad, date=DATE)
    assert len(answerer.seen_options) == asked and first.folder == second.folder
    assert len(list((pipeline.config.home / library.FOLDER).iterdir())) == 1


def test_a_library_that_was_cut_short_is_made_whole(pipeline: Pipeline, squad: definition.Experiment) -> None:
    loaded = formats.load(squad.questions, "squad")

    def stop(done: int, _total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), library.searched(pipeline, loaded, stop):
        pass
    with library.searched(pipeline, loaded) as own:
        assert own.count_documents() == 2 and own.library.check() == [] and own.is_in_step()
        assert own.encoder is pipeline.encoder and own.answerer is pipeline.answerer


def test_answers_that_nobody_knows_are_not_judged(pipeline: Pipeline, tmp_path: Path) -> None:
    write_beir(tmp_path / "b")
    finished = runner.run(pipeline, experiment(tmp_path, '{format = "beir", path = "b"}'), date=DATE)
    cells = finished.results["estimates"]["all"]["rag"]
    assert cells[metrics.COVERAGE]["mean"] == 1 and metrics.IN_EVIDENCE in cells
    assert not {metrics.WRONG, metrics.RIGHT, metrics.F1} & cells.keys()
    assert {q["answers"]["rag"]["outcome"] for q in finished.results["questions"]} == {"not judged"}
    assert "none of it judged" in finished.results["finding"]
    assert (finished.folder / places.REPORT_FILE).is_file()


def test_bad_sets_stop_a_run_before_anything_is_written(
    pipeline: Pipeline, answerer: FakeAnswerer, tmp_path: Path
) -> None:
    write_lines(tmp_path / "h.jsonl", [samples.HALUEVAL[0], {}])
    with pytest.raises(ValueError, match=r"h\.jsonl:2: 'knowledge'"):
        runner.run(pipeline, experiment(tmp_path, '{format = "halueval", path = "h.jsonl"}'), date=DATE)
    assert not answerer.seen_options and not (pipeline.config.home / library.FOLDER).exists()


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ('{format = "sqaud", path = "a"}', "e.toml:3: format cannot be 'sqaud', it must be one of lectern, squad"),
        ('{format = "squad"}', "e.toml:3: questions needs path"),
        ('{path = "a", limit = 3}', "e.toml:3: unknown key 'limit'"),
        ("7", "e.toml:3: questions is train, dev, test, a path"),
    ],
)
def test_a_mistake_in_the_source_is_named_with_its_line(tmp_path: Path, questions: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        experiment(tmp_path, questions)


def test_the_own_format_may_be_named_too(tmp_path: Path) -> None:
    assert experiment(tmp_path, '{path = "dev"}').questions == "dev"
    assert experiment(tmp_path, '{format = "lectern", path = "dev"}').format == "lectern"


def test_evaluation_takes_sets_as_well(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: HashEncoder())
    monkeypatch.setattr(api.parts, "load_answerer", lambda _encoder, _config: FakeAnswerer())
    monkeypatch.setenv("LECTERN_HOME", str(home))
    folder = write_beir(tmp_path / "b")
    assert lectern(["evaluate", "retrieval", str(folder), "--format", "beir", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["by_language"]["en"]["bm25 recall@5"]["mean"] == 1
    path = write_lines(tmp_path / "h.jsonl", samples.HALUEVAL)
    assert lectern(["evaluate", "answers", str(path), "--format", "halueval", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["by_language"]["en"]["match"]["questions"] == 3
    assert lectern(["evaluate", "answers", str(folder), "--format", "beir", "--json"]) == 0
    assert "match" not in json.loads(capfd.readouterr().out)["by_language"]["en"]
    assert lectern(["evaluate", "answers", str(path), "--format", "squad"]) == 1
    assert "h.jsonl:2: not JSON" in capfd.readouterr().err


def test_a_long_passage_is_cut_and_its_evidence_found(pipeline: Pipeline, tmp_path: Path) -> None:
    rows = [{**samples.HALUEVAL[1], "knowledge": " ".join([RIVER.replace(".", ","), *(["and so on"] * 400)]) + "."}]
    path = write_lines(tmp_path / "h.jsonl", rows)
    loaded = formats.load(str(path), "halueval")
    with library.searched(pipeline, loaded) as own:
        assert len(own.library.chunks()) > 1
        assert runner.within(loaded.questions, EvidenceIndex(own.library)) == (list(loaded.questions), 0)
