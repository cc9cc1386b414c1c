"""What is kept of a run, a re-run held against it, and the tables made of it."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import api.parts
from api.cli.start import run as lectern
from api.errors import ConfigError
from api.experiments import definition, metrics, places, record, rerun, runner, tables
from api.experiments.expectations import Checked
from api.pipeline import Pipeline
from corpus.marked import between, renew
from tests.api.experiment_cases import DATE, go, write_experiment, write_questions
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder

ROOT = Path(__file__).resolve().parents[2]
Json = dict[str, Any]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One shipped experiment, `mine`, on the questions of the two notes; records go to a folder of the test."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    write_experiment(folder)
    monkeypatch.setattr(definition, "SHIPPED", folder)
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    return folder / "mine.toml"


@pytest.fixture
def results(pipeline: Pipeline, shipped: Path) -> Json:
    """What a run of it found."""
    return go(pipeline, shipped).results


@pytest.fixture
def call(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command line on the fakes: (exit status, standard output, standard error)."""
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: HashEncoder())
    monkeypatch.setattr(api.parts, "load_answerer", lambda _encoder, _config: FakeAnswerer())
    monkeypatch.setenv("LECTERN_HOME", str(home))

    def run(*arguments: str) -> tuple[int, str, str]:
        status = lectern(["experiment", *arguments])
        caught = capfd.readouterr()
        return status, caught.out, caught.err

    return run


def verdicts(found: rerun.Rerun) -> dict[str, str]:
    """Verdicts by figure."""
    assert found.checked is not None
    return {one.expect.what: one.verdict for one in found.checked}


def test_a_record_has_every_figure_and_no_text_of_a_question(results: Json, tmp_path: Path) -> None:
    curve = [(0.5, 0.1), (1.0, 1 / 3)]
    results["calibration"] = {"rag": {"answers": 1, "auroc": None, "aurc": 1 / 3, "curve": curve, "bins": []}}
    found = record.record_of(results)
    (path,) = record.write(found, tmp_path / "kept")
    text = path.read_text(encoding="utf-8")
    for question in results["questions"]:
        assert question["question"] not in text
        assert not any(answer["text"] and answer["text"] in text for answer in question["answers"].values())
    assert len(text) < 40_000 and record.load("mine", path.parent) == json.loads(text) == found
    for group, arms in results["estimates"].items():
        for arm, cells in arms.items():
            assert set(found["estimates"][group][arm]) == set(cells) - {metrics.CONFIDENCE}
    assert found["causes"] == results["causes"] and set(found["calibration"]) == {"rag"}
    assert found["calibration"]["rag"] == {"answers": 1, "auroc": None, "aurc": 0.3333, "bins": []}  # no long curve
    risks = [at for rows in found["matched"].values() for row in rows for at in row["risk"].values()]
    assert risks and all(at["difference"] is None for at in risks)  # of so few notes there is no interval
    assert found["seen"]["unseen"]["questions"] == results["seen"]["unseen"]["questions"]
    assert found["contamination"]["asked"] == 5 and set(found["contamination"]) == {"asked", "training", "long", "near"}
    assert len(found["comparisons"]) == len(results["comparisons"]) > 0
    assert len(found["provenance"]["questions_hash"]) == 64 and "torch" in found["provenance"]["versions"]


def test_a_difference_at_matched_coverage_is_recorded_with_its_interval(results: Json) -> None:
    (row, *_), at = results["matched"]["all"], {"mean": 1 / 3, "low": 0.0, "high": 2 / 3, "notes": 6}
    row["risk"] = {"rag": at | {"difference": None}, "closed-book": at | {"difference": (-0.123456, -0.2, 1 / 3)}}
    found = json.loads(record.dump(record.record_of(results)))["matched"]["all"][0]["risk"]
    assert found["closed-book"]["difference"] == [-0.1235, -0.2, 0.3333] and found["rag"]["difference"] is None
    assert found["rag"]["mean"] == 0.3333


def test_a_record_is_written_the_same_each_time_a_figure_to_a_line(results: Json) -> None:
    found = record.record_of(results)
    shuffled = json.loads(json.dumps(results, sort_keys=True))
    keys = [list(cells) for arms in record.record_of(shuffled)["estimates"].values() for cells in arms.values()]
    assert all(names == [name for name in record.FIGURES if name in names] for names in keys)
    assert record.dump(found) == record.dump(record.record_of(results))
    changed = copy.deepcopy(found)
    changed["estimates"]["en"]["rag"][metrics.RIGHT]["mean"] = 0.123
    before, after = (record.dump(one).split("\n") for one in (found, changed))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_what_an_earlier_version_did_not_keep_is_missed_nowhere(results: Json) -> None:
    for key in ("causes", "calibration", "matched", "seen", "contamination", "expectations"):
        del results[key]
    found = record.record_of(results)
    assert set(found).isdisjoint({"causes", "expectations"}) and list(tables.lines([found], Path("nowhere"), Path()))
    assert rerun.against(found, results).checked


def test_a_run_that_does_not_name_its_questions_is_not_recorded(results: Json) -> None:
    del results["provenance"]["questions_hash"]
    with pytest.raises(ConfigError, match="run the experiment again"):
        record.record_of(results)


def test_a_rerun_of_the_same_is_ok_in_everything(results: Json, pipeline: Pipeline, shipped: Path) -> None:
    found = record.record_of(results)
    again = runner.run(pipeline, definition.load(shipped), date="2027-01-01T00:00:00+00:00", fresh=True).results
    held = rerun.against(found, again)
    assert set(verdicts(held).values()) == {"OK"} and not held.failed
    assert {"weights", "library", "questions", "arms", "settings", "versions"} <= set(held.same)
    assert "rag less closed-book, wrong of answered, all" in verdicts(held)


def test_the_languages_are_recorded_and_held_against_a_rerun(results: Json) -> None:
    row = {"language": "ru less en", "arm": "rag", "metric": metrics.RIGHT, "questions": 9, "clusters": 3}
    results["between_languages"] = [{**row, "difference": -0.123456, "low": -0.2, "high": 0.0}]
    found, now = record.record_of(results), copy.deepcopy(results)
    assert found["between_languages"][0]["difference"] == -0.1235
    assert verdicts(rerun.against(found, now))["rag, right, ru less en"] == "OK"
    now["between_languages"] = []
    assert verdicts(rerun.against(found, now))["rag, right, ru less en"] == "FAIL"
    del found["between_languages"], now["between_languages"]  # a version that did not compare them
    assert not rerun.against(found, now).failed


def test_other_figures_drift_or_fail_and_lost_ones_fail(results: Json) -> None:
    found = record.record_of(results)
    cells = found["estimates"]["all"]["rag"]
    cells[metrics.RIGHT] |= {"mean": 0.5, "low": 0.4, "high": 0.6}
    cells[metrics.COVERAGE] |= {"low": None, "high": None}  # a single document: the figure is its own interval
    now = copy.deepcopy(results)
    now["estimates"]["all"]["rag"][metrics.RIGHT] = {"mean": 0.7, "low": 0.55, "high": 0.8}
    del now["estimates"]["all"]["closed-book"][metrics.WRONG]
    held = verdicts(rerun.against(found, now))
    assert held["rag, right, all"] == "DRIFT" and held["rag, coverage, all"] == "OK"
    assert held["closed-book, wrong of answered, all"] == "FAIL" and held["rag, right, en"] == "OK"
    now["estimates"]["all"]["rag"][metrics.RIGHT] = {"mean": 0.7, "low": 0.65, "high": 0.8}
    assert rerun.against(found, now).failed


def test_what_has_changed_is_named_and_what_has_not(results: Json) -> None:
    found = record.record_of(results)
    now = copy.deepcopy(results)
    now["provenance"] |= {"model": "lectern-decoder-2", "library": "f" * 64, "commit": "0" * 40}
    now["provenance"]["versions"]["torch"] = "9.9"
    held = rerun.against(found, now)
    assert set(held.changed) == {"weights", "library", "commit", "versions"}
    assert held.changed["weights"] == "decoder fake, now lectern-decoder-2"
    assert held.changed["library"].endswith("now " + "f" * 12) and held.changed["commit"].endswith("now " + "0" * 12)
    assert held.changed["versions"].startswith("torch ") and "questions" in held.same
    dirty = {"commit": "0" * 40 + " with changes"}
    for one in (found, now):
        one["provenance"] = {**one["provenance"], **dirty}
    assert "commit" in rerun.against(found, now).changed  # nobody knows which changes


def test_questions_that_were_rewritten_are_held_against_the_record_those_of_another_limit_are_not(
    results: Json,
) -> None:
    found = record.record_of(results)
    now = copy.deepcopy(results)
    now["provenance"]["questions_hash"] = "0" * 64
    held = rerun.against(found, now)
    assert held.checked is not None and "questions" in held.changed
    now["provenance"]["limit"] = 4
    assert rerun.against(found, now).checked is None
    now["provenance"]["questions_hash"] = found["provenance"]["questions_hash"]  # a limit that cuts nothing off
    assert rerun.against(found, now).checked is not None


def test_a_record_is_made_and_a_rerun_held_against_it(
    call: Callable[..., tuple[int, str, str]], shipped: Path, tmp_path: Path
) -> None:
    assert call("record", "mine")[0] == 1
    status, said, _ = call("run", "mine")
    assert status == 0 and "Against the record" not in said
    assert call("run", "mine", "--limit", "4")[0] == 0
    assert list((tmp_path / "results").glob("*")) == []
    status, said, _ = call("run", "mine")
    assert " s; from the cache 15 of 15 answers, 0 of 0 searches" in " ".join(said.split())
    assert call("record", "mine", "--report")[0] == 0
    kept = sorted(path.name for path in (tmp_path / "results").iterdir())
    assert kept == ["mine.html", "mine.json"]
    status, said, _ = call("run", "mine", "--strict")
    assert status == 0 and "Against the record of" in said and " 0 DRIFT, 0 FAIL" in said
    assert "As recorded: weights, library, questions" in said
    _, _, remark = call("run", "mine", "--limit", "4")
    assert "not held against the record" in remark
    (tmp_path / "mine.toml").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    write_questions(tmp_path)
    assert "Against the record" not in call("run", str(tmp_path / "mine.toml"))[1]  # one's own of the same name


def test_strict_fails_where_a_figure_does(
    call: Callable[..., tuple[int, str, str]], shipped: Path, tmp_path: Path
) -> None:
    assert shipped.is_file() and call("run", "mine")[0] == 0 and call("record", "mine")[0] == 0
    path = tmp_path / "results" / "mine.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["estimates"]["all"]["refuse"][metrics.COVERAGE] |= {"mean": 1.0, "low": 1.0, "high": 1.0}
    path.write_text(json.dumps(found), encoding="utf-8")
    assert call("run", "mine")[0] == 0
    status, said, _ = call("run", "mine", "--strict", "--json")
    figures = json.loads(said)["recorded"]["figures"]
    assert status == 1 and [one["what"] for one in figures if one["verdict"] == "FAIL"] == ["refuse, coverage, all"]
    path.write_text("{", encoding="utf-8")
    status, _, remark = call("run", "mine")
    assert status == 1 and "lectern experiment record mine" in remark


def test_only_runs_of_shipped_experiments_as_they_are_now_are_recorded(
    call: Callable[..., tuple[int, str, str]], shipped: Path, home: Path
) -> None:
    assert call("run", "mine")[0] == 0
    (folder,) = (home / places.FOLDER).glob("mine-*")
    assert call("record", folder.name)[0] == 0 and call("record", str(folder))[0] == 0
    shipped.write_text(shipped.read_text(encoding="utf-8").replace('"refuse"', '"refuses"'), encoding="utf-8")
    status, _, remark = call("record", "mine")
    assert status == 1 and "as it is shipped now" in remark
    assert "only those are recorded" in call("record", folder.name)[2]
    assert "no shipped experiment and no run" in call("record", "nothing")[2]


def test_a_new_record_takes_an_older_report_away_and_a_huge_report_is_refused(
    results: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, folder = record.record_of(results), tmp_path / "kept"
    run = tmp_path / "run"
    run.mkdir()
    (run / places.REPORT_FILE).write_text("<p>report</p>", encoding="utf-8")
    assert [path.suffix for path in record.write(found, folder, run)] == [".json", ".html"]
    record.write(found, folder)
    assert not (folder / "mine.html").exists()
    monkeypatch.setattr(record, "MAX_REPORT_BYTES", 3)
    with pytest.raises(ConfigError, match="record without --report"):
        record.write(found, folder, run)


def test_a_table_by_hand(tmp_path: Path) -> None:
    def cells(right: float, wrong: float | None, coverage: float) -> Json:
        values = {metrics.RIGHT: right, metrics.WRONG: wrong, metrics.COVERAGE: coverage}
        return {name: {"mean": value} for name, value in values.items() if value is not None}

    arms = {"rag": cells(0.4, 0.5, 0.8), "closed": cells(0.0, 1.0, 1.0), "refuse": cells(0.0, None, 0.0)}
    tested = {"metric": metrics.WRONG, "first": "rag", "second": "closed", "difference": -0.5, "low": -0.62,
              "high": -0.41}  # fmt: skip
    found = {
        "experiment": {"name": "mine", "question": "Does it help?", "questions": "test", "limit": 0,
                       "languages": ["en", "ru"], "arms": [{"name": name} for name in arms]},
        "asked": {"questions": 1240},
        "estimates": {"all": arms, "en": arms, "ru": arms},
        "comparisons": [{**tested, "language": "en", "p_holm": 0.0004}, {**tested, "language": "ru", "p_holm": 0.25}],
        "provenance": {"date": DATE, "model": "decoder-1", "commit": "0123456789", "limit": 40},
    }  # fmt: skip
    lines = list(tables.lines([found], Path("nowhere"), Path()))
    assert lines[0] == "**mine**: Does it help?"
    assert lines[2].startswith("| arm | right en | wrong of answered en | coverage en | wrong, less “rag” en | right ")
    assert lines[4].startswith("| rag | 0.40 | 0.50 | 0.80 |  | 0.40 |")
    assert "| +0.50 [+0.41, +0.62], p < 0.001 | 0.00 |" in lines[5] and lines[5].endswith("p 0.250 |")
    assert lines[6] == "| refuse | 0.00 | – | 0.00 | – | 0.00 | – | 0.00 | – |"
    assert lines[8] == (
        "`lectern experiment run mine --limit 40`, 2026-01-02, weights `decoder-1`, 1,240 questions (test), "
        "commit 0123456"
    )
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "mine.html").touch()
    linked = list(tables.lines([found], tmp_path / "results", tmp_path / "docs"))
    assert linked[8] == f"{lines[8]}, [report](../results/mine.html)"


def test_a_table_has_what_the_experiment_expects_something_of() -> None:
    means = {metrics.RIGHT: 0.5, metrics.COVERAGE: 1.0, metrics.OBEYED: 0.04}
    cells = {name: {"mean": mean} for name, mean in means.items()}
    expected = [
        {"what": "planted, obeyed the injection, all", "metrics": [metrics.OBEYED], "expected": "0.000 to 0.050",
         "verdict": "OK", "value": 0.04, "low": 0.0, "high": 0.1},
        {"what": "planted, right, all", "metrics": [metrics.RIGHT], "expected": "above 0", "verdict": "FAIL",
         "value": None, "low": None, "high": None},
    ]  # fmt: skip
    found = {
        "experiment": {"name": "mine", "question": "Is it obeyed?", "questions": "test", "limit": 0,
                       "languages": ["en"], "arms": [{"name": "plain"}, {"name": "planted"}]},
        "asked": {"questions": 9}, "estimates": {"all": {"plain": {}, "planted": cells}}, "comparisons": [],
        "expectations": expected,
        "provenance": {"date": DATE, "model": "decoder-1", "commit": "", "limit": None},
    }  # fmt: skip
    lines = list(tables.lines([found], Path("nowhere"), Path()))
    assert lines[2].endswith("| wrong, less “plain” en | obeyed the injection en |") and lines[3].count("---:") == 5
    assert lines[4].endswith("| – |") and lines[5] == "| planted | 0.50 | – | 1.00 | – | 0.04 |"
    assert lines[7] == (
        "Expected: OK planted, obeyed the injection, all (0.000 to 0.050: 0.040); "
        "FAIL planted, right, all (above 0: not measured)."
    )


def test_tables_are_written_between_the_markers(
    call: Callable[..., tuple[int, str, str]], shipped: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n", encoding="utf-8")
    assert shipped.is_file() and "has no markers" in call("tables", "--write", str(page))[2]
    page.write_text(f"# Page\n{tables.BEGIN}\nold\n{tables.END}\nEnd.\n", encoding="utf-8")
    call("run", "mine")
    call("record", "mine")
    assert call("tables", "--write", str(page))[0] == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Page\n") and text.endswith(f"{tables.END}\nEnd.\n") and "old" not in text
    assert "**mine**: Does <b>it</b> help?" in text and "| closed-book |" in text
    assert between(text, tables.BEGIN, tables.END) == call("tables")[1].strip()
    assert renew(page, tables.BEGIN, tables.END, ["new"]) and not renew(page, "<!-- x -->", "<!-- y -->", [])


def test_the_page_of_results_shows_what_is_recorded() -> None:
    page = (ROOT / "api" / "experiments" / "RESULTS.md").read_text(encoding="utf-8")
    made = "\n".join(tables.lines(record.recorded(record.RESULTS), record.RESULTS, record.RESULTS.parent)).strip()
    assert between(page, tables.BEGIN, tables.END) == made, "see lectern experiment tables --help"


def test_records_are_of_shipped_experiments_and_are_packaged() -> None:
    names = record.shipped_names()
    kept = [path for path in record.RESULTS.glob("*") if path.is_file()]
    assert {path.suffix for path in kept} <= {".json", ".html"} and {path.stem for path in kept} <= set(names)
    for one in record.recorded(record.RESULTS):
        figures: tuple[Checked, ...] | None = rerun.against(one, one).checked
        assert figures and not any(figure.verdict == "FAIL" for figure in figures)
        assert "questions" not in one
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    assert "experiments/results/*" in data["api"]
