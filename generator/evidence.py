"""The sentence that carries the answer: every sentence of the passages as a candidate with its features."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from generator.cues import NONE, Cue, Cues
from generator.decisions import Decisions, probability, weighted
from generator.engine import Reading, best_span
from generator.quoting import goes_on_below
from generator.sentence_vectors import Vectors
from generator.wording import begins_with_markup, fragment, leans
from ingest.bibliography import asks_for_sources, entries
from ingest.lists import Listing, find_listings, split_listed, without_marker
from retrieval.translations import translations

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of passage number `passage`; features: `decisions.SENTENCE`; span: what the reader takes for the short
    answer in it; alone: it can be understood without the sentence before it; whole: it is a sentence, not part of one;
    listing: the list or table that it is of or announces, which may reach beyond the passage; verbatim: it is a row of
    a table or a whole listing; cue: what its form tells (`cues.py`)."""

    passage: int
    interval: Interval
    features: tuple[float, ...]
    span: Interval
    alone: bool = True
    whole: bool = True
    listing: Listing | None = None
    verbatim: bool = False
    cue: Cue = NONE

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list, or the beginning of one."""
        if self.listing is None or self.listing.columns or len(self.listing.parts) == 1:
            return False
        part = self.listing.part_at(self.interval[0])
        return part is not None and part[0] == self.interval[0]

    @property
    def is_fragment(self) -> bool:
        """Whether it is no sentence, and no part of a list or table either."""
        return not self.whole and self.listing is None

    @property
    def announces(self) -> bool:
        """Whether it says nothing without the list or table that it announces."""
        return self.listing is not None and self.interval[0] < self.listing.informs

    @property
    def retold(self) -> bool:
        """Whether the decoder may say it in its own words: not what has no subject or verb of its own."""
        return not self.verbatim and not self.is_item


_FEWEST_WORDS = 3
_DIGITS = re.compile(r"\d+")
_GAP = 2
# Two sentences in two languages say the same from this cosine on. From 0.7 to 0.8 nothing changed on dev.
SAME_SAID = 0.75
# What is no sentence (the title of a paper, half a sentence after a figure) has to be twice as likely as one that is.
_FRAGMENT = math.log(2)
# Of the softmax over all sentences, what a further one must have if it is of another passage than the best: below it
# nothing was lost on dev.
_ELSEWHERE = 0.05
# An answer is one to three sentences.
MOST_FURTHER = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """The best candidate, others worth quoting beside it, and how likely all this is right (`decisions.CONFIDENCE` and
    the probability they give); answerable: how likely the documents answer, by the same features. leads: the sentences
    before the best one, in their order, where that cannot be understood without them. Of the others one that leans on
    the best one comes first."""

    candidate: Candidate
    further: tuple[Candidate, ...]
    features: tuple[float, ...]
    confidence: float
    leads: tuple[Candidate, ...] = ()
    answerable: float = 1.0

    @property
    def together(self) -> tuple[Candidate, ...]:
        """The best one with those that it leans on, and the one that leans on it: they are read as one."""
        return (*self.leads, self.candidate, *(one for one in self.further if not one.alone))

    @property
    def shown(self) -> tuple[Candidate, ...]:
        """What an answer is made of, in order."""
        others = [one for one in self.further if one not in self.leads]
        return (*self.leads, self.candidate, *others)[: 1 + MOST_FURTHER]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in the passages of one question, nothing written yet.

    passages: the texts read; candidates: their sentences; choice: the best of these, None where there is none; span:
    (passage, start, end) of the reader's best answer span, in characters of that text, None without passages.
    """

    passages: tuple[str, ...]
    candidates: list[Candidate]
    choice: Choice | None
    span: tuple[int, int, int] | None


def candidates(
    reading: Reading, question: str, passages: Sequence[str], rank: Sequence[float], own_language: Sequence[bool],
    encode: Callable[[Sequence[str]], Vectors], listings: Sequence[Sequence[Listing]] | None = None, *,
    cues: Cues | None = None, weights: Sequence[float] = Decisions().sentence, compared: int | None = None,
) -> list[Candidate]:
    """Every sentence that the reader saw, but for questions (a heading that asks what is asked is no answer), for what
    begins with markup, for fragments of one or two words («BERGEN:») where there is more, and for what a sentence in
    the question's language says too, its numbers included; and for entries of a list of references, unless nothing
    else is there or the question is who wrote something or when. An item of a list begins a sentence, and a row of a
    table is one.

    rank[p]: log-odds of passage p by the ranking; own_language[p]: whether it is in the question's; encode: vectors
    [n, C] of norm 1 of n texts; listings[p]: lists and tables of passage p (None: as its own text has them); cues:
    of the question and these passages. compared: only so many sentences are compared with the question and each other,
    those ahead by the `weights` of the other features, and the least of their cosines is given to the rest; None: all.
    """
    together = [find_listings(text) for text in passages] if listings is None else listings
    found = _read_sentences(reading, question, passages, together, cues)
    if not found:
        return []
    said = [passages[one.passage][slice(*one.interval)] for one in found]
    leaning = [leans(sentence) for sentence in said]
    best = max(one.span for one in found)
    known = [
        (reading.relevance[one.passage], rank[one.passage], one.evidence, max(-20.0, one.span - best)) for one in found
    ]
    ahead = sorted(range(len(found)), key=lambda n: -weighted(weights[:-1], known[n]))[:compared]
    vectors = encode([*(said[n] for n in ahead), question])  # [n + 1, C]
    cosines = dict(zip(ahead, (vectors[:-1] @ vectors[-1]).tolist(), strict=True))
    least = min(cosines.values())
    own = np.array([own_language[found[n].passage] for n in ahead])
    twins = {ahead[n]: ahead[twin] for n, twin in translations(vectors[:-1], own, SAME_SAID).items()}
    said_twice = {n for n, twin in twins.items() if _numbers(said[n]) <= _numbers(said[twin])}
    said_twice -= _leaned_on(found, leaning, together) if said_twice else set()
    return [
        _candidate(one, said[n], (*known[n], cosines.get(n, least)), not leaning[n], passages, together, cues)
        for n, one in enumerate(found) if n not in said_twice
    ]


@dataclass(frozen=True, slots=True)
class _Read:
    """A sentence as the reader saw it. evidence: mean over its pieces; span, place: score and characters of its best
    answer span; below: it is right below a heading that asks what is asked."""

    passage: int
    interval: Interval
    evidence: float
    span: float
    place: Interval
    below: bool


def _read_sentences(
    reading: Reading, question: str, passages: Sequence[str], listings: Sequence[Sequence[Listing]], cues: Cues | None
) -> list[_Read]:
    """What `candidates` looks at."""
    found: list[_Read] = []
    for p, text in enumerate(passages):
        before: str | None = None
        for interval in split_listed(text, listings[p]):
            scores = [row for row in reading.pieces[p] if interval[0] <= row.start < interval[1]]
            sentence = text[slice(*interval)].rstrip()
            below = cues is not None and cues.answered_below(p, before)
            before = sentence
            if scores and not sentence.endswith("?") and not begins_with_markup(sentence):
                first, last, span = best_span(scores)
                evidence = sum(row.evidence for row in scores) / len(scores)
                found.append(_Read(p, interval, evidence, span, (scores[first].start, scores[last].end), below))

    def said(one: _Read) -> str:
        return passages[one.passage][slice(*one.interval)]

    found = [one for one in found if len(said(one).split()) >= _FEWEST_WORDS] or found
    if cues is not None:
        found = [one for one in found if not cues.adds_nothing(said(one))] or found
    if not asks_for_sources(question):
        listed = [entries(text) for text in passages]
        found = [one for one in found if not any(a <= one.interval[0] < z for a, z in listed[one.passage])] or found
    return found


def _candidate(
    one: _Read, said: str, features: tuple[float, ...], alone: bool, passages: Sequence[str],
    listings: Sequence[Sequence[Listing]], cues: Cues | None,
) -> Candidate:
    """The candidate that a sentence is; said: its text."""
    p, start = one.passage, one.interval[0]
    listing = next((each for each in listings[p] if each.start <= start < each.end), None)
    part = listing is not None and listing.part_at(start) is not None
    row, header, announced, heads = part and listing is not None and listing.columns > 0, None, "", False
    if row and listing is not None and start >= listing.informs:
        header = passages[p][max(0, listing.parts[0][0]) : max(0, listing.parts[0][1])]
    elif listing is not None and start < listing.informs:
        announced, heads = passages[p][max(0, listing.start) : max(0, listing.end)], row
    cue = (
        NONE if cues is None
        else cues.of(p, said, first=one.below, header=header, announced=announced, heads=heads)
    )
    whole = not fragment(said) and not (part and not row and goes_on_below(said[without_marker(said, 0) :]))
    return Candidate(p, one.interval, features, one.place, alone, whole, listing, row, cue)


def _numbers(sentence: str) -> set[str]:
    return set(_DIGITS.findall(sentence))


def _leaned_on(found: Sequence[_Read], leaning: Sequence[bool], listings: Sequence[Sequence[Listing]]) -> set[int]:
    """Which sentences the next one is not understood without, and which are of a list or before one. leaning[n]:
    whether sentence n points back."""
    def listed(one: _Read) -> bool:
        return any(each.start <= one.interval[0] < each.end for each in listings[one.passage])

    needed = {n for n, one in enumerate(found) if listed(one)}
    for n in range(1, len(found)):
        if found[n - 1].passage == found[n].passage and (n in needed or leaning[n]):
            needed.add(n - 1)
    return needed


def choose(found: Sequence[Candidate], decisions: Decisions, language: str) -> Choice | None:
    """The best of the candidates by the fitted sum; language: of the question."""
    if not found:
        return None
    sums = [_sum(candidate, decisions) for candidate in found]
    at = max(range(len(found)), key=lambda n: sums[n] - _FRAGMENT * found[n].is_fragment)
    best = found[at]
    others = further_shares(found, shares(found, decisions), at)
    further = [
        found[n] for n, share in others
        if share >= (decisions.also if found[n].passage == best.passage else max(decisions.also, _ELSEWHERE))
        and not _other_row(found[n], best)
    ][:MOST_FURTHER]
    further.sort(key=lambda one: one.alone)
    elsewhere = [value for value, other in zip(sums, found, strict=True) if other.passage != best.passage]
    margin = min(10.0, sums[at] - max(elsewhere)) if elsewhere else 10.0
    features = (*best.features, best.cue.sure, margin, float(language == "ru"), 1.0)
    confidence, answerable = (
        probability(weighted(weights, features)) for weights in (decisions.confidence, decisions.answerable)
    )
    return Choice(best, tuple(further), features, confidence, leads(best, found), answerable)


def _other_row(one: Candidate, best: Candidate) -> bool:
    """Whether it is another row of the table whose row was asked for."""
    return one.verbatim and best.verbatim and one.listing == best.listing and one.cue.gain < best.cue.gain


def _sum(candidate: Candidate, decisions: Decisions) -> float:
    """The fitted sum, with what the form gains."""
    return weighted(decisions.sentence, candidate.features) + candidate.cue.gain


def leads(candidate: Candidate, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The sentences before `candidate` up to one that does not lean, as many as there is room for; none that are no
    sentences, nor what stands before those."""
    before: list[Candidate] = []
    at: Candidate | None = candidate
    while at is not None and not at.alone and len(before) < MOST_FURTHER:
        at = _before(at, found)
        if at is None or at.is_fragment:
            break
        before.insert(0, at)
    return tuple(before)


def follows(first: Candidate, second: Candidate) -> bool:
    """Whether `second` begins where `first` ends, but for a space or two."""
    return first.passage == second.passage and 0 <= second.interval[0] - first.interval[1] <= _GAP


def _before(candidate: Candidate, found: Sequence[Candidate]) -> Candidate | None:
    """The sentence that `candidate` follows; None at the beginning of a passage."""
    return next((one for one in found if follows(one, candidate)), None)


def shares(found: Sequence[Candidate], decisions: Decisions) -> list[float]:
    """The softmax over the candidates' fitted sums."""
    sums = [_sum(candidate, decisions) for candidate in found]
    largest = max(sums)
    weights = [math.exp(value - largest) for value in sums]
    total = sum(weights)
    return [weight / total for weight in weights]


def further_shares(found: Sequence[Candidate], shares: Sequence[float], at: int) -> list[tuple[int, float]]:
    """(number, share of the softmax) of the candidates beside number `at`, best first; left out are those that lean on
    another sentence than that, and what is no sentence."""
    others = [
        (n, shares[n]) for n, one in enumerate(found)
        if n != at and one.whole and not one.announces and (one.alone or _before(one, found) is found[at])
    ]
    return sorted(others, key=lambda item: -item[1])
