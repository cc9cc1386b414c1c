"""An answer goes on while it copies amid a clause, or has not said what was asked; at the end of a copy it may end."""

from __future__ import annotations

import pytest

from generator.memory import EVIDENCE, Passage, Prompt
from generator.patience import Patience
from generator.sampling import SamplingOptions
from tests.generator.tiny import tiny_engine

TEXT = "Keys are stored. The cache of the model stores all the keys, and the values too. Tokens are read."
SENTENCE = (17, 80)
PASSAGE = Passage("Cache", TEXT)


def patience_for(wanted: str) -> tuple[Patience, dict[int, int]]:
    """Patience with `wanted` to be kept, and the memory position of each character offset where a piece begins."""
    start = TEXT.index(wanted)
    prompt = Prompt("What is stored?", (PASSAGE,), focus=((SENTENCE,),), keep=((start, start + len(wanted)),))
    (sources,) = tiny_engine().encoder.batch([prompt]).sources
    at = {s.piece.start: m for m, s in enumerate(sources) if s is not None and s.kind == EVIDENCE}
    return Patience.of(prompt, sources), at


def places(at: dict[int, int], first: str, last: str) -> list[int]:
    """Positions of a copied run, from the piece where `first` begins to that where `last` does."""
    return list(range(at[TEXT.index(first, SENTENCE[0])], at[TEXT.index(last, SENTENCE[0])] + 1))


def test_what_is_wanted_is_waited_for() -> None:
    patience, at = patience_for("values")
    run = places(at, "The cache", "keys")
    assert patience.holds(run)
    assert not patience.holds(run + places(at, ", and", "too"))
    assert not patience_for("keys")[0].holds(run)


def test_a_long_copy_ends_where_a_clause_does() -> None:
    patience, at = patience_for("cache")
    assert patience.holds(places(at, "The cache", "stores"))
    assert not patience.holds(places(at, "cache", "cache"))  # a term is no clause
    assert not patience.holds(places(at, "The cache", "keys"))  # a comma follows


def test_where_no_copy_can_go_on_nothing_is_waited_for() -> None:
    patience, at = patience_for("values")
    assert not patience.holds([]) and not patience.holds([-1])
    assert not patience.holds(places(at, "cache", "too") + [at[TEXT.index(". Tokens")]])  # the focus ends here


@pytest.mark.parametrize("seed", range(6))
def test_a_patient_answer_keeps_the_short_answer_or_stops_copying(seed: int) -> None:
    engine = tiny_engine()
    start = TEXT.index("values")
    prompt = Prompt("What is stored?", (PASSAGE,), focus=((SENTENCE,),), keep=((start, start + 6),))
    memory, sources, _ = engine.read([prompt])
    (draft,) = engine.drafts(prompt, memory, sources[0], [SamplingOptions(temperature=2.0, seed=seed)], 40)
    last = draft.pieces[-1].source
    if draft.ended and last is not None and last.kind == EVIDENCE and last.piece.end <= start:
        copied = {p.source.piece.start for p in draft.pieces if p.source is not None and p.source.kind == EVIDENCE}
        assert "values" in draft.text.lower() or last.piece.end + 1 in copied or last.piece.end in copied
