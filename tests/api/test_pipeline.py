"""The wiring: what is opened when, and how a request becomes complete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from api.config import RunConfig
from api.errors import ConfigError
from api.pipeline import Pipeline
from generator.answer import Answer
from ingest.errors import UnknownDocument
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder


def test_a_new_pipeline_writes_nothing(tmp_path: Path) -> None:
    Pipeline(RunConfig(tmp_path / "home")).close()
    assert not (tmp_path / "home").exists()


def test_documents_need_no_model(home: Path) -> None:
    with Pipeline(RunConfig(home, embedder="no/such-model")) as pipeline:
        assert len(pipeline.documents()) == 2
        assert pipeline.info(pipeline.documents()[0].id).title == "KV cache"


def test_documents_are_named_by_id_beginning_of_id_and_source(pipeline: Pipeline) -> None:
    info = pipeline.documents()[0]
    for name in (info.id, info.id[:6], info.sources[0]):
        assert pipeline.resolve(name) == info.id
    with pytest.raises(UnknownDocument, match="KV cache"):
        pipeline.resolve("KV cach")


def test_a_request_takes_what_it_names_and_the_rest_from_the_configuration(pipeline: Pipeline) -> None:
    request = pipeline.prepare("  Why\n so  slow? ", top_k=40, temperature=None, seed=3)
    assert request.question == "Why so slow?" and request.search_text == request.question
    assert request.retrieval.top_k == 40 and request.retrieval.depth >= 40
    assert request.options.seed == 3 and request.options.temperature == pipeline.config.answer.temperature
    assert (
        pipeline.prepare("Why so slow?").config_hash == pipeline.config.config_hash() != request.config_hash
    )
    with pytest.raises(ConfigError):
        pipeline.prepare("why", top_k=0)


def test_the_answer_is_the_end_of_its_stream(pipeline: Pipeline) -> None:
    request = pipeline.prepare("What does a KV cache store?")
    *sentences, answer = pipeline.ask_stream(request)
    assert isinstance(answer, Answer)
    assert tuple(sentences) == answer.sentences == pipeline.ask(request).sentences
    assert answer.config_hash == request.config_hash


def test_an_answer_counts_no_time_of_a_search_before_it(pipeline: Pipeline) -> None:
    request = pipeline.prepare("What does a KV cache store?")
    assert pipeline.ask(request).timings_ms["rerank"] > 0
    hits = pipeline.search(request)
    given = pipeline.ask(request, hits).timings_ms
    assert given["rerank"] == 0 and given["retrieve"] >= 0
    pipeline.search(request)
    plain = pipeline.ask(pipeline.prepare(request.question, rerank=False)).timings_ms
    assert plain["rerank"] == 0 and plain["retrieve"] > 0


def test_an_empty_library_abstains(tmp_path: Path) -> None:
    from tests.fakes import HashEncoder

    with Pipeline(RunConfig(tmp_path), encoder=HashEncoder(), answerer=FakeAnswerer()) as pipeline:
        answer = pipeline.ask(pipeline.prepare("What does a KV cache store?"))
    assert (answer.status, answer.reason) == ("abstained", "no_hits")


def test_a_removed_document_is_found_no_more_even_before_the_index_follows(pipeline: Pipeline) -> None:
    info = pipeline.documents()[0]
    request = pipeline.prepare("What does a KV cache store?")
    assert info.id in {hit.chunk.document_id for hit in pipeline.search(request)}
    pipeline.remove(info.id[:8])
    assert info.id not in {hit.chunk.document_id for hit in pipeline.search(request)}
    with pytest.raises(UnknownDocument):
        pipeline.document(info.id)


def test_the_original_keeps_its_name_and_bytes(pipeline: Pipeline, notes: Path) -> None:
    path, name = pipeline.original(pipeline.documents()[0].id)
    assert name == "kv-cache.md"
    assert path.read_bytes() == (notes / name).read_bytes()


def test_a_question_computes_token_vectors_of_itself_alone(home: Path) -> None:
    class Counting(HashEncoder):
        asked: ClassVar[list[str]] = []

        def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
            self.asked.extend(texts)
            return super().token_vectors(texts)

    with Pipeline(RunConfig(home), encoder=Counting(), answerer=FakeAnswerer()) as pipeline:
        hits = pipeline.search(pipeline.prepare("What does a KV cache store?"))
    assert hits[0].stage == "reranked" and Counting.asked == ["What does a KV cache store?"]
