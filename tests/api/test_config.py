"""Settings: read from a file, overridden per request, hashed; whatever is unknown or cannot be is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from api.config import RetrievalSettings, RunConfig, load_config, override
from api.errors import ConfigError


def written(home: Path, text: str) -> Path:
    """A home with this config.toml."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text, encoding="utf-8")
    return home


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config(tmp_path) == RunConfig(tmp_path)


def test_a_file_sets_what_it_names(tmp_path: Path) -> None:
    text = 'device = "cpu"\n[retrieval]\ntop_k = 8\nrerank = false\n'
    text += "[answer]\ntemperature = 1\n[chunking]\nmax_tokens = 64\n"
    config = load_config(written(tmp_path, text))
    assert (config.retrieval.top_k, config.retrieval.rerank) == (8, False)
    assert config.answer.temperature == 1.0 and config.chunking.max_tokens == 64
    assert config.retrieval.depth == RetrievalSettings().depth


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[retrieval]\ntopk = 3\n", "did you mean top_k?"),
        ("[retreival]\ntop_k = 3\n", "did you mean retrieval?"),
        ("[retrieval]\ntop_k = 0\n", "top_k must be"),
        ("[retrieval]\ntop_k = true\n", "a whole number"),
        ('[retrieval]\nretriever = "magic"\n', "hybrid, dense, bm25"),
        ("retrieval = 3\n", "[retrieval]"),
        ('device = "tpu"\n', "cpu or cuda"),
        ('home = "x"\n', "--home"),
        ('[chunking]\nsplitter = "words"\n', "splitter"),
        ("[chunking]\nmax_tokens = 1\n", "max_tokens"),
        ("top_k = \n", "config.toml"),
    ],
)
def test_what_cannot_be_is_one_line_that_names_it(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(written(tmp_path, text))
    assert says in str(error.value) and "\n" not in str(error.value)


def test_the_hash_is_of_what_changes_answers_and_of_nothing_else(tmp_path: Path) -> None:
    config = RunConfig(tmp_path)
    assert len(config.config_hash()) == 16
    assert (
        dataclasses.replace(config, home=tmp_path / "x", device="cuda").config_hash() == config.config_hash()
    )
    for changed in (
        dataclasses.replace(config, embedder="other"),
        dataclasses.replace(config, retrieval=RetrievalSettings(top_k=6)),
        dataclasses.replace(config, answer=override(config.answer, seed=1)),
        dataclasses.replace(config, chunking=override(config.chunking, max_tokens=100)),
    ):
        assert changed.config_hash() != config.config_hash()


def test_an_override_of_none_changes_nothing() -> None:
    settings = RetrievalSettings(top_k=7)
    assert override(settings, top_k=None, rerank=None) == settings
    assert override(settings, rerank=False) == RetrievalSettings(top_k=7, rerank=False)
    with pytest.raises(ConfigError):
        override(settings, top_k=1_000)
