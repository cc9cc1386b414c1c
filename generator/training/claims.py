"""Claims to verify: right answers, and wrong ones made from them, for the reader's support head.

A claim is one sentence that answers a question, beside a passage. It is *supported* if the passage says so, and it
*answers* if it is what was asked. Wrong ones are made by rule from the same sentences as right ones, so that nothing
but the passage tells them apart:

    number      one of its numbers becomes another, of the passage where it has one
    name        one of its names becomes another name of the passage
    negation    it is denied, or no longer denied
    neighbour   another sentence of the passage (supported, does not answer)
    irrelevant  the answer to another question on the same passage (supported, does not answer)
    elsewhere   the right answer beside a passage that does not say so
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from generator.memory import Passage, Prompt
from generator.training.examples import Example
from generator.training.mining import mine
from ingest.sentences import split_sentences

Fault = Literal["number", "name", "negation", "neighbour", "irrelevant", "elsewhere"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
_SUPPORTED: tuple[Fault, ...] = ("neighbour", "irrelevant")

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZА-ЯЁ][\w-]*[^\W\d_](?:\s[A-ZА-ЯЁ][\w-]+)*")
_DENIED = re.compile(r"\b(?:not|never|не|никогда не) ", re.IGNORECASE)
_CANNOT = re.compile(r"\bcannot\b|\b(is|are|was|were|do|does|did|can|could|has|have|had|would|should)n[’']t\b")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|could|may|must|will|would|should|has been|have been)\b")
# A finite verb or a short form, by its ending; before it stands the negation.
_RUSSIAN_VERB = re.compile(
    r"(?<!\bне )\b(?:[а-яё]{2,}(?:ает|яет|ует|еет|ит|ют|ят|ется|ится|ются|ятся|атся|ался|алась|ались|ился|илась|ились"
    r"|ала|али|ало|ила|или|ило)|может|могут|был|была|были|было)\b"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A prompt whose claim is `supported` by its passage or not, and `answers` the question or not (None: not to be
    learned from). fault: None for a right one."""

    prompt: Prompt
    supported: bool
    answers: bool | None
    fault: Fault | None


def with_number(sentence: str, passage: str, rng: random.Random) -> str | None:
    """The sentence with one number replaced; None if it has none."""
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return None
    chosen = rng.choice(found)
    own = {match.group() for match in found}
    others = sorted({match.group() for match in _NUMBER.finditer(passage)} - own)
    if others and rng.random() < 0.6:
        other = rng.choice(others)
    else:
        digits = list(chosen.group())
        # The last digits of a longer number: 1816 for 1876 needs the passage to be told, 6876 does not.
        at = rng.choice([n for n, digit in enumerate(digits) if digit.isdigit()][-2:])
        digits[at] = rng.choice([d for d in "123456789" if d != digits[at]])
        other = "".join(digits)
    return sentence[: chosen.start()] + other + sentence[chosen.end() :]


def with_name(sentence: str, passage: str, rng: random.Random) -> str | None:
    """The sentence with one of its names replaced by another of the passage; None if there are no two."""
    found = list(_NAME.finditer(sentence))
    own = {match.group() for match in found}
    others = sorted({match.group() for match in _NAME.finditer(passage)} - own)
    others = [other for other in others if not any(other in name or name in other for name in own)]
    if not found or not others:
        return None
    chosen = rng.choice(found)
    return sentence[: chosen.start()] + rng.choice(others) + sentence[chosen.end() :]


def denied(sentence: str, language: str, rng: random.Random) -> str | None:
    """The sentence denied, or a denied one affirmed; None where no rule applies."""
    if _DENIED.search(sentence):
        return _DENIED.sub("", sentence, count=1)
    if _CANNOT.search(sentence):
        return _CANNOT.sub(lambda match: "can" if match.group() == "cannot" else str(match.group(1)), sentence, count=1)
    found = list((_RUSSIAN_VERB if language == "ru" else _AUXILIARY).finditer(sentence))
    if not found:
        return None
    verb = rng.choice(found)
    if language == "ru":
        return f"{sentence[: verb.start()]}не {sentence[verb.start() :]}"
    return f"{sentence[: verb.end()]} not{sentence[verb.end() :]}"


class ClaimMaker:
    """Draws claims from answerable examples. hard: near misses by example id (`mining.mine`)."""

    def __init__(self, examples: Sequence[Example], hard: Mapping[str, Sequence[Passage]]) -> None:
        self._hard = hard
        self._answers: dict[Passage, list[tuple[str, str]]] = defaultdict(list)
        for example in examples:
            if example.answerable and "@" not in example.id:
                self._answers[example.passages[0]].append((example.id, example.answer))

    def right(self, example: Example, rng: random.Random) -> Claim:
        """The written answer, or the evidence word for word."""
        return Claim(Prompt(example.question, example.passages[:1], self._sentence(example, rng)), True, True, None)

    def wrong(self, example: Example, fault: Fault, rng: random.Random) -> Claim | None:
        """A wrong claim with this fault; None if the example does not lend itself to it."""
        passage = example.passages[0]
        makers: dict[Fault, Callable[[], tuple[str | None, Passage | None]]] = {
            "number": lambda: (with_number(self._sentence(example, rng), passage.text, rng), passage),
            "name": lambda: (with_name(self._sentence(example, rng), passage.text, rng), passage),
            "negation": lambda: (denied(self._sentence(example, rng), example.language, rng), passage),
            "neighbour": lambda: (self._neighbour(example, rng), passage),
            "irrelevant": lambda: (self._other_answer(example, rng), passage),
            "elsewhere": lambda: (self._sentence(example, rng), self._other_passage(example, rng)),
        }
        text, beside = makers[fault]()
        if text is None or beside is None:
            return None
        supported = fault in _SUPPORTED
        return Claim(Prompt(example.question, (beside,), text), supported, False if supported else None, fault)

    def draw(self, example: Example, rng: random.Random, right: float = 0.4) -> Claim:
        """A right claim for a share of `right`, else one with a random fault that the example lends itself to."""
        if rng.random() >= right:
            for fault in rng.sample(FAULTS, len(FAULTS)):
                claim = self.wrong(example, fault, rng)
                if claim is not None:
                    return claim
        return self.right(example, rng)

    @staticmethod
    def _sentence(example: Example, rng: random.Random) -> str:
        if rng.random() < 0.5 or not example.evidence[0]:
            return example.answer
        return " ".join(example.passages[0].text[slice(*rng.choice(example.evidence[0]))].split())

    @staticmethod
    def _neighbour(example: Example, rng: random.Random) -> str | None:
        text = example.passages[0].text
        others = [
            (a, z) for a, z in split_sentences(text)
            if not any(a < end and start < z for start, end in example.evidence[0]) and len(text[a:z].split()) >= 4
        ]
        return " ".join(text[slice(*rng.choice(others))].split()) if others else None

    def _other_answer(self, example: Example, rng: random.Random) -> str | None:
        own = example.id.split("@")[0]
        others = [answer for id_, answer in self._answers[example.passages[0]] if id_ != own]
        others = [answer for answer in others if answer not in example.answer and example.answer not in answer]
        return rng.choice(others) if others else None

    def _other_passage(self, example: Example, rng: random.Random) -> Passage | None:
        near = self._hard.get(example.id, ())
        return rng.choice(near) if near else None


def claims_of(examples: Sequence[Example], seed: int = 17) -> Iterator[tuple[Example, Claim]]:
    """For every answerable example its right claim and one wrong one for each fault that it lends itself to."""
    near = mine(examples, [(example.language, passage) for example in examples for passage in example.passages])
    maker = ClaimMaker(examples, near)
    rng = random.Random(seed)
    for example in examples:
        if example.answerable:
            yield example, maker.right(example, rng)
            for fault in FAULTS:
                claim = maker.wrong(example, fault, rng)
                if claim is not None:
                    yield example, claim
