"""Examples for the scoring verifier: (claim, text), carried or not, by rule from documentation and from written claims.

Groups say what an example tests, and what it weighs (WEIGHTS). The written claims come as they are, which tempts to
take few shared words for truth, so each kind has its counterpart: for a false claim the evidence sentence varied by
rule (as near, and carried), for a true one the same claim with another text of its passage or with a fault put in (as
far, and not carried). The weights are those that did best on dev over all groups; those with a fault put into them
are for measuring alone: a paraphrase with a wrong word and one with a rare word look the same to the figures.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from api.experiments.entailment.faults import false_variant, true_variant
from api.experiments.entailment.training.text import Source
from corpus.claims import Claim
from ingest.sentences import split_sentences

SEED = 0
Group = Literal[
    "written true", "written false", "varied", "fault put in", "without evidence", "another sentence",
    "rule true", "rule false", "neighbour",
]  # fmt: skip
WEIGHTS: dict[Group, float] = {
    "written true": 3.0, "written false": 0.5, "varied": 1.0, "fault put in": 0.0, "without evidence": 1.0,
    "another sentence": 8.0, "rule true": 0.5, "rule false": 0.1, "neighbour": 3.0,
}  # fmt: skip
_PROSE = re.compile(r"[A-ZА-ЯЁ«\"][^{}<>|=$]{40,300}[.]")
_CYRILLIC = re.compile("[а-яё]")
_WINDOWS = (1, 1, 2, 3, 5, 8)
_RULE_TRUE = 4_000  # of each language


@dataclass(frozen=True, slots=True)
class Example:
    """fault: of a false claim, "" for a true one or where the text is at fault. dev: to measure with."""

    claim: str
    text: str
    carried: bool
    group: Group
    fault: str
    language: str
    dev: bool


def from_claims(claims: Sequence[Claim], sources: Sequence[Source]) -> Iterator[Example]:
    """Each claim against its passage and against the evidence sentence, with its counterparts; claims on a text that is
    not among the sources are left out."""
    texts = {(source.set, source.id): source.text for source in sources}
    draw = random.Random(SEED)
    for claim in claims:
        whole = texts.get((claim.set, claim.row))
        if whole is not None:
            yield from _of_claim(claim, whole, draw)


def _of_claim(claim: Claim, whole: str, draw: random.Random) -> Iterator[Example]:
    passage, evidence = whole[claim.start : claim.end], _line(whole[slice(*claim.evidence)])
    first = claim.evidence[0] - claim.start
    sentences = [(a, _line(passage[a:z])) for a, z in split_sentences(passage)]
    others = [sentence for a, sentence in sentences if not first <= a < claim.evidence[1] - claim.start]

    def example(text: str, held: str, carried: bool, group: Group, fault: str = "") -> Example:
        return Example(text, held, carried, group, fault, claim.language, claim.split == "dev")

    for held in (passage, evidence):
        if claim.fault is not None:
            yield example(claim.text, held, False, "written false", claim.fault)
            yield example(true_variant(evidence, draw), held, True, "varied")
        else:
            yield example(claim.text, held, True, "written true")
            fault, made = false_variant(claim.text, [sentence for _, sentence in sentences], draw)
            if made:
                yield example(made, held, False, "fault put in", fault)
    if claim.fault is None and len(others) > 1:
        yield example(claim.text, " ".join(others), False, "without evidence")
        yield example(claim.text, draw.choice(others), False, "another sentence")


def from_rules(sources: Sequence[Source], without: frozenset[str]) -> Iterator[Example]:
    """Sentences of documentation, varied and spoilt, against windows around them. without: ids of sources to leave out
    (those that are measured with)."""
    draw = random.Random(SEED)
    made = dict.fromkeys(("en", "ru"), 0)
    before: tuple[str, list[str]] = ("", [])
    for source in draw.sample(list(sources), len(sources)):
        prose = [] if source.id in without else _prose(source)
        language = "ru" if 3 * len(_CYRILLIC.findall("".join(prose))) > len("".join(prose)) else "en"
        if len(prose) < 4 or made[language] >= _RULE_TRUE:
            continue
        for _ in range(2):
            made[language] += 1
            yield from _of_sentence(prose, language, before, draw)
        before = (language, prose)


def _of_sentence(
    prose: Sequence[str], language: str, before: tuple[str, list[str]], draw: random.Random
) -> Iterator[Example]:
    at, size = draw.randrange(len(prose)), draw.choice(_WINDOWS)
    first = max(0, at - draw.randrange(size))
    window, outside = prose[first : first + size], [*prose[:first], *prose[first + size :]]
    sentence, text = prose[at], " ".join(window)
    yield Example(true_variant(sentence, draw), text, True, "rule true", "", language, False)
    for _ in range(2):
        fault, spoilt = false_variant(sentence, [other for other in prose if other != sentence], draw)
        if spoilt:
            yield Example(spoilt, text, False, "rule false", fault, language, False)
    if outside and draw.random() < 0.5:
        yield Example(draw.choice(outside), text, False, "neighbour", "", language, False)
    if before[0] == language and draw.random() < 0.3:
        yield Example(draw.choice(before[1]), text, False, "neighbour", "", language, False)


def _prose(source: Source) -> list[str]:
    """Whole sentences without code."""
    found = [
        _line(paragraph[a:z]) for paragraph in source.paragraphs if "```" not in paragraph
        for a, z in split_sentences(paragraph)
    ]  # fmt: skip
    return [sentence for sentence in found if _PROSE.fullmatch(sentence)]


def _line(text: str) -> str:
    return " ".join(text.split())
