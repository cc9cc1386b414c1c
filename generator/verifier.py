"""The verifier: the reader's head and what a rule sees, in two weighted sums.

The head knows what a passage is about and little of single words; `generator.alignment` counts these. A claim is as
likely *supported*, and to *answer*, as two logistic regressions say, whose features are named below. `lectern train
verifier` fits them on claims about train passages (generator/training/verifier.py) and writes `verifier.json` beside
the decoder's weights; without that file the head decides alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.alignment import Alignment, align, read_text
from generator.decisions import weighted
from generator.engine import Reading, Verdict
from generator.memory import Passage
from ingest.sentences import split_sentences

VERIFIER_FILE = "verifier.json"

# That a passage supports a claim: the head's log-odds; `Alignment`'s figures in its order, counts up to 2 (exchanged
# words up to 3); and 1.
SUPPORTED = (
    "head", "in_sentence", "in_passage", "numbers_missing", "numbers_unknown", "names_missing", "exchanged_numbers",
    "exchanged_names", "exchanged_words", "denied", "affirmed", "negations", "whole", "one",
)
# That the claim answers: the head's log-odds; the share of the question's content words that it has; the reader's mean
# log-odds of its best sentence's pieces to be evidence, and by how much the passage's best sentence is ahead of that
# (0 or less); the share of the words of the reader's answer span, but for those of the question, that it has; and 1.
ANSWERS = ("head", "question_words", "evidence", "evidence_lead", "span_words", "one")

_HEAD, _EVIDENCE, _LEAD = 8.0, -12.0, -8.0


@dataclass(frozen=True, slots=True)
class Verifier:
    """Weights of the features above, in their order."""

    supported: tuple[float, ...]
    answers: tuple[float, ...]

    def combined(self, head: Verdict, question: str, claim: str, passage: Passage, reading: Reading) -> Verdict:
        """Log-odds by both sums. reading: of the question with this passage alone."""
        supported, answers = features(head, question, claim, passage, reading)
        return Verdict(weighted(self.supported, supported), weighted(self.answers, answers))

    def save(self, folder: Path) -> None:
        """Write `verifier.json`: a weight by each feature's name."""
        values = {
            "supported": dict(zip(SUPPORTED, self.supported, strict=True)),
            "answers": dict(zip(ANSWERS, self.answers, strict=True)),
        }
        (folder / VERIFIER_FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Verifier | None:
        """What `save` wrote; None where there is none. Raises KeyError if a feature has no weight."""
        path = folder / VERIFIER_FILE
        if not path.is_file():
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            tuple(float(values["supported"][name]) for name in SUPPORTED),
            tuple(float(values["answers"][name]) for name in ANSWERS),
        )

    @property
    def fingerprint(self) -> str:
        """What tells these weights from others."""
        return json.dumps(asdict(self), sort_keys=True)


def features(
    head: Verdict, question: str, claim: str, passage: Passage, reading: Reading
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(SUPPORTED, ANSWERS). reading: of the question with this passage alone."""
    alignment = align(question, claim, passage)
    return supported_features(head.supported, alignment), answer_features(
        head.answers, alignment, question, claim, passage, reading
    )


def supported_features(head: float, alignment: Alignment) -> tuple[float, ...]:
    """SUPPORTED. head: the head's log-odds of support."""
    return (
        _within(head), alignment.in_sentence, alignment.in_passage, min(2.0, alignment.numbers_missing),
        min(2.0, alignment.numbers_unknown), min(2.0, alignment.names_missing), min(2.0, alignment.exchanged_numbers),
        min(2.0, alignment.exchanged_names), min(3.0, alignment.exchanged_words), min(2.0, alignment.denied),
        min(2.0, alignment.affirmed), min(2.0, alignment.negations), float(alignment.whole), 1.0,
    )


def answer_features(
    head: float, alignment: Alignment, question: str, claim: str, passage: Passage, reading: Reading
) -> tuple[float, ...]:
    """ANSWERS. head: the head's log-odds that the claim answers; reading: of the question with this passage alone."""
    said, asked = read_text(claim).content, read_text(question).content
    sentences = split_sentences(passage.text)
    evidence = [_evidence(reading, start, end) for start, end in sentences]
    own = evidence[alignment.sentence] if sentences else _EVIDENCE
    lead = own - max(evidence, default=own)
    span = frozenset[str]()
    if reading.span is not None:
        span = read_text(passage.text[reading.span[1] : reading.span[2]]).content - asked
    return (
        _within(head), _share(asked, said), own, max(_LEAD, lead), _share(span, said), 1.0
    )


def _within(log_odds: float) -> float:
    return max(-_HEAD, min(_HEAD, log_odds))


def _share(wanted: frozenset[str], held: frozenset[str]) -> float:
    return len(wanted & held) / len(wanted) if wanted else 0.0


def _evidence(reading: Reading, start: int, end: int) -> float:
    """Mean over the pieces of a sentence; the lowest for one that the reader did not see."""
    own = [piece.evidence for piece in reading.pieces[0] if start <= piece.start < end]
    return max(_EVIDENCE, sum(own) / len(own)) if own else _EVIDENCE
