"""Of several drafts the likeliest to be right is shown, and only what is likely enough."""

from __future__ import annotations

from dataclasses import replace

from generator.decisions import Decisions
from generator.engine import Verdict
from generator.grounding import Draft, holds
from generator.memory import Passage, Prompt
from generator.proposals import Proposal, best, passing
from generator.sampling import SamplingOptions
from tests.generator.tiny import tiny_engine

DRAFT = Draft("It stores keys.", 0, ((0, 5),), 1.0, True, -0.1)
GOOD, BAD = Verdict(4.0, 4.0), Verdict(-4.0, -4.0)


def test_the_likeliest_is_best_and_its_weak_sentences_are_left_out() -> None:
    strong, weak = Proposal(((DRAFT, GOOD), (DRAFT, BAD))), Proposal(((DRAFT, BAD), (DRAFT, GOOD)))
    decisions = Decisions(draft=(0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0))
    for row in ((strong, weak), (weak, strong)):
        found = best(row, 0.5, decisions)
        assert found is not None and found[0] is strong and 0.4 < found[1] <= 0.5
    assert passing((weak, strong), 0.5, decisions, 0.0) == ((DRAFT, GOOD),)
    assert passing((weak, strong), 0.5, decisions, -1.0) == strong.sentences
    assert passing((weak,), 0.5, decisions, 0.0) == () == passing((), 0.5, decisions, -1.0)
    assert best((), 0.5, decisions) is None and strong.text == "It stores keys. It stores keys."


def test_what_does_not_read_as_a_sentence_does_not_hold() -> None:
    assert holds(DRAFT) and not holds(replace(DRAFT, whole=False))


def test_pieces_belong_to_the_sentence_that_they_end_in() -> None:
    """The piece that begins a second sentence begins with the space before it."""
    engine = tiny_engine()
    prompt = Prompt("What is stored?", (Passage("A", "Keys are stored. Values are stored too."),))
    memory, (sources,), _ = engine.read([prompt])
    (written,) = engine.write([prompt], memory, [sources], SamplingOptions(temperature=2.0, seed=1), 30)
    assert written.pieces[0].start == 0 and written.pieces[-1].end == len(written.text)
    for before, after in zip(written.pieces, written.pieces[1:], strict=False):
        assert before.end == after.start
