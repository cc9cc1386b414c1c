"""What was read before gives the answer that reading again gives."""

from __future__ import annotations

import pytest
import torch

from generator.engine import Engine
from generator.memory import Passage, Prompt
from generator.read_before import ReadBefore
from tests.generator.tiny import tiny_engine

QUESTION = "What does a cache store?"
PASSAGES = tuple(
    Passage("Cache", text)
    for text in ("A cache stores keys and values.", "Nothing of the kind is said here, at some length.", "Short.")
)


@pytest.fixture
def engines() -> tuple[Engine, Engine]:
    """One that remembers and one that does not, over the same weights."""
    tiny = tiny_engine()
    return Engine(tiny.model, tiny.vocabulary, tiny.encoder, ReadBefore()), tiny


def test_chosen_passages_are_as_if_read_alone(engines: tuple[Engine, Engine]) -> None:
    remembering, other = engines
    remembering.relevance(Prompt(QUESTION, PASSAGES))
    chosen = Prompt(QUESTION, (PASSAGES[2], PASSAGES[0]))
    one, _, (found,) = remembering.read([chosen])
    two, _, (wanted,) = other.read([chosen])
    real = two.mask
    torch.testing.assert_close(one.states[real], two.states[real], atol=1e-4, rtol=1e-4)
    assert found.relevance == pytest.approx(wanted.relevance, abs=1e-4)
    assert found.span is not None and wanted.span is not None and found.span[:3] == wanted.span[:3]


def test_the_passages_are_read_once(engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    engine, _ = engines
    engine.relevance(Prompt(QUESTION, PASSAGES))

    def refuse(_: object) -> torch.Tensor:
        raise AssertionError("read again")

    monkeypatch.setattr(engine.model, "pair_states", refuse)
    engine.read([Prompt(QUESTION, PASSAGES[:2])])
    with pytest.raises(AssertionError):
        engine.read([Prompt("Another question?", PASSAGES[:2])])


def test_no_more_is_kept_than_asked() -> None:
    tiny = tiny_engine()
    before = ReadBefore(kept=2)
    engine = Engine(tiny.model, tiny.vocabulary, tiny.encoder, before)
    prompt = Prompt(QUESTION, PASSAGES)
    engine.read([prompt])
    batch = engine.encoder.batch([prompt])
    assert before.find(prompt, batch) is None
    assert before.find(Prompt(QUESTION, PASSAGES[1:]), batch) is not None
