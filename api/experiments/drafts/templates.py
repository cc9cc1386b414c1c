"""Three kinds of question that a rule can ask in good English and Russian, each with the span that answers it.

- definition     "A KV cache is the store of ..."            What is a KV cache?
                 «KV-кэш — это хранилище ...»                Что такое KV-кэш?
- number, year   "Which number does the part called “What it costs” give with the words “memory”, “layers”?"
                 «Какое число названо в части «...» вместе со словами «память», «слоёв»?»
- abbreviation   "retrieval-augmented generation (RAG)"      What does "RAG" stand for?
                 «большая языковая модель (БЯМ)»             Как расшифровывается «БЯМ»?

No template inflects a word: a Russian term is taken where it stands in the nominative, everything else is quoted. A
question on a number quotes a few words of its sentence, never the sentence: with that beside it, finding would be no
work. The span that was hidden is the gold string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pymorphy3

from api.experiments.drafts.sentences import Usable
from corpus.format import Language
from retrieval.analysis import FUNCTION_WORDS


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on a sentence. kind: as in the corpus's format. gold: the hidden span, as it stands there."""

    kind: str
    question: str
    answer: str
    gold: str


def questions_on(sentence: Usable, document_text: str) -> Iterator[Asked]:
    """The best question on the sentence, if any: a definition before an abbreviation before a number."""
    for template in (definition, abbreviation, number):
        if (asked := template(sentence, document_text)) is not None:
            yield asked
            return


# ---- definitions

_ENGLISH = re.compile(
    r"(?P<term>(?:(?:An?|The) )?[^\W\d_][\w-]*(?: [\w-]+){0,4}?)(?: \([^()]*\))? "
    r"(?:is (?P<one>(?:an?|the) [^:;]+)|are (?P<many>[\w-]+(?: [\w-]+)?s (?:that|which|of|for|used) [^:;]+))[.]"
)
_RUSSIAN = re.compile(
    r"(?P<term>[^\W_][\w-]*(?: [\w-]+){0,3}?)(?: \([^()]*\))? (?:[—–] это|[—–](?<=\) [—–])) (?P<one>[^:;]+)[.]"
)
# A gold string has to be short enough to be found in an answer in other words: up to the first break.
_BREAK = re.compile(
    r",(?! ?\d)| (?:(?:in|by|of|for|with|from|to|at|on) )?(?:that|which|whose|who|where|when|so that|because) | [—–(]"
    r"| (?:(?:с помощью|в|с|из|по|на|для|от|к|при|через|о|у) )?(?:котор(?:ый|ая|ое|ые|ого|ой|ому|ую|ым|ом|ых|ыми)|где) "
)
_GOLD_WORDS = (3, 14)
_ARTICLE = re.compile(r"(?:an?|the) ", re.IGNORECASE)
# "LoRA is the better choice when ...": praise or a reference to something said before, no definition.
_NO_DEFINITION = re.compile(
    r"\b(?:better|best|worse|worst|choice|same|only|most|other|case|"
    r"тот же|та же|то же|той же|того же|лучш\w+|худш\w+)\b"
)
# "The goal is a ...", «Цель — это ...»: a question on such a word could be about anything.
_VAGUE_WORDS = """
    goal aim idea result reason problem point task answer question example way key difference advantage disadvantage
    cost price first second third last next other main only best most model method approach system paper author
    цель идея результат причина проблема задача ответ вопрос пример способ разница преимущество недостаток цена первый
    второй третий последний следующий другой главный основной единственный лучший метод подход система суть смысл вывод
    case but spot one
"""
_VAGUE = frozenset(_VAGUE_WORDS.split())
_ENGLISH_CLAUSE = re.compile(
    r"\b(?:we|you|it|they|he|she|i|this|that|these|those|there|which|who|is|are|was|were|has|have|had|do|does|not|no|"
    r"in|on|at|by|with|from|to|as|if|when|while|after|before|here|now|also|only)\b",
    re.IGNORECASE,
)


def definition(sentence: Usable, document_text: str) -> Asked | None:
    """What the sentence says a thing is; None if it is no definition."""
    english = sentence.language == "en"
    match = (_ENGLISH if english else _RUSSIAN).fullmatch(sentence.text)
    if match is None:
        return None
    term, said = match["term"], match["one"] or (match["many"] if english else "")
    bare = _ARTICLE.sub("", term, count=1) if english else term
    gold = _defining(said)
    if gold is None or not (_english_term(bare) if english else _russian_term(bare)):
        return None
    named = _small(term) if bare != term else _as_within(term, document_text)
    if named is None:
        return None
    asked = f"Что такое {named}?" if not english else f"What {'is' if match['one'] else 'are'} {named}?"
    return Asked("definition", asked, sentence.text, gold)


def _defining(said: str) -> str | None:
    """The beginning of what is said, up to the first break after which it is long enough to be one; None if there is
    none, or it is no definition."""
    ends = [match.start() for match in _BREAK.finditer(said)] + [len(said)]
    for end in ends:
        gold = said[:end].strip(" ,")
        count = len(_ARTICLE.sub("", gold, count=1).split())
        if count >= _GOLD_WORDS[0]:
            return gold if count <= _GOLD_WORDS[1] and _NO_DEFINITION.search(gold) is None else None
    return None


def _english_term(term: str) -> bool:
    return _ENGLISH_CLAUSE.search(term) is None and not set(term.lower().split()) & _VAGUE


def _small(term: str) -> str:
    return term[0].lower() + term[1:]


def _as_within(term: str, document_text: str) -> str | None:
    """The term as it is written within a sentence: a name keeps its capital. None where the document does not tell.

    A Russian word that the dictionary knows as no name is written small; another is looked for without its ending.
    """
    first = term.split()[0]
    if not first[:1].isupper() or not re.fullmatch(r"[^\W\d_][^\W\d_A-ZА-ЯЁ]+(?:-[^\W\d_A-ZА-ЯЁ]+)*", first):
        return term  # KV-кэш, GPT-4, BM25: not only its first letter is a capital
    if _in_dictionary(first.lower()):
        return _small(term)
    stem = re.escape(first[1:-2] if re.match("[А-ЯЁ]", first) and len(first) > 4 else first[1:])
    if re.search(rf"\b{first[0].lower()}{stem}", document_text):
        return _small(term)
    return term if re.search(rf"[a-zа-яё,] {first[0]}{stem}", document_text) else None


def _russian_term(term: str) -> bool:
    """Whether the term is a noun with what belongs to it, in the nominative."""
    words = term.lower().split()
    if set(words) & _VAGUE:
        return False
    parses = [_parse(word) for word in words]
    first = [parse for parse in parses[0] if parse.tag.POS in ("NOUN", "ADJF", "PRTF", None)]
    known = [parse for parse in first if parse.tag.POS is not None]
    if not first or any(parse.tag.POS in ("PREP", "CONJ", "VERB", "NPRO") for parse in (p[0] for p in parses)):
        return False
    nominative = not known or any("nomn" in parse.tag for parse in known)
    return nominative and not any("Apro" in parse.tag for parse in known)


@lru_cache(maxsize=1)
def _analyzer() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


def _in_dictionary(word: str) -> bool:
    tag = _parse(word)[0].tag
    return _analyzer().word_is_known(word) and not any(mark in tag for mark in ("Name", "Surn", "Geox", "Orgn", "LATN"))


def _parse(word: str) -> list[Any]:
    return list(_analyzer().parse(word))


# ---- abbreviations

_SHORT = re.compile(r" \((?P<short>[A-ZА-ЯЁ]{2,6})s?\)")
_WORD_OR_PART = re.compile(r"[^\W_]+")


def abbreviation(sentence: Usable, _document_text: str) -> Asked | None:
    """What a bracketed abbreviation stands for: the words before it with its letters as their initials."""
    for match in _SHORT.finditer(sentence.text):
        short = match["short"]
        parts = list(_WORD_OR_PART.finditer(sentence.text, 0, match.start()))[-len(short) :]
        if "".join(part[0][0].upper() for part in parts) != short:
            continue
        gold = sentence.text[parts[0].start() : match.start()]
        if re.search(r"[,.:;()«»“”\"]", gold) or len(gold) < 2 * len(short) + 2:
            continue
        asked = _by_language(sentence.language, f"What does “{short}” stand for?", f"Как расшифровывается «{short}»?")
        return Asked("fact", asked, gold, gold)
    return None


# ---- numbers

_NUMBER = re.compile(
    r"(?<![\w.,:/%$€£№+−–-])(?:\d{1,3}(?:[ \u00a0]\d{3})+|\d+(?:[.,]\d+)*)(?![\w:/)\]–-]|[.,]\d|[ \u00a0]\d)"
)
# A number of the size of a year is one where nothing is counted by it: "in 2017.", «в 2017 году», not "2048 tokens".
_YEAR = re.compile(r"(?:1[5-9]\d\d|20[0-4]\d)(?= год|,? г\.|[,.;)]|$)")
_MONTH = re.compile(
    r" (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)"
)
# "Figure 3", "LLaMA 2", «рис. 3»: the number is part of a name.
_NAMED = re.compile(
    r"(?:[A-ZА-ЯЁ][\w-]*|\b(?:fig|figure|table|section|chapter|page|step|version|part|equation|eq|no|layer|level|"
    r"рис|табл|разд|гл|стр|с|п|шаг\w*|этап\w*|верси\w*|част\w*|глав\w*|раздел\w*|рисун\w*|таблиц\w*|номер\w*|"
    r"уровн\w*|уровен\w*|сло[йяюе]\w*)\.?) ?$"
)
# "1, 400" of a PDF: one number, or two? Neither is asked for.
_TORN = re.compile(r"(?:\d,\s$)|(?:^,\s?\d{3}\b)")
_KEYWORD = re.compile(r"(?<![\w-])[^\W\d_][^\W\d_-]*(?:-[^\W\d_]+)*(?![\w-])")
_KEYWORDS, _KEY_LETTERS = (2, 4), 4
_DIGITS = 2  # a single digit is guessed too easily, and often no quantity


def number(sentence: Usable, _document_text: str) -> Asked | None:
    """The sentence's first number that is a quantity and stands in it once, asked for by words around it; None if it
    has none, or too few words."""
    for match in _NUMBER.finditer(sentence.text):
        found = match[0]
        alone = len(re.findall(rf"(?<![\d.,]){re.escape(found)}(?![\d]|[.,]\d)", sentence.text)) == 1
        named = _NAMED.search(sentence.text[: match.start()]) is not None and match.start() > 0
        day = _MONTH.match(sentence.text, match.end()) is not None
        torn = _TORN.search(sentence.text[: match.start()]) or _TORN.search(sentence.text[match.end() :])
        keys = _keywords(sentence.text, match.end())
        if sum(map(str.isdigit, found)) < _DIGITS or not alone or named or day or torn or len(keys) < _KEYWORDS[0]:
            continue
        is_year = _YEAR.match(sentence.text, match.start()) is not None
        return Asked("figure", _figure_question(sentence, keys, is_year), found, found)
    return None


def _keywords(text: str, after: int) -> list[str]:
    """The words that say what a number is of, in the order of the text: the one behind it, names, the longest of the
    others."""
    found = {
        match[0].lower(): match for match in _KEYWORD.finditer(text)
        if len(match[0]) >= _KEY_LETTERS and match[0].lower() not in FUNCTION_WORDS
    }  # fmt: skip

    def weight(match: re.Match[str]) -> tuple[bool, bool, int]:
        counted = re.fullmatch(r"\s*", text[after : match.start()]) is not None and match.start() >= after
        return counted, match.start() > 0 and match[0][0].isupper(), len(match[0])

    chosen = sorted(found.values(), key=weight, reverse=True)[: _KEYWORDS[1]]
    return [match[0] for match in sorted(chosen, key=re.Match.start)]


def _figure_question(sentence: Usable, keys: Sequence[str], is_year: bool) -> str:
    section = re.sub(r"[«»“”\"]", "", sentence.section).strip().rstrip(".:")
    if sentence.language == "en":
        quoted = ", ".join(f"“{key}”" for key in keys)
        return f"Which {'year' if is_year else 'number'} does the part called “{section}” give with the words {quoted}?"
    quoted = ", ".join(f"«{key}»" for key in keys)
    what = "Какой год назван" if is_year else "Какое число названо"
    return f"{what} в части под названием «{section}» вместе со словами {quoted}?"


def _by_language(language: Language, english: str, russian: str) -> str:
    return english if language == "en" else russian
