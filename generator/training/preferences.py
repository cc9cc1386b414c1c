"""Which of two samples is better, and which pairs of them are worth learning from.

A sample is judged by three questions, the earlier ones first: is it right (it holds a gold string; where nothing
answers, it abstains), is it grounded (every sentence was copied from somewhere, with its numbers and most of its
words), does it cite passages that answer? Only a sample that is right and grounded is ever preferred: a likelihood
term on less would teach less.

Right answers tend to be the longer ones, since more words hold more strings, and a preference for length is the
easiest thing to learn (Park et al. 2024, arXiv 2403.19159). So no pair holds one text within the other, the longer one
has at most twice the words, and over all pairs the lengths balance. Abstentions balance too: as many pairs prefer an
answer to one as the other way about.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from generator.grounding import draft_sentence, sentence_ranges
from generator.metrics import contains, match, words
from generator.training.samples import Posed
from generator.written import Generated

# Share of the content words that have to stand in what is cited, its title or the question.
SUPPORTED = 0.8
LONGEST = 2.0


class Quality(NamedTuple):
    """Compared in this order."""

    right: bool
    grounded: bool
    cited: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample with its quality. text: empty for an abstention; words: normalised, not lemmas; passage: the one that
    most was copied from, -1 for none; log_probability: mean over pieces when it was drawn."""

    text: str
    quality: Quality
    words: tuple[str, ...]
    passage: int
    log_probability: float

    @property
    def good(self) -> bool:
        """Whether it may be preferred to another."""
        return self.quality.right and self.quality.grounded


@dataclass(frozen=True, slots=True)
class Preference:
    """Of the samples of prompt number `prompt`, `chosen` is better than `rejected`."""

    prompt: int
    chosen: Judged
    rejected: Judged

    @property
    def difference(self) -> str:
        """The first question that tells the two apart."""
        sides = zip(Quality._fields, self.chosen.quality, self.rejected.quality, strict=True)
        return next((name for name, chosen, rejected in sides if chosen != rejected), "")

    @property
    def longer(self) -> int:
        """By how many words the chosen one is longer."""
        return len(self.chosen.words) - len(self.rejected.words)

    @property
    def abstention(self) -> bool:
        """Whether one of the two is an abstention."""
        return not (self.chosen.text and self.rejected.text)


def abstention(posed: Posed) -> Judged:
    """The answer that every model can give, whether it was drawn or not."""
    right = not posed.gold
    return Judged("", Quality(right, right, right), (), -1, 0.0)


def judge(posed: Posed, sample: Generated) -> Judged | None:
    """A sample with its quality; None if it did not end, for then it is no answer yet."""
    if not sample.ended:
        return None
    if not sample.text.strip():
        return abstention(posed)
    prompt = posed.composed.prompt
    texts = [passage.text for passage in prompt.passages]
    titles = [passage.title for passage in prompt.passages]
    drafts = []
    for start, end in sentence_ranges(sample.text, ended=True):
        # A piece begins with the space before it, so it belongs where it ends.
        pieces = [piece for piece in sample.pieces if start < piece.end <= end]
        drafts.append(draft_sentence(sample.text[start:end].strip(), pieces, texts, titles, prompt.question))
    cited = [draft for draft in drafts if draft is not None]
    whole = bool(cited) and len(cited) == len(drafts)
    quality = Quality(
        bool(posed.gold) and match(sample.text, posed.gold),
        whole and all(draft.numbers_hold and draft.supported >= SUPPORTED for draft in cited),
        whole and all(bool(posed.composed.gold[draft.passage]) for draft in cited),
    )
    passage = cited[0].passage if cited else -1
    return Judged(
        sample.text.strip(), quality, tuple(words(sample.text, lemmas=False)), passage, sample.mean_log_probability
    )


def different(samples: Sequence[Judged | None]) -> list[Judged]:
    """Those that are answers, each wording once."""
    found = {judged.words or judged.text: judged for judged in reversed(samples) if judged is not None}
    return list(found.values())[::-1]


def best(samples: Sequence[Judged]) -> Judged | None:
    """The best sample, of equals the one that the model finds likeliest; None if none is good."""
    return max(
        (judged for judged in samples if judged.good), key=lambda j: (j.quality, j.log_probability), default=None
    )


def preferences(number: int, samples: Sequence[Judged], most: int) -> list[Preference]:
    """At most `most` pairs of the answers of prompt `number`, of like length first, every text in one pair alone; one
    more with an abstention where there is one."""
    answers = [judged for judged in samples if judged.text]
    pairs = [
        Preference(number, chosen, rejected)
        for chosen in answers
        for rejected in answers
        if chosen.good and chosen.quality > rejected.quality and _comparable(chosen, rejected)
    ]
    # Of pairs with like lengths, the likelier the rejected one the more there is to unlearn.
    pairs.sort(key=lambda pair: (abs(pair.longer), -pair.rejected.log_probability))
    taken: list[Preference] = []
    used: set[str] = set()
    for pair in pairs:
        if len(taken) < most and not used & {pair.chosen.text, pair.rejected.text}:
            taken.append(pair)
            used |= {pair.chosen.text, pair.rejected.text}
    return taken + _with_abstention(number, samples, answers)


def _with_abstention(number: int, samples: Sequence[Judged], answers: Sequence[Judged]) -> list[Preference]:
    silent = next((judged for judged in samples if not judged.text), None)
    if silent is None:
        return []
    if silent.good:
        likeliest = max(answers, key=lambda judged: judged.log_probability, default=None)
        return [] if likeliest is None else [Preference(number, silent, likeliest)]
    right = best(answers)
    return [] if right is None else [Preference(number, right, silent)]


def _comparable(one: Judged, other: Judged) -> bool:
    """Whether more than length tells the two apart."""
    shorter, longer = sorted((one.words, other.words), key=len)
    return len(longer) <= LONGEST * len(shorter) and not contains(longer, shorter)


def balanced(pairs: Sequence[Preference], rng: random.Random) -> list[Preference]:
    """`pairs` without those that tip the scales, in their order: neither longer answers nor abstentions are preferred
    on the whole."""
    answers = {n: pair.longer for n, pair in enumerate(pairs) if not pair.abstention}
    tipped = sum(answers.values())
    # Greedy from the most unequal pair down, so that few are lost.
    for n in sorted(answers, key=lambda n: -abs(answers[n])):
        if abs(tipped - answers[n]) < abs(tipped):
            tipped -= answers.pop(n)
    silent = [n for n, pair in enumerate(pairs) if pair.abstention and not pair.chosen.text]
    spoken = [n for n, pair in enumerate(pairs) if pair.abstention and pair.chosen.text]
    rng.shuffle(silent)
    rng.shuffle(spoken)
    both = min(len(silent), len(spoken))
    kept = {*answers, *silent[:both], *spoken[:both]}
    return [pair for n, pair in enumerate(pairs) if n in kept]
