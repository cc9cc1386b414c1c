"""What is drawn for a question before anything is searched: kept apart because the cache goes by it too."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.evaluate.injections import Injection
from api.evaluate.questions import EvidenceIndex
from api.experiments.knobs import Knobs
from api.experiments.techniques.contradiction import false_string, strings_of
from api.experiments.techniques.injection import instruction
from corpus.format import Question


@dataclass(frozen=True, slots=True)
class Plan:
    """gold: ids of the chunks that hold the question's evidence. held: those too that hold it in another language.
    strings: of the question's answer, in whose place a contradiction says `false`; none and "" without one. injection:
    None for none."""

    gold: frozenset[str]
    held: frozenset[str]
    strings: tuple[str, ...]
    false: str
    injection: Injection | None

    def facts(self) -> dict[str, Any]:
        """The plan as plain values."""
        injection = None if self.injection is None else dataclasses.asdict(self.injection)
        return {
            "gold": sorted(self.gold), "held": sorted(self.held), "strings": list(self.strings), "false": self.false,
            "injection": injection,
        }  # fmt: skip


def plan_of(
    index: EvidenceIndex, question: Question, knobs: Knobs, seed: int, others: Sequence[Question]
) -> Plan:
    """The plan of an arm for a question. others: the questions of the whole set, whatever part of it is asked."""
    gold = index.gold(question)
    held = gold.union(*(index.gold(other) for other in others if other.pair == question.pair))
    strings = strings_of(question) if knobs.contradiction else ()
    false = false_string(question, others, drawing(seed, question, "false")) if knobs.contradiction else ""
    injection = instruction(question.language, drawing(seed, question, "text")) if knobs.injection else None
    return Plan(gold, held, strings, false, injection)


def drawing(seed: int, question: Question, what: str) -> random.Random:
    """A source of chance of its own for each thing that is drawn: turning one knob does not redraw another."""
    return random.Random(f"{seed}:{question.id}:{what}")
