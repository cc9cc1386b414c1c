"""Whole runs on the pipeline of two notes: cache, resume, figures, expected figures, report, command line."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import api.parts
from api.cli.start import run as lectern
from api.config import RunConfig
from api.errors import ConfigError
from api.experiments import definition, metrics, places, report, runner, summary
from api.experiments.definition import Expect
from api.experiments.expectations import verdict_of
from api.experiments.runner import Progress
from api.pipeline import Pipeline
from corpus.records import CorpusError
from generator.answer import Answer, Sentence
from tests.api.experiment_cases import (
    ARMS,
    DATE,
    GROWS,
    STAGES,
    STORES,
    figures,
    forget_answers,
    go,
    question,
    write_experiment,
)
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder


class Stopped(Exception):
    """What the failing answerer raises."""


class Failing(FakeAnswerer):
    """Answers `patience` questions, then raises."""

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience

    def stream(self, *arguments: Any, **options: Any) -> Any:
        """As FakeAnswerer's, until patience is gone."""
        if len(self.seen_options) >= self.patience:
            raise Stopped
        return super().stream(*arguments, **options)


class Hostile(FakeAnswerer):
    """Answers in HTML."""

    def stream(self, *arguments: Any, **options: Any) -> Any:
        """The same words to every question."""
        for piece in super().stream(*arguments, **options):
            if isinstance(piece, Answer):
                yield dataclasses.replace(
                    piece, status="answered", sentences=(Sentence("<script>alert(1)</script> & more", "decoder"),)
                )


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes an experiment on the question file of the two notes."""
    return functools.partial(write_experiment, tmp_path)


def test_a_second_run_asks_nothing_and_says_the_same(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path]
) -> None:
    first = go(pipeline, write())
    asked = len(answerer.seen_options)
    assert asked == 10  # five questions by two arms; the control asks nobody
    reached: list[Progress] = []
    second = go(pipeline, write(), on_progress=reached.append)
    assert len(answerer.seen_options) == asked
    assert reached[-1] == Progress(15, 15, 15)
    assert figures(first) == figures(second) and first.folder == second.folder
    go(pipeline, write(), fresh=True)
    assert len(answerer.seen_options) == 2 * asked


def test_a_stopped_run_goes_on_where_it_was_and_comes_to_the_same_figures(
    home: Path, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write()
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=FakeAnswerer()) as undisturbed:
        wanted = go(undisturbed, path, fresh=True, out=tmp_path / "undisturbed")
    forget_answers(home)
    failing = Failing(7)
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=failing) as pipeline, pytest.raises(Stopped):
        go(pipeline, path, out=tmp_path / "stopped")
    assert not (tmp_path / "stopped").exists()
    second = FakeAnswerer()
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=second) as pipeline:
        resumed = go(pipeline, path, out=tmp_path / "resumed")
    assert len(second.seen_options) == 10 - 7
    assert figures(resumed) == figures(wanted) and resumed.folder.name == wanted.folder.name


def test_ctrl_c_keeps_what_was_answered(pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path]) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(pipeline, write(), on_progress=stop)
    before = len(answerer.seen_options)
    assert go(pipeline, write()).results["asked"]["from_cache"] == 4
    assert len(answerer.seen_options) == 10 and before == 3


def test_a_changed_arm_costs_itself_alone(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path]
) -> None:
    go(pipeline, write())
    before = len(answerer.seen_options)
    finished = go(pipeline, write(ARMS.replace('name = "rag"', 'name = "rag, one"\ntop_k = 1')))
    assert len(answerer.seen_options) - before == 5 and finished.results["asked"]["from_cache"] == 10
    go(pipeline, write(ARMS.replace('name = "rag"', 'name = "spelt out"\nrerank = true\nretriever = "hybrid"')))
    assert len(answerer.seen_options) - before == 5  # the defaults by their names are the defaults


def test_a_damaged_cache_file_is_asked_again(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path], home: Path
) -> None:
    go(pipeline, write())
    kept = sorted((home / places.FOLDER / places.CACHE).rglob("*.json"))
    kept[0].write_text("{", encoding="utf-8")
    kept[1].write_text('{"answer": {}, "candidates": []}', encoding="utf-8")
    before = len(answerer.seen_options)
    assert go(pipeline, write()).results["asked"]["from_cache"] == len(kept) - 2
    assert len(answerer.seen_options) - before <= 2  # a control among them asks nobody


def test_another_library_is_asked_anew(pipeline: Pipeline, write: Callable[..., Path], tmp_path: Path) -> None:
    first = go(pipeline, write())
    (tmp_path / "new.md").write_text("# New\n\nA new note about quantization.\n", encoding="utf-8")
    pipeline.ingest([tmp_path / "new.md"], lambda _event: None)
    second = go(pipeline, write())
    assert second.results["asked"]["from_cache"] == 0 and second.folder != first.folder


def test_figures_are_those_of_the_answers(pipeline: Pipeline, write: Callable[..., Path]) -> None:
    results = go(pipeline, write()).results
    cells = results["estimates"]["all"]
    assert cells["refuse"][metrics.COVERAGE]["mean"] == 0 and metrics.WRONG not in cells["refuse"]
    assert cells["closed-book"][metrics.COVERAGE]["mean"] == 1 == cells["closed-book"][metrics.WRONG]["mean"]
    # Of five questions one is refused; of the four answers, that on the weight of a cat is wrong at least.
    assert cells["rag"][metrics.COVERAGE]["mean"] == 0.8
    by_question = {q["id"]: q["answers"]["rag"] for q in results["questions"]}
    assert by_question["stages-02-ru"]["cause"] == "should have abstained"
    assert by_question["kv-cache-01-en"]["outcome"] == "right" and by_question["kv-cache-01-en"]["cause"] is None
    assert set(results["causes"]["all"]) == {"rag"}
    pairs = {(row["first"], row["second"], row["metric"]) for row in results["comparisons"]}
    assert ("rag", "closed-book", metrics.WRONG) in pairs and ("rag", "refuse", metrics.WRONG) not in pairs
    assert results["finding"].startswith("“rag” was wrong in ") and "too few questions" in results["finding"]
    row = next(row for row in results["comparisons"] if row["metric"] == metrics.WRONG and row["language"] == "all")
    row |= {"p_value": 0.01, "p_holm": 0.03, "tested": True}
    tested = summary.finding(results["estimates"], [row], ["rag", "closed-book"])
    assert "after Holm's correction for 1 comparisons 0.03" in tested
    assert all(row["first"] == "rag" for row in results["comparisons"])
    assert results["provenance"]["date"] == DATE and results["provenance"]["model"] == "fake"


def test_no_path_of_this_machine_is_in_the_results(
    pipeline: Pipeline, write: Callable[..., Path], tmp_path: Path
) -> None:
    folder = go(pipeline, write()).folder
    for path in folder.iterdir():
        assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_bad_questions_stop_a_run_before_anything_is_asked(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write()
    with (tmp_path / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "x-01", "kind": "fact"}\n')
    with pytest.raises(CorpusError, match=r"questions\.jsonl:5: a pair needs"):
        go(pipeline, path)
    with pytest.raises(ConfigError, match="none of the questions is in ru"):
        runner.choose([question()], ["ru"], 0)
    assert not answerer.seen_options


def test_a_question_whose_evidence_is_not_in_the_library_is_left_out(
    pipeline: Pipeline, write: Callable[..., Path]
) -> None:
    path = write()
    questions = path.parent / "questions.jsonl"
    changed = questions.read_text(encoding="utf-8").replace(GROWS, "Nobody has ever written this sentence down.")
    questions.write_text(changed, encoding="utf-8")
    asked = go(pipeline, path).results["asked"]
    assert (asked["questions"], asked["left_out"]) == (4, 1)


def test_a_limit_keeps_pairs_together() -> None:
    found = [
        question(id=f"u-{n:02d}-{language}", pair=f"u-{n:02d}", language=language)
        for n in range(10)
        for language in ("en", "ru")
    ]
    chosen = runner.choose(found, ["en", "ru"], 4)
    assert len(chosen) == 4 and len({q.pair for q in chosen}) == 2
    assert runner.choose(found, ["en", "ru"], 0) == found == runner.choose(found, ["ru", "en"], 100)
    assert len(runner.choose(found, ["ru"], 3)) == 3


def test_what_an_answer_says_cannot_become_part_of_the_page(home: Path, write: Callable[..., Path]) -> None:
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=Hostile()) as pipeline:
        finished = go(pipeline, write())
    page = (finished.folder / places.REPORT_FILE).read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
    assert page.count("<script>") == 1 and "<b>it</b>" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "") and "https://" not in page


def test_a_report_shows_every_question_by_every_arm(pipeline: Pipeline, write: Callable[..., Path]) -> None:
    finished = go(pipeline, write())
    page = (finished.folder / places.REPORT_FILE).read_text(encoding="utf-8")
    assert page.count("<article") == 5 and page.count('class="cell"') == 15
    assert "currentColor" in page and "#010203" not in page
    first = page[page.index("At a glance") :]
    assert first.index("<svg") < first.index("<table") < first.index("<details")  # drawn, in short, and then all of it
    assert page.count("<td>wrong and supported</td>") == 3 < page.count("<td>wrong of answered</td>")
    assert '[1]\n\n' in page  # what was also found is a paragraph of its own
    again = runner.report_again(finished.folder)
    assert (again.folder / places.REPORT_FILE).read_text(encoding="utf-8") == page
    with pytest.raises(ConfigError, match="holds no results"):
        runner.report_again(finished.folder.parent)
    path = finished.folder / places.RESULTS_FILE
    results = json.loads(path.read_text(encoding="utf-8"))
    for missing in ("experiment", "provenance", "questions"):
        path.write_text(json.dumps({k: v for k, v in results.items() if k != missing}), encoding="utf-8")
        with pytest.raises(ConfigError, match="holds no results"):
            runner.report_again(finished.folder)


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [(0.3, 0.1, 0.5, "OK"), (0.45, 0.35, 0.5, "DRIFT"), (0.1, 0.0, 0.2, "DRIFT"), (0.6, 0.5, 0.7, "FAIL")],
)
def test_verdicts_by_hand(value: float, low: float, high: float, verdict: str) -> None:
    assert verdict_of(Expect("right", "a", low=0.2, high=0.4), value, low, high) == verdict


def test_expected_figures_are_checked(pipeline: Pipeline, write: Callable[..., Path]) -> None:
    expect = """
[[expect]]
arm = "refuse"
metric = "coverage"
low = 0.0
high = 0.0
[[expect]]
pair = ["rag", "closed-book"]
metric = "wrong of answered"
relation = "above"
[[expect]]
arm = "refuse"
metric = "wrong of answered"
low = 0.0
high = 0.9
"""
    more = """
[[expect]]
arm = "closed-book"
metric = "wrong of answered"
less = "coverage"
low = 0.0
high = 0.0
"""
    checked = go(pipeline, write(ARMS + expect + more)).results["expectations"]
    verdicts = [row["verdict"] for row in checked]
    assert verdicts[0] == "OK" and verdicts[1] in ("DRIFT", "FAIL") and verdicts[2] == "FAIL" and verdicts[3] == "OK"
    assert checked[3]["what"] == "closed-book, wrong of answered less coverage, all" and checked[3]["value"] == 0


def test_russian_against_english_is_shown_and_can_be_expected(
    pipeline: Pipeline, write: Callable[..., Path]
) -> None:
    path = write(ARMS, "compare_languages = true\n")
    questions = path.parent / "questions.jsonl"
    row = json.loads(questions.read_text(encoding="utf-8").splitlines()[0])
    (evidence,) = row["en"]["evidence"]
    # Six documents by name, as questions are grouped by those that hold their evidence: fewer have no interval.
    sides = [{**row["en"], "evidence": [{**evidence, "document": f"notes/en/note{n}.md"}]} for n in range(6)]
    rows = [{**row, "id": f"note{n}-01", "en": side, "ru": side} for n, side in enumerate(sides)]
    questions.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    expect = '[[expect]]\narm = "rag"\nmetric = "right"\nlanguage = "ru less en"\nrelation = "below"\n'
    path.write_text(path.read_text(encoding="utf-8") + expect, encoding="utf-8")
    finished = go(pipeline, path)
    found = {(one["arm"], one["metric"]): one for one in finished.results["between_languages"]}
    assert found["rag", metrics.RIGHT]["questions"] == 6 and found["rag", metrics.RIGHT]["difference"] == 0
    assert ("refuse", metrics.WRONG) not in found and found["rag", metrics.RIGHT]["p_holm"] == 1
    assert finished.results["experiment"]["compare_languages"] is True
    (checked,) = finished.results["expectations"]
    assert (checked["what"], checked["value"], checked["verdict"]) == ("rag, right, ru less en", 0, "DRIFT")
    page = (finished.folder / places.REPORT_FILE).read_text(encoding="utf-8")
    assert "Russian against English" in page and "only Russian" in page
    assert "Russian less English, rag: cannot be told from chance" in finished.results["finding"]
    shown = report.between_languages(finished.results)
    assert shown[0].startswith("Russian less English, rag: ") and "right +0.0 points [" in shown[0]
    assert report.between_languages({}) == []
    with pytest.raises(ConfigError, match="e.toml:4: compare_languages needs questions in both"):
        definition.parse(
            'name = "x"\nquestion = "?"\nquestions = "dev"\ncompare_languages = true\nlanguages = ["ru"]\n' + ARMS,
            Path("e.toml"),
        )  # fmt: skip


def test_questions_on_one_document_have_no_interval(
    pipeline: Pipeline, write: Callable[..., Path], home: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    expect = '[[expect]]\narm = "refuse"\nmetric = "coverage"\nlow = 0.5\nhigh = 0.6\n'
    path = write(ARMS + expect, 'languages = ["en"]\nlimit = 2\n')
    results = (finished := go(pipeline, path)).results
    cell = results["estimates"]["all"]["rag"][metrics.COVERAGE]
    assert cell["units"] == 1 and cell["low"] is None and cell["high"] is None and results["comparisons"] == []
    assert results["finding"].endswith("no interval and no test: one document.")
    assert all(at["low"] is None for row in results["matched"]["all"] for at in row["risk"].values())
    assert results["expectations"][0]["verdict"] == "FAIL"
    page = (finished.folder / places.REPORT_FILE).read_text(encoding="utf-8")
    assert "1.00</td>" in page and "[1.00, 1.00]" not in page
    assert "There are no intervals" in page and "2 questions on 1 note, 3 arms" in page
    monkeypatch.setenv("LECTERN_HOME", str(home))
    assert lectern(["experiment", "compare", str(finished.folder), finished.folder.name]) == 0
    assert "no interval and no test: one document" in capfd.readouterr().out


def test_two_runs_are_compared_on_the_command_line(
    pipeline: Pipeline, home: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    first = go(pipeline, write()).folder
    second = go(pipeline, write(ARMS.replace("always_refuse", "copy_first_sentence"))).folder
    monkeypatch.setenv("LECTERN_HOME", str(home))
    assert lectern(["experiment", "compare", first.name, str(second), "--json"]) == 0
    compared = json.loads(capfd.readouterr().out)
    assert compared["shared"] == 5 and compared["differs"]["arm refuse.control"] == [
        "always_refuse", "copy_first_sentence"
    ]  # fmt: skip
    assert lectern(["experiment", "compare", first.name, second.name]) == 0
    shown = capfd.readouterr().out
    assert "5 questions in both" in shown and "arm refuse.control" in shown and "right" in shown
    assert lectern(["experiment", "compare", first.name, "gone-0123456789ab"]) == 1
    assert "the results of gone-0123456789ab cannot be read" in capfd.readouterr().err


def test_files_are_checked_before_a_model_is_loaded(
    home: Path, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: pytest.fail("a model was loaded"))
    monkeypatch.setenv("LECTERN_HOME", str(home))
    path = str(write())
    questions = tmp_path / "questions.jsonl"
    sound = questions.read_text(encoding="utf-8")
    questions.write_text(sound + "{}\n", encoding="utf-8")
    assert lectern(["experiment", "run", path]) == 1 and "questions.jsonl:5" in capfd.readouterr().err
    for quote in (STORES, GROWS, STAGES):
        sound = sound.replace(quote, "Nobody has ever written this sentence down.")
    questions.write_text(sound, encoding="utf-8")
    assert lectern(["experiment", "run", path]) == 1
    assert "no question has its evidence in the library" in capfd.readouterr().err


def test_the_command_line_lists_runs_and_reports(
    home: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: HashEncoder())
    monkeypatch.setattr(api.parts, "load_answerer", lambda _encoder, _config: FakeAnswerer())
    monkeypatch.setenv("LECTERN_HOME", str(home))
    assert lectern(["experiment", "list"]) == 0
    assert "rag-vs-closed-book" in capfd.readouterr().out
    assert lectern(["experiment", "list", "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["experiments"]) == len(definition.shipped())
    assert lectern(["experiment", "run", str(write()), "--limit", "4", "--json"]) == 0
    results = json.loads(capfd.readouterr().out)
    assert results["asked"]["questions"] == 4 and Path(results["folder"]).is_dir()
    assert lectern(["experiment", "report", results["folder"]]) == 0
    assert capfd.readouterr().out.startswith("“rag” was wrong in")
    assert lectern(["experiment", "run", "pasages"]) == 1
    assert "did you mean passages" in capfd.readouterr().err
