"""Arms over another cut of the documents and over other weights: made beside the home, which is only read."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from api.config import RunConfig
from api.errors import ConfigError
from api.experiments import definition, places, rerun, runner
from api.experiments.knobs import Knobs
from api.experiments.variants import weights
from api.experiments.variants.chunked import FOLDER, chunked, settings_of
from api.pipeline import Pipeline
from generator.answerer import Answerer
from generator.checkpoint import save_decoder
from generator.decisions import Decisions
from generator.errors import DecoderMissing
from generator.options import AnswerOptions
from ingest.chunking import SPLITTERS, ChunkSettings, chunk_document
from ingest.errors import ChunkingError
from retrieval.bilingual import Bilingual
from retrieval.embedder import BilingualEmbedder
from tests.api.experiment_cases import DATE, write_experiment
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder
from tests.generator.tiny import RUSSIAN_PIECES, tiny_engine

ARM = 'name = "one"\nquestion = "Why?"\nquestions = "dev"\n[[arm]]\nname = "a"\n'
USUAL = '[[arm]]\nname = "usual"\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], definition.Experiment]:
    """An experiment of the arms on the question file of the two notes."""
    return lambda arms: definition.load(write_experiment(tmp_path, arms))


def files(home: Path) -> dict[Path, bytes]:
    """What the library and the index of a home hold."""
    kept = [path for name in ("index", "originals") for path in (home / name).rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in [*kept, home / "library.sqlite3"] if path.name != "lock"}


def libraries(home: Path) -> list[Path]:
    """The libraries made for arms."""
    return sorted((home / places.FOLDER / FOLDER).glob("*"))


# ---- another cut


def test_an_arm_reads_documents_that_are_cut_for_it_alone(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[[str], definition.Experiment], home: Path
) -> None:
    before = files(home)
    arms = write(USUAL + '[[arm]]\nname = "small"\nchunk_tokens = 14\n[[arm]]\nname = "closed"\nmode = "closed_book"\n')
    reached: list[tuple[int, int]] = []
    first = runner.run(pipeline, arms, date=DATE, on_passages=lambda *at: reached.append(at))
    assert files(home) == before and len(libraries(home)) == 1
    read = {hit.chunk.id for hits in answerer.seen_hits for hit in hits}
    own = {chunk.id for chunk in pipeline.library.chunks()}
    count = pipeline.encoder.count_tokens
    with Pipeline(RunConfig(libraries(home)[0]), encoder=HashEncoder()) as cut:
        assert read & own and read - own <= {chunk.id for chunk in cut.library.chunks()}
        assert all(count(cut.library.chunk(name).text) <= 14 for name in read - own) and read - own
        assert {info.id for info in cut.documents()} == {info.id for info in pipeline.documents()}
        assert reached[:2] == [(1, 2), (2, 2)] and reached[-1][0] == reached[-1][1] == len(cut.library.chunks())
    told = first.results["provenance"]["arms"]
    assert list(told) == ["small library"] and told["small library"] != first.results["provenance"]["library"]
    assert rerun.against({**first.results}, {**first.results}).changed.keys() <= {"commit"}
    asked = len(answerer.seen_hits)
    again = runner.run(pipeline, arms, date=DATE)
    assert len(answerer.seen_hits) == asked and again.folder == first.folder and len(libraries(home)) == 1


def test_a_splitter_that_cuts_otherwise_by_the_same_settings_makes_another_library(
    pipeline: Pipeline, write: Callable[[str], definition.Experiment], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def library() -> str:
        arms = write(USUAL + '[[arm]]\nname = "small"\nchunk_tokens = 14\n')
        return str(runner.run(pipeline, arms, date=DATE).results["provenance"]["arms"]["small library"])

    first = library()
    assert library() == first
    shutil.rmtree(home / places.FOLDER / FOLDER)
    where = "api.experiments.variants.chunked.chunk_document"
    monkeypatch.setattr(where, lambda *given, **how: chunk_document(*given, **how)[:-1])
    assert library() != first


def test_an_arm_that_spells_out_how_the_home_is_cut_is_the_home(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[[str], definition.Experiment], home: Path
) -> None:
    spelt = '[[arm]]\nname = "spelt"\nchunk_tokens = 240\nsplitter = "structure"\nchunk_overlap = 0\n'
    results = runner.run(pipeline, write(USUAL + spelt), date=DATE).results
    assert len(answerer.seen_options) == 5 and results["asked"]["from_cache"] == 5
    assert not libraries(home) and "arms" not in results["provenance"]
    # A home that was configured anew and not ingested since is cut otherwise than its settings say.
    settings = ChunkSettings("structure", 50)
    with Pipeline(RunConfig(home, chunking=settings), encoder=HashEncoder(), answerer=answerer) as changed:
        assert settings_of(changed, Knobs(chunk_tokens=50)) == settings and settings_of(changed, Knobs()) is None


@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("tokens", [12, 30])
def test_every_cut_holds_the_same_documents_in_slices_that_fit(
    pipeline: Pipeline, tmp_path: Path, splitter: str, tokens: int
) -> None:
    settings = settings_of(pipeline, Knobs(splitter=splitter, chunk_tokens=tokens))  # type: ignore[arg-type]
    assert settings is not None
    own, told = chunked(pipeline, settings, tmp_path / "cuts")
    with own:
        assert own.is_in_step() and own.config.home.name in told
        assert {info.title for info in own.documents()} == {info.title for info in pipeline.documents()}
        for chunk in own.library.chunks():
            document = own.document(chunk.document_id)
            assert document == pipeline.document(chunk.document_id)
            assert document.text[chunk.start : chunk.end] == chunk.text
            assert pipeline.encoder.count_tokens(chunk.text) <= tokens


def test_a_cut_that_was_stopped_is_made_whole_and_changed_documents_are_cut_anew(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    folder, settings = tmp_path / "cuts", ChunkSettings("recursive", 20)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chunked(pipeline, settings, folder, stop)
    own, first = chunked(pipeline, settings, folder)
    with own:
        assert own.count_documents() == 2 and len(list(folder.iterdir())) == 1
    (tmp_path / "new.md").write_text("# New\n\nA new note about quantization.\n", encoding="utf-8")
    pipeline.ingest([tmp_path / "new.md"], lambda _event: None)
    own, second = chunked(pipeline, settings, folder)
    with own:
        assert own.count_documents() == 3 and second != first


# ---- other weights


class Tiny(BilingualEmbedder):
    """The bilingual embedder with the network of the tiny decoder; its vectors are a hash encoder's."""

    def __init__(self) -> None:
        engine = tiny_engine()
        network = copy.deepcopy(engine.model.network)
        super().__init__(Bilingual(network, engine.encoder.tokenizer, RUSSIAN_PIECES, "tiny"))
        self.network = network.float()


@pytest.fixture
def tiny(home: Path) -> Iterator[Pipeline]:
    """A pipeline of the tiny embedder and decoder over the two notes."""
    embedder = Tiny()
    usual = Answerer(tiny_engine(), Decisions(default=0.0, own=-1.0), "0" * 16, embedder.encode)
    config = RunConfig(home, answer=AnswerOptions(max_tokens=6))
    with Pipeline(config, encoder=embedder, answerer=usual) as opened:
        yield opened


def save(folder: Path, change: float) -> None:
    """The tiny decoder with what is its own moved by `change`."""
    engine = copy.deepcopy(tiny_engine())
    with torch.no_grad():
        for name, value in engine.model.named_parameters():
            if not name.startswith("network"):
                value.add_(change)
    save_decoder(engine.model, engine.vocabulary, folder, {})


WEIGHTS = """
[[arm]]
name = "one"
weights = "weights/one"
[[arm]]
name = "other"
weights = "weights/other"
[[arm]]
name = "other, closed"
weights = "weights/other"
mode = "closed_book"
[[arm]]
name = "other, small"
weights = "weights/other"
chunk_tokens = 20
"""


def test_each_arm_is_answered_by_its_own_weights(
    tiny: Pipeline, write: Callable[[str], definition.Experiment], home: Path
) -> None:
    save(home / "weights" / "one", 0.0)
    save(home / "weights" / "other", 0.05)
    experiment = write(USUAL + WEIGHTS)
    results = runner.run(tiny, experiment, date=DATE, limit=2).results
    told: dict[str, str] = results["provenance"]["arms"]
    models = [told[f"{arm} model"] for arm in ("one", "other", "other, closed", "other, small")]
    assert len(set(models)) == 2 and models[1:] == models[1:2] * 3 and tiny.answerer.model not in models
    assert {name for name in told if name.endswith("library")} == {"other, small library"}
    arms = {arm["name"]: arm for arm in results["experiment"]["arms"]}
    assert arms["one"]["weights"] == "weights/one" and "weights" not in arms["usual"]
    again = runner.run(tiny, experiment, date=DATE, limit=2).results
    assert again["asked"]["from_cache"] == 10
    save(home / "weights" / "one", -0.05)
    changed = runner.run(tiny, experiment, date=DATE, limit=2)
    assert changed.results["asked"]["from_cache"] == 8  # the arm whose weights are others now is asked anew
    assert rerun.against(results, changed.results).changed["weights"].startswith("one model ")


def test_decisions_are_the_homes_unless_the_folder_has_its_own(tiny: Pipeline, tmp_path: Path) -> None:
    save(tmp_path, 0.0)
    assert isinstance(tiny.answerer, Answerer)
    found = weights.answerer_of(tiny, tmp_path)
    assert isinstance(found, Answerer) and found.decisions == tiny.answerer.decisions
    assert tiny.with_decoder(found).answerer is found and tiny.answerer is not found
    own = Decisions(default=0.9)
    own.save(tmp_path)
    found = weights.answerer_of(tiny, tmp_path)
    assert isinstance(found, Answerer) and found.decisions == own
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(DecoderMissing, match="damaged"):
        weights.answerer_of(tiny, tmp_path)


def test_weights_that_are_not_there_are_told_before_anything_is_asked(
    pipeline: Pipeline, answerer: FakeAnswerer, write: Callable[[str], definition.Experiment], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"^arm 'one': no decoder weights in weights/one \(.*lectern train decoder"):
        runner.run(pipeline, write(USUAL + WEIGHTS), date=DATE)
    assert not answerer.seen_options
    shown = write(f'[[arm]]\nname = "a"\nweights = "{tmp_path / "w"}"\n')
    assert runner.definition_json(shown)["arms"][0]["weights"] == "w"  # no path of this machine in the results


@pytest.mark.parametrize(
    ("named", "inside"),
    [("weights/a", True), ("weights/a/../b", True), ("/etc", False), ("a", False), ("weights/../../a", False),
     ("weights/a\0", False)],
)  # fmt: skip
def test_a_request_names_weights_of_the_home_alone(home: Path, named: str, inside: bool) -> None:
    assert weights.confined(named, home) is inside


# ---- what goes together


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ('splitter = "words"', "e.toml:6: splitter cannot be 'words'"),
        ("chunk_tokens = 3", "e.toml:6: max_tokens=3 is too small"),
        ("chunk_tokens = 100\nchunk_overlap = 80", "e.toml:4: overlap_tokens=80: use 0 to 50"),
        ('splitter = "sentence_window"\nchunk_overlap = 9', "e.toml:7: sentence windows overlap by themselves"),
        ('mode = "closed_book"\nchunk_tokens = 90', "e.toml:4: a closed book does not depend on chunk_tokens"),
        ('control = "always_refuse"\nweights = "w"', "e.toml:4: the control always_refuse does not depend on weights"),
        ("weights = 3", "e.toml:6: weights cannot be 3"),
    ],
)
def test_a_knob_that_cannot_be_felt_is_refused_with_its_line(knobs: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        definition.parse(ARM + knobs + "\n", Path("e.toml"))


def test_an_overlap_goes_with_the_homes_chunk_size(home: Path) -> None:
    knobs: Any = Knobs(chunk_overlap=150)
    with Pipeline(RunConfig(home, chunking=ChunkSettings("structure", 400)), encoder=HashEncoder()) as large:
        assert settings_of(large, knobs) == ChunkSettings("structure", 400, 150)
    with Pipeline(RunConfig(home), encoder=HashEncoder()) as usual, pytest.raises(ChunkingError, match="use 0 to 120"):
        settings_of(usual, knobs)
