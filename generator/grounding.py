"""From written pieces to sentences with citations, and the checks that a sentence has to pass before it is shown.

A citation is where the copied pieces of a sentence stood: the passage that most of them came from, and in it the
sentences that they were copied out of. So a quote exists by construction; the checks ask whether it carries the
sentence: every number stands in the quote or the titles, and most of the words do. What passes is shown where it is
likelier to be right than a quotation, by fitted weights of these and of what the verifier says.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.cues import content
from generator.decisions import Decisions, log_odds, probability, weighted
from generator.engine import Verdict
from generator.memory import EVIDENCE
from generator.metrics import words
from generator.wording import balanced, keeps_names, known_words, whole
from generator.written import Written
from ingest.sentences import split_sentences
from retrieval.analysis import FUNCTION_WORDS, analyze

Interval = tuple[int, int]
# Of a sentence's content words, what has to stand in its quote, the titles or the question.
SUPPORTED_SHARE = 0.6
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Too common to be evidence of anything; in a question «May» can be the month.
_EMPTY = FUNCTION_WORDS | {"may", "might"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence before its citation is made.

    passage: number of the cited passage; intervals: the quoted sentences in its text; supported: share of its
    content words that stand in the quote, its titles or the question; log_probability: mean over its pieces; kept:
    share of the content words of what the reader takes for the short answer that the sentence has; brevity: minus the
    logarithm of its words over those of the sentence that it was written from; whole: it reads as a sentence
    (`wording.py`).
    """

    text: str
    passage: int
    intervals: tuple[Interval, ...]
    supported: float
    numbers_hold: bool
    log_probability: float
    kept: float = 1.0
    brevity: float = 0.0
    whole: bool = True


def sentence_ranges(text: str, ended: bool) -> list[Interval]:
    """Intervals of the finished sentences of a text that is still being written; all of them once it has ended."""
    ranges = split_sentences(text)
    return ranges if ended else ranges[:-1]


def cite(pieces: Sequence[Written], passages: Sequence[str]) -> tuple[int, tuple[Interval, ...]] | None:
    """(passage, intervals of the quoted sentences) for the pieces of one sentence; None if nothing was copied.

    The passage is the one with most copied characters; of its sentences, those that hold a fifth of them or more.
    """
    copied: Counter[int] = Counter()
    for piece in pieces:
        if piece.source is not None and piece.source.kind == EVIDENCE:
            copied[piece.source.passage] += len(piece.source.surface)
    if not copied:
        return None
    passage, characters = copied.most_common(1)[0]
    held: Counter[Interval] = Counter()
    sentences = split_sentences(passages[passage])
    for piece in pieces:
        source = piece.source
        if source is not None and source.kind == EVIDENCE and source.passage == passage:
            for interval in sentences:
                if interval[0] <= source.piece.start < interval[1]:
                    held[interval] += len(source.surface)
    intervals = sorted(interval for interval, count in held.items() if count >= 0.2 * characters)
    return passage, tuple(intervals)


def content_words(text: str) -> list[str]:
    """Normalised words (Russian by lemma) that are not function words."""
    return [word for word in words(text) if word not in _EMPTY]


def support(sentence: str, quote: str, context: str) -> tuple[float, bool]:
    """(share of content words found in quote or context, whether every number stands there).

    context: the titles above the quote and the question. Numbers are looked for in the quote and the titles by the
    caller passing them as part of `quote`.
    """
    wanted = content_words(sentence)
    known = set(words(quote)) | set(words(context))
    share = sum(word in known for word in wanted) / len(wanted) if wanted else 0.0
    numbers = {number.replace(",", ".") for number in _NUMBER.findall(quote)}
    holds = all(number.replace(",", ".") in numbers for number in _NUMBER.findall(sentence))
    return share, holds


def draft_sentence(
    text: str, pieces: Sequence[Written], passages: Sequence[str], titles: Sequence[str], question: str
) -> Draft | None:
    """A sentence with what it rests on, or None if it was not copied from any passage."""
    cited = cite(pieces, passages)
    if cited is None or not text.strip():
        return None
    passage, intervals = cited
    quote = " ".join(passages[passage][a:z] for a, z in intervals)
    share, holds = support(text, f"{quote} {titles[passage]}", question)
    mean = sum(piece.log_probability for piece in pieces) / max(1, len(pieces))
    sentence, known = text.strip(), f"{passages[passage]} {titles[passage]} {question}"
    reads = (
        whole(sentence, pieces, passages) and balanced(sentence) and known_words(sentence, pieces, known)
        and keeps_names(sentence, pieces, passages, question)
    )
    return Draft(text.strip(), passage, intervals, share, holds, mean, whole=reads)


def keeps_asked(text: str, source: str, question: str) -> bool:
    """Whether a `text` written from the sentence `source` has every word of the question that this has."""
    return (content(question) & set(analyze(source))) <= set(analyze(text))


def draft_from(draft: Draft, passage: int, sentence: str, span: str) -> Draft:
    """The same draft with what it made of the `sentence` of passage number `passage` that it was written from, whose
    short answer the reader takes to be `span`."""
    wanted, had = content_words(span), set(words(draft.text))
    kept = sum(word in had for word in wanted) / len(wanted) if wanted else 1.0
    brevity = -math.log(max(1, len(draft.text.split())) / max(1, len(sentence.split())))
    return replace(draft, passage=passage, kept=kept, brevity=brevity)


def draft_cited(text: str, passage: int, passages: Sequence[str], titles: Sequence[str], question: str) -> Draft:
    """A sentence that names its passage, written by who knows what: its quote is the passage's sentence that carries
    most of its content words and, of equals, its numbers; of these the first."""

    def carried(interval: Interval) -> tuple[float, bool]:
        return support(text, passages[passage][slice(*interval)], "")

    intervals = tuple(sorted(split_sentences(passages[passage]), key=carried, reverse=True)[:1])
    quote = " ".join(passages[passage][a:z] for a, z in intervals)
    share, holds = support(text, f"{quote} {titles[passage]}", question)
    return Draft(text.strip(), passage, intervals, share, holds, 0.0)


def draft_features(draft: Draft, verdict: Verdict, confidence: float) -> tuple[float, ...]:
    """`decisions.DRAFT`; confidence: that of the sentence chosen for quoting."""
    return (
        draft.log_probability, draft.supported, draft.kept, draft.brevity, verdict.supported, verdict.answers,
        log_odds(confidence), 1.0,
    )


def holds(draft: Draft) -> bool:
    """Whether a sentence of the decoder may be shown at all: its numbers stand in its source, most of its words too,
    and it reads as a sentence."""
    return (
        draft.numbers_hold and draft.supported >= SUPPORTED_SHARE and draft.whole and len(draft.text.split()) >= 2
    )


def advantage(draft: Draft, verdict: Verdict, confidence: float, decisions: Decisions) -> float:
    """How much likelier a sentence of the decoder is right than the quotation that would stand in its place, -1..1."""
    return probability(weighted(decisions.draft, draft_features(draft, verdict, confidence))) - confidence
