"""Words, shingles and scripts: the plain text measures that the corpus check is built on.

All of them are crude on purpose (no dictionary, no model): a word is a run of letters and digits, a stem is
its first five letters, a language is the share of Cyrillic among letters. The stem errs on the side of seeing
two words as one, so that overlap figures are rather too high than too low.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
_MIXED = re.compile(r"(?:[a-z][а-яё]|[а-яё][a-z])", re.IGNORECASE)
_STEM_LETTERS = 5

_STOPWORDS = """
a an the and or of in on at to for from by with without as is are was were be been being it its this that
these those do does did can could may might must should would will what which who whom whose when where
why how not no than then there their they them he she his her i me my you your we our us if so but into
out up down about over under between during before after same such only own too very just one any some
each every more most other have has had get gets got need use used using
и в во на по с со у к ко о об от до за из для без при про над под между а но или ли же бы не ни да то как
так что чтобы это этот эта эти этого этой том тот та те той кто где когда куда откуда почему зачем какой
какая какое какие каком какую каких каким чем чего чему сколько он она оно они его ее их им ей ему мы вы я
мне меня мой нас нам вас вам ты есть быть был была было были будет если уже еще только более очень можно
нужно надо ведь там тут здесь который которая которое которые которых которым все весь свой своей своих
один одна одно одни
"""
STOPWORDS = frozenset(_STOPWORDS.split())


def words(text: str) -> list[str]:
    """The words in lower case, ё as е, hyphens and apostrophes inside kept."""
    return _WORD.findall(text.lower().replace("ё", "е"))


def word_count(text: str) -> int:
    """Words as `wc -w` counts them."""
    return len(text.split())


def cyrillic_share(text: str) -> float:
    """Cyrillic letters among the letters of both alphabets; 0 where there are none."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    return cyrillic / (cyrillic + latin) if cyrillic + latin else 0.0


def mixed_words(text: str) -> list[str]:
    """Words in which a Latin letter stands beside a Cyrillic one: mostly a look-alike typed by mistake."""
    return [word for word in _WORD.findall(text) if _MIXED.search(word)]


def stem(word: str) -> str:
    """The first letters of a word; short Russian words lose their ending too (слой, слоя -> сло)."""
    if len(word) > 3:
        word = re.sub(r"(?<=\w{3})[аеиоуыэюяйь]{1,2}$", "", word)
        word = re.sub(r"(?<=[a-z]{3})s$", "", word)
    return word[:_STEM_LETTERS]


def content_stems(text: str) -> set[str]:
    """The stems of the words that are no stopwords."""
    return {stem(word) for word in words(text) if word not in STOPWORDS}


def ngrams(tokens: Sequence[str], n: int) -> set[tuple[str, ...]]:
    """The runs of `n` words; a shorter text is one run of all its words."""
    if len(tokens) <= n:
        return {tuple(tokens)} if tokens else set()
    return {tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)}


def shingles(text: str) -> frozenset[str]:
    """The words and the pairs of neighbours of a text: what near-duplicates share."""
    tokens = words(text)
    return frozenset(tokens) | {f"{left} {right}" for left, right in pairwise(tokens)}


def jaccard(left: AbstractSet[str], right: AbstractSet[str]) -> float:
    """|left & right| / |left | right|, 0 for two empty sets."""
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def similar_pairs(sets: Sequence[AbstractSet[str]], threshold: float) -> Iterator[tuple[int, int, float]]:
    """All pairs i < j with Jaccard >= `threshold`, without comparing all with all.

    Prefix filtering (Chaudhuri et al. 2006; Bayardo et al. 2007): with elements in one order, rare first,
    two sets that reach the threshold share an element among the first `n - ceil(threshold * n) + 1` of each.
    """
    frequency = Counter(item for group in sets for item in group)
    holders: dict[str, list[int]] = {}
    for j, group in enumerate(sets):
        ordered = sorted(group, key=lambda item: (frequency[item], item))
        prefix = ordered[: len(group) - math.ceil(threshold * len(group) - 1e-9) + 1]
        for i in sorted({i for item in prefix for i in holders.get(item, [])}):
            score = jaccard(sets[i], group)
            if score >= threshold:
                yield i, j, score
        for item in prefix:
            holders.setdefault(item, []).append(j)


def contains_words(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` as a run, whatever their case and punctuation."""
    wanted, tokens = words(phrase), words(text)
    return bool(wanted) and any(tokens[i : i + len(wanted)] == wanted for i in range(len(tokens)))
