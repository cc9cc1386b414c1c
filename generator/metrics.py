"""How right an answer is: token F1, exact match and Match, in Russian by lemma with ё=е, beside the raw figures.

Token F1 and exact match after Rajpurkar et al. 2016 (arXiv 1606.05250): lower case, no punctuation, no English
articles. Match: the answer contains a gold string as a run of words (as in BERGEN, arXiv 2407.01102). Russian words
are compared by lemma (pymorphy3), because a right answer may need another case than the gold string has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import pymorphy3

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+", re.UNICODE)
_ARTICLES = frozenset({"a", "an", "the"})


@lru_cache(maxsize=1)
def _analyzer() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


@lru_cache(maxsize=100_000)
def _lemma(word: str) -> str:
    if not any("а" <= letter <= "я" for letter in word):
        return word
    return str(_analyzer().parse(word)[0].normal_form).replace("ё", "е")


def words(text: str, *, lemmas: bool = True) -> list[str]:
    """Normalised words of a text. lemmas: Russian words by their dictionary form."""
    found = [word.replace("ё", "е").replace(",", ".") for word in _WORD.findall(text.lower())]
    found = [word for word in found if word not in _ARTICLES]
    return [_lemma(word) for word in found] if lemmas else found


def contains(text: Sequence[str], part: Sequence[str]) -> bool:
    """Whether `part` stands in `text` as a run; an empty part does not."""
    n = len(part)
    return n > 0 and any(list(text[i : i + n]) == list(part) for i in range(len(text) - n + 1))


def match(answer: str, gold: Sequence[str], *, lemmas: bool = True) -> bool:
    """Whether the answer contains one of the gold strings."""
    found = words(answer, lemmas=lemmas)
    return any(contains(found, words(string, lemmas=lemmas)) for string in gold)


def match_all(answer: str, groups: Sequence[Sequence[str]], *, lemmas: bool = True) -> bool:
    """Whether the answer contains one string of each group."""
    return all(match(answer, group, lemmas=lemmas) for group in groups)


def exact_match(answer: str, gold: Sequence[str]) -> bool:
    """Whether the answer is one of the gold strings, normalised: SQuAD's exact match (Rajpurkar et al. 2016), except
    that a hyphen parts words here and vanishes there."""
    return any(words(answer) == words(string) for string in gold)


def token_f1(answer: str, gold: Sequence[str]) -> float:
    """Best F1 of the word bags over the gold strings, 0..1."""
    return max((_f1(words(answer), words(string)) for string in gold), default=0.0)


def _f1(found: list[str], wanted: list[str]) -> float:
    common = sum((Counter(found) & Counter(wanted)).values())
    return 0.0 if not common else 2.0 * common / (len(found) + len(wanted))
