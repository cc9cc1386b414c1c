"""A text as the verifier sees it: sentences of words, each with its stem and what kind of word it is.

Stems are those of the search (`retrieval.analysis`), so a word in another inflection is the same word. Numbers are
compared as they stand (0,5 is 0.5); names are words with a capital that does not open a sentence, words with digits,
and, in a Russian text, words in Latin letters. Function words carry no content; those that turn a statement round or
bound it (not, only) are kept apart as `marks`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ingest.sentences import split_sentences
from retrieval.analysis import FUNCTION_WORDS, analyze

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W_]+(?:[-'\u2019_][^\W_]+)*|%")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z]")

_NEGATIONS = """
not no never nor neither without cannot nothing none nobody non unable instead rather lack lacks lacking fails fail
не нет ни без никогда нельзя ничего никто никак невозможно отсутствует отсутствуют вместо отсутствие
"""
_BOUNDS = """
only always all every must never any solely exclusively entirely completely immediately automatically guaranteed
только всегда все любой любые каждый каждая каждое обязательно исключительно никогда полностью сразу автоматически лишь
"""
# Pairs of stems' words that turn a statement round; each side also in the inflections that its stem covers.
_OPPOSITES = """
increase decrease|increase reduce|raise lower|grow shrink|more less|more fewer|higher lower|high low|larger smaller
large small|big small|faster slower|fast slow|better worse|best worst|before after|first last|above below|always never
minimum maximum|minimize maximize|enable disable|allow forbid|allow prevent|include exclude|add remove|easy difficult
easy hard|long short|longer shorter|most least|strong weak|old new|older newer|same different|cheap expensive|start end
positive negative|input output|encoder decoder|supervised unsupervised|train test|accept reject|success failure
required optional|public private|static dynamic|local remote|open closed|single multiple|early late|precision recall
увеличивать уменьшать|увеличение уменьшение|увеличить уменьшить|повышать снижать|повысить снизить|рост падение
больше меньше|больший меньший|большой маленький|выше ниже|высокий низкий|быстрее медленнее|быстрый медленный|лучше хуже
до после|первый последний|всегда никогда|минимум максимум|минимальный максимальный|включать отключать
включить отключить|включать исключать|разрешать запрещать|добавлять удалять|добавить удалить|легко трудно
простой сложный|проще сложнее|длинный короткий|старый новый|одинаковый разный|дешевый дорогой|дешевле дороже
начало конец|положительный отрицательный|входной выходной|кодировщик декодер|обязательный необязательный
публичный приватный|статический динамический|локальный удаленный|открытый закрытый|ранний поздний|сильный слабый
точность полнота|перед после|принимать отклонять|успех неудача|расти падать|увеличиваться уменьшаться|раньше позже
"""


@dataclass(frozen=True, slots=True)
class Word:
    """stem: what it is compared by. content: it is no function word."""

    stem: str
    content: bool
    number: bool
    name: bool


@dataclass(frozen=True, slots=True)
class Text:
    """words: of all sentences, in order. sentences: [first, past the last) word of each. marks: of each sentence."""

    words: tuple[Word, ...]
    sentences: tuple[tuple[int, int], ...]
    marks: tuple[Marks, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """How many words of a sentence deny, and which bound it."""

    negations: int
    bounds: frozenset[str]


def read(text: str) -> Text:
    """The words of a text. A text without words has no sentences."""
    russian = bool(_CYRILLIC.search(text))
    words: list[Word] = []
    sentences: list[tuple[int, int]] = []
    marks: list[Marks] = []
    for start, end in split_sentences(text):
        first, found = len(words), _WORD.findall(text[start:end])
        words.extend(_word(word, number == 0, russian) for number, word in enumerate(found))
        if found:
            sentences.append((first, len(words)))
            marks.append(_marks([word.lower().replace("ё", "е") for word in found]))
    return Text(tuple(words), tuple(sentences), tuple(marks))


@lru_cache(maxsize=1 << 17)
def stem_of(word: str) -> str:
    """The stem of a word; a number or a word with digits as it stands, with a point for a comma."""
    terms = analyze(word)
    plain = [term for term in terms if not term.startswith("=")]
    return plain[-1] if plain else terms[-1].removeprefix("=") if terms else word.lower()


@lru_cache(maxsize=1)
def opposites() -> dict[str, frozenset[str]]:
    """stem -> stems that say the contrary."""
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.replace("\n", "|").split("|"):
        if pair:
            first, second = (stem_of(word) for word in pair.split())
            found.setdefault(first, set()).add(second)
            found.setdefault(second, set()).add(first)
    return {stem: frozenset(others) for stem, others in found.items()}


@lru_cache(maxsize=1)
def pairs_of_opposites() -> dict[str, tuple[str, ...]]:
    """word -> words that say the contrary, as they stand in the list."""
    found: dict[str, list[str]] = {}
    for pair in _OPPOSITES.replace("\n", "|").split("|"):
        if pair:
            first, second = pair.split()
            found.setdefault(first, []).append(second)
            found.setdefault(second, []).append(first)
    return {word: tuple(others) for word, others in found.items()}


def _word(word: str, opens: bool, russian: bool) -> Word:
    lower = word.lower().replace("ё", "е")
    number = word[0].isdigit() and not _LATIN.search(word) and not _CYRILLIC.search(word)
    foreign = russian and bool(_LATIN.search(word))
    capital = (not opens and word[0].isupper()) or any(letter.isupper() for letter in word[1:])
    digits = not number and any(letter.isdigit() for letter in word)
    content = lower not in FUNCTION_WORDS and word != "%"
    return Word(stem_of(word), content, number, content and not number and (foreign or capital or digits))


@lru_cache(maxsize=1)
def _mark_words() -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(_NEGATIONS.split()), frozenset(_BOUNDS.split())


def _marks(words: list[str]) -> Marks:
    negations, bounds = _mark_words()
    denied = sum(word in negations or word.endswith(("n't", "n\u2019t")) for word in words)
    return Marks(denied, frozenset(word for word in words if word in bounds))
