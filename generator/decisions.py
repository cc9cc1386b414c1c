"""What is decided by numbers fitted on dev: how passages are ranked, which sentence carries the answer, how sure that
is, and when to say that the documents do not answer.

Every decision is a weighted sum of a few named features, so that it can be read, and refitted in a minute by `lectern
train thresholds`. `thresholds.json` beside the weights holds the sums, and, for a grid of thresholds of the confidence,
the share of wrong answers among those given (risk) and the share of questions answered (coverage). A person who names a
risk gets the lowest threshold that keeps it on dev; nobody promises it elsewhere. Who names none is answered where the
documents are likely enough to answer, which is a sum of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.errors import DecoderMissing

THRESHOLDS_FILE = "thresholds.json"

# Of a passage before it is read: its BM25 score over the best one's; its cosine with the question (or those of the
# passage in another language whose place it took); minus the logarithm of its rank; the share of the question's words
# that it holds; how well its document fits; late interaction; whether it is in another language than the question, so
# that the question's words tell nothing.
SIGNALS = ("bm25", "dense", "order", "coverage", "document", "late", "foreign")
# Of a passage that was read: log-odds by the reader that it answers; the same; and 1, so that the sum is the log-odds
# that it answers.
RANKING = ("relevance", *SIGNALS, "one")
# Of a sentence: its passage's log-odds by the reader, and by the ranking; the mean log-odds of its pieces to be
# evidence; its best answer span's score under the best of all; its cosine with the question, where it is compared with
# it (`evidence.candidates`).
SENTENCE = ("relevance", "rank", "evidence", "span", "cosine")
# Of the chosen sentence: the same, what its form tells (`cues.Cue.sure`), how far it is ahead of the best sentence of
# another passage, whether the question is in Russian (the reader knows it less well than its scores say), and 1.
CONFIDENCE = (*SENTENCE, "form", "margin", "russian", "one")
# Of a sentence that the decoder wrote: the mean log-probability of its pieces; the share of its content words that its
# source has; the share of the reader's short answer that it has; how much shorter it is than the sentence that it was
# written from; the verifier's log-odds; the log-odds that what is chosen for quoting is right; and 1.
DRAFT = ("log_probability", "words", "kept", "brevity", "supported", "answers", "confidence", "one")


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold (a confidence) with its risk and coverage on dev, each 0..1."""

    threshold: float
    risk: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Decisions:
    """Weights of the features above, in their order, and thresholds.

    also: the share of the softmax over all sentences from which a further one is quoted beside the best.
    confidence: of the log-odds that what is chosen is right; answerable: of those that the documents answer, for which
    the right sentence need not be the one that was chosen. default: the probability that they answer below which there
    is no answer when no risk is named, unless what is chosen is likelier right than wrong. own: the decoder's own
    sentence is shown, not the quotation, if its probability of being right is at least the quotation's plus this.
    on_topic: the ranking's probability of the best passage below which an abstention says that no passage is about the
    question.
    """

    signals: tuple[float, ...] = (2.0, 4.0, 0.1, 8.0, 1.0, 14.0, 0.0)
    ranking: tuple[float, ...] = (0.4, 2.0, 4.0, 0.0, 8.0, 1.0, 10.0, 0.0, -16.0)
    sentence: tuple[float, ...] = (0.5, 0.5, 0.5, 0.2, 5.0)
    confidence: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    answerable: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    draft: tuple[float, ...] = (1.0, 1.0, 1.0, 0.0, 0.5, 0.5, 0.5, 0.0)
    also: float = 0.3
    default: float = 0.5
    own: float = -0.1
    on_topic: float = 0.0
    curve: tuple[Point, ...] = ()

    def answers(self, confidence: float, answerable: float, risk: float | None = None) -> bool:
        """Whether there is an answer: where the documents are likely enough to have it, or what is chosen is likelier
        right than wrong; if a risk is named, where the confidence is at least that from which on dev no more than this
        share of the answers was wrong. A risk that no threshold keeps on dev is that of the least risk."""
        if risk is None or not self.curve:
            return standing(confidence, answerable) >= self.default
        kept = [point.threshold for point in self.curve if point.risk <= risk]
        return confidence >= (min(kept) if kept else min(self.curve, key=lambda point: point.risk).threshold)

    def save(self, folder: Path) -> None:
        """Write `thresholds.json`."""
        (folder / THRESHOLDS_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Decisions:
        """What `save` wrote; the defaults where nothing was measured. Raises DecoderMissing for what another version
        wrote."""
        path = folder / THRESHOLDS_FILE
        if not path.is_file():
            return cls()
        values = json.loads(path.read_text(encoding="utf-8"))
        sums = {
            "signals": SIGNALS, "ranking": RANKING, "sentence": SENTENCE, "confidence": CONFIDENCE,
            "answerable": CONFIDENCE, "draft": DRAFT,
        }
        for name, features in sums.items():
            values[name] = tuple(values.get(name, ()))
            if len(values[name]) != len(features):
                raise DecoderMissing(
                    f"{path} is of another version: remove it, and fit it anew with: lectern train thresholds"
                )
        values["curve"] = tuple(Point(**point) for point in values["curve"])
        return cls(**values)


def standing(confidence: float, answerable: float) -> float:
    """What is held against the default threshold: the probability that the documents answer, or 1 where what is chosen
    is likelier right than wrong."""
    return 1.0 if confidence >= 0.5 else answerable


def weighted(weights: Sequence[float], features: Sequence[float]) -> float:
    """The sum that a decision rests on."""
    return sum(weight * value for weight, value in zip(weights, features, strict=True))


def probability(log_odds: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, log_odds))))


def log_odds(probability: float) -> float:
    """Its inverse; 0 and 1 are taken as very near to them."""
    clamped = min(1.0 - 1e-6, max(1e-6, probability))
    return math.log(clamped / (1.0 - clamped))
