"""What is kept of a run: by which sources, which searches are not made twice, and that a killed run goes on."""

from __future__ import annotations

import argparse
import ast
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.config import RunConfig
from api.errors import ConfigError
from api.evaluate.questions import EvidenceIndex
from api.experiments import arms, definition, places, provenance, runner, sources
from api.experiments.knobs import Knobs
from api.experiments.provenance import provenance_of
from api.experiments.techniques import found, searches
from api.experiments.techniques.searches import Searches
from api.experiments.variants.variant import variant_of
from api.pipeline import Ask, Pipeline
from tests.api.experiment_cases import (
    ARMS,
    figures,
    forget_answers,
    go,
    question,
    unanswerable,
    write_experiment,
    write_questions,
)
from tests.api.fakes import FakeAnswerer
from tests.bench import bench_one_knob
from tests.fakes import HashEncoder

ROOT = Path(__file__).resolve().parents[2]
OTHER = question(id="x-01-en", pair="x-01", unit="x", gold=("green cheese",))
ALL = ARMS + """
[[arm]]
name = "corrective"
retrieve = "corrective"
relevance = 0.9
[[arm]]
name = "again"
retrieve = "again"
[[arm]]
name = "hyde"
query = "hyde"
[[arm]]
name = "distracted"
distractors = 2
order = "shuffled"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes an experiment on the question file of the two notes."""
    return functools.partial(write_experiment, tmp_path)


# ---- sources


def test_a_digest_is_of_what_files_hold_and_are_called_without_training(tmp_path: Path) -> None:
    package = tmp_path / "one" / "package"
    (package / "training").mkdir(parents=True)
    (package / "a.py").write_text("A = 1\n", encoding="utf-8")
    (package / "weights.bin").write_bytes(b"1")
    before = sources.digest_of(package)
    (package / "training" / "loop.py").write_text("B = 1\n", encoding="utf-8")
    (package / "weights.bin").write_bytes(b"2")
    assert sources.digest_of(package) == before
    elsewhere = (tmp_path / "two" / "package").absolute()
    elsewhere.mkdir(parents=True)
    (elsewhere / "a.py").write_text("A = 1\n", encoding="utf-8")
    assert sources.digest_of(elsewhere) == before == sources.digest_of(str_path(elsewhere))
    (elsewhere / "a.py").rename(elsewhere / "b.py")
    assert sources.digest_of(elsewhere) != before
    (package / "a.py").write_text("A = 2\n", encoding="utf-8")
    assert sources.digest_of(package) != before != sources.digest_of(package / "a.py")


def str_path(path: Path) -> Path:
    """The same path, written otherwise."""
    return Path(f"{path.parent}/../{path.parent.name}/{path.name}")


def test_every_source_that_is_named_is_there_and_counts() -> None:
    for name in (*sources.OF_API, sources.OUTSIDE):
        assert (ROOT / "api" / name).exists(), name
    assert sources.of_answers() != sources.of_outside() and len(sources.of_answers()) == 64


# What answers go through and are not changed by: kept by value in keys (settings, knobs, provenance), or of time,
# errors and figures.
NO_SOURCES = {
    "api.config", "api.document_cache", "api.errors", "api.evaluate.answers", "api.experiments.definition",
    "api.experiments.knobs", "api.experiments.provenance", "api.lazy", "api.timed_reranker",
}  # fmt: skip


def test_what_the_sources_of_answers_import_is_among_them_or_changes_none() -> None:
    named = [ROOT / "api" / name for name in sources.OF_API]
    files = {file for path in named for file in ([path] if path.is_file() else path.rglob("*.py"))}
    missing = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                for module in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
                    if module.startswith("api.") and path.exists() and path not in files:
                        missing.add(module)
    assert missing == NO_SOURCES


def test_other_sources_ask_and_search_anew_another_version_does_not(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = go(pipeline, write(ARMS))
    asked = len(answerer.seen_options)
    monkeypatch.setattr(runner, "package_version", lambda: "9.9.9")
    monkeypatch.setattr(runner, "commit", lambda: "f" * 40)
    second = go(pipeline, write(ARMS))
    assert second.results["asked"]["from_cache"] == 15 and second.folder == first.folder
    monkeypatch.setattr(sources, "of_answers", lambda: "0" * 64)
    third = go(pipeline, write(ARMS))
    assert third.results["asked"]["from_cache"] == 0 == third.results["asked"]["searches_from_cache"]
    assert len(answerer.seen_options) == 2 * asked and third.folder != first.folder
    assert first.results["provenance"]["sources"] != third.results["provenance"]["sources"] == "0" * 64


# ---- searches


@pytest.mark.parametrize(
    "knobs",
    [{}, {"rerank": False}, {"query": "hyde"}, {"retrieve": "again"}, {"retrieve": "corrective", "relevance": 0.9},
     {"distractors": 2}, {"contradiction": True}, {"injection": True}, {"control": "shuffled_citations"}],
)  # fmt: skip
def test_what_was_kept_is_what_a_search_finds(pipeline: Pipeline, tmp_path: Path, knobs: dict[str, Any]) -> None:
    pipeline.sync()
    index, kept = EvidenceIndex(pipeline.library), Searches(tmp_path / "searches")
    search, chosen = kept.by(provenance_of(pipeline)), Knobs(**knobs)
    for asked in (question(), unanswerable(question="Сколько весит кошка?")):
        others = [question(), OTHER]
        plain = arms.answer(pipeline, index, asked, chosen, 0, others)
        first = arms.answer(pipeline, index, asked, chosen, 0, others, search)
        wanted, before = kept.asked, kept.kept
        second = arms.answer(pipeline, index, asked, chosen, 0, others, search)
        assert kept.kept - before == kept.asked - wanted > 0
        assert plain.candidates == first.candidates == second.candidates and plain.planted == second.planted
        assert plain.answer.hits == first.answer.hits == second.answer.hits
        assert plain.answer.sentences == first.answer.sentences == second.answer.sentences


def test_a_search_goes_by_what_it_depends_on_and_by_nothing_else(pipeline: Pipeline) -> None:
    made_with = provenance_of(pipeline)

    def key(asked: str = "What does a KV cache store?", with_: Any = made_with, **options: Any) -> str:
        return searches.key_of(pipeline.prepare(asked, **options), with_)

    same = [key(**{name: value}) for name, value in
            {"temperature": 1.0, "abstain": False, "verify": False, "risk": 0.1, "seed": 7}.items()]
    assert set(same) == {key()}
    others = [key(**{name: value}) for name, value in {"top_k": 3, "retriever": "bm25", "rerank": False}.items()]
    others.append(key("What is a KV cache?"))
    for field in ("model", "embedder", "decisions", "library", "sources", "versions"):
        others.append(key(with_=changed(made_with, field)))
    assert len({key(), *others}) == 1 + len(others)
    for field in ("model", "decisions"):  # nothing reads where nothing is reranked
        assert key(rerank=False) == key(with_=changed(made_with, field), rerank=False)
    assert key() == key(with_=changed(made_with, "config"))


def changed(made_with: provenance.Provenance, field: str) -> provenance.Provenance:
    """The provenance with something else in a field."""
    values: dict[str, Any] = {name: getattr(made_with, name) for name in made_with.__slots__}
    return provenance.Provenance(**{**values, field: {"torch": "0"} if field == "versions" else "other"})


def test_a_knob_behind_the_search_searches_nothing_and_figures_are_the_same_without_the_cache(
    pipeline: Pipeline, home: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Ask] = []
    monkeypatch.setattr(searches, "search", lambda p, request: made.append(request) or found.search(p, request))
    with monkeypatch.context() as without:
        without.setattr(Searches, "by", lambda *_: found.search)
        wanted = go(pipeline, write(ALL))
    assert not made
    forget_answers(home)
    first = go(pipeline, write(ALL))
    asked = first.results["asked"]
    assert len(made) == asked["searches"] - asked["searches_from_cache"] > 0 and asked["answers"] == 35
    forget_answers(home)
    second = go(pipeline, write(ALL))
    asked = second.results["asked"]
    assert len(made) < asked["searches"] == asked["searches_from_cache"] and asked["from_cache"] == 0
    assert figures(wanted) == figures(first) == figures(second) and asked["seconds"] > 0
    before = len(made)
    warm = go(pipeline, write(ARMS.replace('name = "rag"', 'name = "rag"\ntemperature = 1.0\nabstain = false')))
    assert len(made) == before and warm.results["asked"]["searches"] == 5


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"hits": [{}], "candidates": []}', '{"hits": [{"chunk": "gone:0-1", "score": 1, '
             '"stage": "fused", "parts": {}}], "candidates": []}', '{"hits": 3, "candidates": []}'],
)  # fmt: skip
def test_a_damaged_file_is_searched_for_again(pipeline: Pipeline, tmp_path: Path, text: str) -> None:
    pipeline.sync()
    kept, request = Searches(tmp_path / "searches"), pipeline.prepare("What does a KV cache store?")
    search = kept.by(provenance_of(pipeline))
    wanted = search(pipeline, request)
    (path,) = (tmp_path / "searches").rglob("*.json")
    path.write_text(text, encoding="utf-8")
    assert search(pipeline, request) == wanted and kept.kept == 0
    assert search(pipeline, request) == wanted and kept.kept == 1
    assert [one.name for one in path.parent.iterdir()] == [path.name]  # nothing half written is left


def test_a_fresh_run_reads_only_what_it_made_itself(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.sync()
    request, made_with = pipeline.prepare("What does a KV cache store?"), provenance_of(pipeline)
    wanted = Searches(tmp_path).by(made_with)(pipeline, request)
    fresh = Searches(tmp_path, fresh=True)
    assert fresh.by(made_with)(pipeline, request) == wanted and (fresh.asked, fresh.kept) == (1, 0)
    assert fresh.by(made_with)(pipeline, request) == wanted and (fresh.asked, fresh.kept) == (2, 1)


def test_the_bench_of_one_knob_counts_what_was_made_anew(pipeline: Pipeline, tmp_path: Path) -> None:
    experiment = bench_one_knob.turned(bench_one_knob.COLD)
    assert experiment == bench_one_knob.COLD
    experiment = definition.Experiment("one", "Why?", str(write_questions(tmp_path)), experiment.arms)
    cold, again, warm = bench_one_knob.costs(pipeline, experiment, 0, **bench_one_knob.knob("temperature=1.0"))
    assert (cold.answers, cold.answers_kept, cold.searches, cold.searches_kept, cold.ratio) == (10, 0, 10, 0, 1.0)
    assert (again.answers, again.answers_kept, again.searches) == (10, 10, 0)
    assert (warm.answers, warm.answers_kept, warm.searches, warm.searches_kept) == (10, 0, 10, 10)
    assert warm.name == "temperature = 1.0" and "10 of 10 searches from the cache" in warm.line()
    with pytest.raises(ValueError, match="mode = rag is what the arms have anyway"):
        list(bench_one_knob.costs(pipeline, experiment, 0, mode="rag"))
    with pytest.raises(argparse.ArgumentTypeError, match="abstain is true or false"):
        bench_one_knob.knob("abstain=yes")


# ---- a killed run

KILLED = """
import sys, time
from pathlib import Path
from api.config import RunConfig
from api.errors import ConfigError
from api.experiments import definition, runner
from api.pipeline import Pipeline
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder
import ingest.originals

def hang():
    print("here", flush=True)
    time.sleep(3600)

class Hanging(FakeAnswerer):
    def stream(self, *arguments, **options):
        if len(self.seen_options) == 7:
            hang()
        return super().stream(*arguments, **options)

def half(path, content, write=ingest.originals.write_atomically):
    global written
    written += 1
    if written == 7:  # as far as a temporary file
        ingest.originals.os.replace = lambda *_: hang()
    write(path, content)

written, home, path, moment = 0, *sys.argv[1:]
answerer = Hanging() if moment == "answering" else FakeAnswerer()
if moment == "writing":
    import api.experiments.cache
    api.experiments.cache.write_atomically = half
with Pipeline(RunConfig(Path(home)), encoder=HashEncoder(), answerer=answerer) as pipeline:
    runner.run(pipeline, definition.load(Path(path)), date="2026-01-02T03:04:05+00:00")
"""


@pytest.mark.parametrize("moment", ["answering", "writing"])
def test_a_run_killed_with_sigkill_goes_on_and_comes_to_the_figures_of_an_undisturbed_one(
    home: Path, write: Callable[..., Path], tmp_path: Path, moment: str
) -> None:
    path = write(ARMS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(home), str(path), moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"here\n"  # it was as far as that and does not go on by itself
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not list((home / places.FOLDER).glob("mine-*"))
    kept = len(list((home / places.FOLDER / places.CACHE).rglob("*.json")))
    second = FakeAnswerer()
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=second) as pipeline:
        resumed = go(pipeline, path, out=tmp_path / "resumed")
        asked = len(second.seen_options)
        undisturbed = go(pipeline, path, fresh=True, out=tmp_path / "undisturbed")
    assert 6 <= kept < 15 and 0 < asked < 10 and resumed.results["asked"]["from_cache"] == kept
    assert figures(resumed) == figures(undisturbed) and resumed.folder.name == undisturbed.folder.name


# ---- a library that changes

ORACLE = '[[arm]]\nname = "oracle"\noracle = true\n[[arm]]\nname = "rag"\n'
CHANGED = "the library changed during the run; start it again: what was answered before is kept"
NEW = "# What a KV cache stores\n\nA KV cache stores green cheese. What does a KV cache store? Green cheese.\n"


def add(pipeline: Pipeline, folder: Path) -> str:
    """Add a document that would be found; its id."""
    (folder / "new.md").write_text(NEW, encoding="utf-8")
    before = {info.id for info in pipeline.documents()}
    pipeline.ingest([folder / "new.md"], lambda _event: None)
    pipeline.sync()
    (new,) = {info.id for info in pipeline.documents()} - before
    return new


def test_a_document_added_during_a_run_stops_it_and_nothing_made_with_it_is_kept(
    pipeline: Pipeline, home: Path, write: Callable[..., Path], tmp_path: Path
) -> None:
    added: list[str] = []

    def upload(progress: runner.Progress) -> None:
        if progress.done == 7:
            added.append(add(pipeline, tmp_path))

    with pytest.raises(ConfigError, match=CHANGED):
        go(pipeline, write(ALL), on_progress=upload)
    searched = home / places.FOLDER / places.SEARCHES
    assert not any(name in kept.read_text() for name in added for kept in searched.rglob("*.json"))
    pipeline.remove(added[0])
    pipeline.sync()
    resumed = go(pipeline, write(ALL), out=tmp_path / "resumed")
    assert resumed.results["asked"]["from_cache"] == 7
    assert figures(resumed) == figures(go(pipeline, write(ALL), fresh=True, out=tmp_path / "undisturbed"))


def test_an_answer_during_which_a_document_comes_and_goes_is_not_kept(
    home: Path, write: Callable[..., Path], tmp_path: Path
) -> None:
    class Disturbed(FakeAnswerer):
        def stream(self, *arguments: Any, **options: Any) -> Any:
            """As FakeAnswerer's, but for what somebody else does meanwhile."""
            pipeline.remove(add(pipeline, tmp_path))
            return super().stream(*arguments, **options)

    pipeline = Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=Disturbed())
    with pipeline, pytest.raises(ConfigError, match=CHANGED):
        go(pipeline, write(ARMS))
    assert not list((home / places.FOLDER / places.CACHE).rglob("*.json"))


def test_a_document_removed_during_a_run_is_told_as_such(pipeline: Pipeline, write: Callable[..., Path]) -> None:
    def remove(progress: runner.Progress) -> None:
        if progress.done == 1:
            for info in pipeline.documents():
                pipeline.remove(info.id)

    with pytest.raises(ConfigError, match=CHANGED):
        go(pipeline, write(ORACLE), on_progress=remove)


def test_a_document_added_before_the_questions_are_chosen_stops_a_run(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[..., Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def disturbed(*arguments: Any) -> Any:
        calls.append(add(pipeline, tmp_path) if calls else "")  # the second one chooses
        return within(*arguments)

    within, calls = runner.within, list[str]()
    monkeypatch.setattr(runner, "within", disturbed)
    with pytest.raises(ConfigError, match=CHANGED):
        go(pipeline, write(ARMS))
    assert len(calls) == 2 and not answerer.seen_options


def test_a_pipeline_whose_index_is_behind_is_not_asked(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.sync()
    assert variant_of(pipeline).provenance == provenance_of(pipeline)
    (tmp_path / "late.md").write_text("# Late\n\nA late note on quantization.\n", encoding="utf-8")
    pipeline.ingest([tmp_path / "late.md"], lambda _event: None)
    with pytest.raises(ConfigError, match=CHANGED):
        variant_of(pipeline)
