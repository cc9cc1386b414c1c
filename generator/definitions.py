"""Questions that ask what something is, and sentences that say so.

«What is RoPE?» has no words but the term, so that every sentence about RoPE is near to it. What tells a definition is
its form: the term is the subject, and what it is follows («X is a …», «X — это …»), or at least what it does («X keeps
…»). Such patterns have found definitions since TREC asked for them (Xu et al. 2003, "TREC 2003 QA at BBN: Answering
Definitional Questions"; Hildebrandt et al. 2004, "Answering Definition Questions Using Multiple Knowledge Sources").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from ingest.lists import without_marker
from retrieval.analysis import FUNCTION_WORDS, analyze

# 2: it says what the term is; 1: it says of the term what it does; 0: neither.
Form = Literal[0, 1, 2]

# Characters of a question that may ask for a definition; words of a term, of a name that is spelled out, and of a term
# that has to stand in a passage that answers.
_LONGEST_QUESTION = 200
_LONGEST_TERM = 6
_LONGEST_NAME = 6
_LONGEST_NAMED = 3
# A phrase with one of these asks for a fact, not for the meaning of a term.
_OTHER_WORDS = FUNCTION_WORDS | {"used", "needed", "called", "best"}
_POLITE = r"(?:so,? |and |please,? |(?:could|can) you (?:please )?)?"
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_POLITE}what (?:does|do) (?P<term>.+) (?:mean|stand for)",
        rf"{_POLITE}explain what (?P<term>.+) (?:is|are)",
        rf"{_POLITE}(?:what(?: is|['’]s| are)(?: meant by)?|who is|define"
        r"|explain(?: what(?: is| are))?(?! (?:what|how|why)\b)|describe|(?:give (?:me )?)?(?:a |the )?definition of)"
        r" (?P<term>.+)",
        r"(?:а |и |так )?(?:(?:объясни|расскажи|скажи)(?:те)?,? )?(?:что такое|что за|кто так(?:ой|ая|ие)"
        r"|что (?:означает|значит)|что называ(?:ют|ется)|что понима(?:ют|ется) под|(?:дай(?:те)? )?определение"
        r"|объясни(?:те)?) (?P<term>.+)",
        r"(?P<term>.+?)\s*[—–:,-]\s*(?:что это(?: такое)?|what is (?:it|that|this))",
    )
)
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_MARKS = " «»“”„\"'*_`•-"
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_HEAD_WITH_BRACKETS = re.compile(r"(?P<head>[^(,.;:]+?)\s*\((?P<inside>[^()]*)\)")
_PARTS = re.compile(r"[,;]| or | или | also | оно же | он же ")
_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
# What may stand between a term and its verb: «a mask in a transformer is», «квантование нейросети — », «T».
_BELONGING = (
    r"(?:\s+(?-i:[A-ZА-Я])\b|\s*\([^()]*\))?(?:\s+(?:of|in|for|between)(?:\s+[\w’'-]+){1,7}?|"
    r"(?:\s+(?!(?:с|со|без|для|при|на|в|от|из|по|к|и|или|а|не|как)\b)[а-яё-]+){1,3}?)?(?:\s*\([^()]*\)|,[^,.;]{1,80},)?"
)
_IS = re.compile(
    _BELONGING + r"(?:\s+(?:is|are|was|were)\s+(?:an?\s+(?!(?:serious|key|major|important|crucial|critical|central"
    r"|promising|poor|good|natural|necessary|hard)\b)[\w-]+|the|one\s+of|any|what|when|how"
    r"|(?-i:[A-Z][\w.-]*(?:\s[A-Z][\w.-]*)*)['’]s?)(?!\w)|"
    r"\s+(?:means?|refers?\s+to|denotes?|stands?\s+for|consists?\s+of)\b|"
    r"\s+[—–]\s+(?!(?:не|для|в|на)\b)|\s+это\s+(?!не\b)|\s+(?:является|означает|называ(?:ют|ется))\b)",
    re.IGNORECASE,
)
_DOES = re.compile(
    r"(?:\s+[A-ZА-Я]\b|\s*\([^()]*\)|,[^,]+,)?\s+(?:(?:always|usually|often|simply|также|тоже|всегда|обычно"
    r"|часто|не)\s+)?"
    r"(?:[a-z]{2,}[^\Ws_]s\b(?!\s+(?:are|were|have|do|can|may|must|will|should|start)\b)|"
    r"[а-яё]+(?:[её]т|ит|ют|ут|ят|ат)(?:ся)?\b)"
)
# «Академической задолженностью признаются …», «Под дрейфом понимается …»; and within a list of terms: «; дрейф — ».
_CALLED_SO = re.compile(
    r"(?:\s+(?!(?:с|со|без|для|при|на|в|от|из|по|к|и|или|а|не|как)\b)[а-яё-]+){0,3}?\s+(?:призна[её]тся|признаются|"
    r"считается|считаются|называется|называют|называются|именуется|именуют|понимается|понимаются|понимают|"
    r"подразумевается|подразумевают)\b"
)
_UNDER = re.compile(r"^под\s+", re.IGNORECASE)
_LABEL = re.compile(
    r"[*_]*(?:Definition|Определение)\s*[\d.]*\s*(?:\((?P<name>[^()]{1,80})\))?[.:*_\s]+", re.IGNORECASE
)
_LISTED = re.compile(r"[;:]\s+(?P<name>[^;:—–]{2,60}?)\s+[—–]\s")
_NAMED = re.compile(
    r"\b(?:(?:is|are|was|were)\s+(?:also\s+|usually\s+|often\s+)?(?:called|known\s+as|termed)|(?:is|are)\s+named|"
    r"называ(?:ют|ется|ются)|зовут|именуют)\s+(?:это\s+)?(?P<name>[^.;:]+)",
    re.IGNORECASE,
)


def _stems(text: str) -> list[str]:
    """One stem a word, in their order; parts of a hyphenated word are words. Of English words only the plural's "s" is
    cut off: a tokenizer is no token."""
    return [_stem(word.lower()) for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    if _CYRILLIC.match(word) is not None:
        return (analyze(word) or [word])[0]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=256)
def named_term(question: str) -> str | None:
    """The term of `asked_term` where it can only be a name: neither «the KV cache», which may be a certain one, nor
    «advantages of caching», which may be told in other words."""
    term = asked_term(question)
    if term is None or len(term.split()) > _LONGEST_NAMED:
        return None
    certain = re.search(rf"\b(?:the|your|our|my)\s+{re.escape(term)}", question, re.IGNORECASE)
    return None if certain or _OTHER_WORDS.intersection(term.lower().split()) else term


def holds(text: str, term: str) -> bool:
    """Whether `text` has every word of the term, in any inflection, or words that begin with its letters."""
    wanted = [word for word in _WORD.findall(term.lower()) if word not in FUNCTION_WORDS]
    terms = set(analyze(text))
    missing = [word for word in wanted if not terms.issuperset(analyze(word)[:1])]
    if not missing:
        return True
    words = _WORD.findall(text.lower())
    if len(wanted) > 1 and "".join(wanted) in "".join(words):
        return True  # «FlashAttention»
    initials = {"".join(word[0] for word in row) for row in (words, [w for w in words if w not in FUNCTION_WORDS])}
    return term.isupper() and all(any(word in row for row in initials) for word in missing)


@lru_cache(maxsize=256)
def asked_term(question: str) -> str | None:
    """What a question asks the meaning of («What is RoPE?», «Дайте определение перплексии»), None for any other
    question."""
    if len(question) > _LONGEST_QUESTION:
        return None
    asked = " ".join(question.split()).strip(_MARKS + "?!.")
    for pattern in _ASKED:
        found = pattern.fullmatch(asked)
        if found is not None:
            term = _ARTICLE.sub("", found["term"].strip(_MARKS), count=1)
            return term if 1 <= len(_stems(term)) <= _LONGEST_TERM else None
    return None


def form(sentence: str, term: str) -> Form:
    """What a sentence says of `term`: what it is (2), what it does (1), or neither of these about it (0)."""
    wanted = _stems(term)
    if not wanted:
        return 0
    text = sentence.strip()
    text = text[without_marker(text, 0) :].lstrip(_MARKS)
    if label := _LABEL.match(text):
        if label["name"] and _stems(label["name"]) == wanted:
            return 2
        text = text[label.end() :]
    article = _ARTICLE.match(text)
    text = (text[article.end() :] if article else text).lstrip(_MARKS)
    after = [rest for variant in (text, _BRACKETS.sub("", text)) for rest in _after(variant, wanted)]
    if any(_IS.match(rest) for rest in after):
        return 2
    if any(_DOES.match(rest) for rest in after) and not _object(text, term):
        return 1
    if any(_CALLED_SO.match(rest) for rest in _after(_UNDER.sub("", text, count=1), wanted)):
        return 2
    names = [*(_shorter(found["name"], wanted) for found in _NAMED.finditer(text)), *_LISTED.findall(text)]
    return 2 if any(_stems(name) == wanted for name in names) else 0


def _object(text: str, term: str) -> bool:
    """Whether a Russian `text` begins with the term in another form than it was asked about: «перплексию измеряют»."""
    asked, words = _WORD.findall(term.lower().replace("ё", "е")), _WORD.findall(text.lower().replace("ё", "е"))
    begun = words[: len(asked)]
    return _stems(" ".join(begun)) == _stems(term) and begun != asked and _CYRILLIC.search(term) is not None


def _shorter(name: str, wanted: list[str]) -> str:
    """The first words of a name, as many as are wanted."""
    words = list(_WORD.finditer(_ARTICLE.sub("", name, count=1)))
    return name if len(words) < len(wanted) else _ARTICLE.sub("", name, count=1)[: words[len(wanted) - 1].end()]


def _after(text: str, wanted: list[str]) -> list[str]:
    """What follows the term where `text` begins with it: with the term itself, with one word in capitals before it
    («LLM agent»), or with a longer name whose brackets hold it («direct preference optimization (DPO)»)."""
    found = []
    words = list(_WORD.finditer(text))[: len(wanted) + 1]
    stems = [_stems(word[0])[:1] for word in words]
    flat = [stem for row in stems for stem in row]
    if len(words) >= len(wanted) and flat[: len(wanted)] == wanted:
        found.append(text[words[len(wanted) - 1].end() :].lstrip("»“”\"'"))
    elif len(words) == len(wanted) + 1 and words[0][0].isupper() and len(words[0][0]) > 1 and flat[1:] == wanted:
        found.append(text[words[-1].end() :])
    named = _HEAD_WITH_BRACKETS.match(text)
    if named is not None and len(named["head"].split()) <= _LONGEST_NAME:
        parts = [_ARTICLE.sub("", part.strip(), count=1) for part in _PARTS.split(named["inside"])]
        if any(_stems(part) == wanted for part in parts):
            found.append(text[named.end() :])
    return found
