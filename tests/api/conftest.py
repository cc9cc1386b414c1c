"""A small library of two notes, and a server over it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.config import RunConfig
from api.http.app import create_app
from api.http.guard import Access
from api.pipeline import Pipeline
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder

ENGLISH = """# KV cache

## What it stores

A KV cache stores the keys and values of past tokens. 😀 It saves computing them again at every step.

## What it costs

Its memory grows with the length of the sequence and the number of layers.
"""
RUSSIAN = """# Этапы обучения

Обучение языковой модели состоит из трёх этапов: предобучение, обучение с учителем и согласование.
Предобучение требует больше всего вычислений.
"""


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two notes in `notes` and a home with them in `home`: made once, then copied."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "notes").mkdir()
    (folder / "notes" / "kv-cache.md").write_text(ENGLISH, encoding="utf-8")
    (folder / "notes" / "stages.md").write_text(RUSSIAN, encoding="utf-8")
    with Pipeline(RunConfig(folder / "home"), encoder=HashEncoder()) as pipeline:
        pipeline.ingest([folder / "notes"], lambda _event: None)
        pipeline.sync()
    return folder


@pytest.fixture
def notes(_made: Path, tmp_path: Path) -> Path:
    """A folder with the two notes."""
    return Path(shutil.copytree(_made / "notes", tmp_path / "notes"))


@pytest.fixture
def home(_made: Path, tmp_path: Path) -> Path:
    """A home with the two notes, indexed."""
    return Path(shutil.copytree(_made / "home", tmp_path / "home"))


@pytest.fixture
def answerer() -> FakeAnswerer:
    """The answerer of `pipeline`."""
    return FakeAnswerer()


@pytest.fixture
def pipeline(home: Path, answerer: FakeAnswerer) -> Iterator[Pipeline]:
    """A pipeline over the home with the two notes."""
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=answerer) as opened:
        yield opened


@pytest.fixture
def client(pipeline: Pipeline) -> Iterator[TestClient]:
    """A client of a server without an API key, as on 127.0.0.1."""
    with TestClient(create_app(pipeline), base_url="http://localhost:8000") as opened:
        yield opened


KEY = "a-key-of-sixteen-or-more"


@pytest.fixture
def keyed_client(pipeline: Pipeline) -> Iterator[TestClient]:
    """A client of a server with an API key; it does not send the key by itself."""
    app = create_app(pipeline, Access(KEY, ["lectern.example"]))
    with TestClient(app, base_url="http://localhost:8000") as opened:
        yield opened
