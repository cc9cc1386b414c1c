"""Which language a text is in: `detect_language(text) -> "ru" | "en" | ...`, by script and common words.

Made for documents and for one-line questions alike, mixed ones included: a Russian sentence about language
models is half Latin terms («Что такое KV cache?»), while English hardly ever holds Cyrillic, so a quarter
of Cyrillic letters is enough for Russian; so are two words of a question that begins with one of them. Letters
that only one alphabet has tell Ukrainian, Belarusian and Serbian; function words tell the
languages of Latin script. Not a general language identifier: languages it does not know come out as "en".
"""

from __future__ import annotations

import re

# Share of a script's letters above which the text is in a language of that script.
_CYRILLIC_SHARE = 0.25
_CJK_SHARE = 0.2
_SAMPLE_CHARS = 20_000
# A question or a title, of which a name may be the larger part.
_SHORT_CHARS = 200

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = {
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "kana": re.compile("[\u3040-\u30ff]"),
    "hangul": re.compile("[\uac00-\ud7af]"),
    "han": re.compile("[\u4e00-\u9fff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
}
# Letters (lower case) that occur in one Cyrillic alphabet and not in the Russian one.
_CYRILLIC_LETTERS = {"uk": "іїєґ", "be": "ўі", "sr": "ђћљњџј", "mk": "ѓќѕ", "kk": "әғқңөұүһ"}
_FUNCTION_WORDS = {
    "en": "the of and to in is that it for as with are this by be was on from an which we",
    "de": "der die und das ist von den mit nicht ein eine auf für dem sich des im auch werden",
    "fr": "le la les des et est une dans pour que qui sur pas du au avec sont par ce",
    "es": "el los las que una por con para del es se no su como más son al lo",
    "it": "il di che è una per non con sono del della le gli nel alla anche si da",
    "pt": "o os que não uma para com do da em no na se por mais são dos ao como",
}


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language that most of `text` is in; "en" where nothing tells.

    Looks at the first 20,000 characters. Empty text is "en".
    """
    sample = text[:_SAMPLE_CHARS].lower()
    letters = sum(map(str.isalpha, sample))
    if not letters:
        return "en"
    share = {name: len(pattern.findall(sample)) / letters for name, pattern in _SCRIPTS.items()}
    if share["kana"] + share["han"] > _CJK_SHARE:
        return "ja" if share["kana"] > 0.1 * share["han"] else "zh"
    for script, code in (("hangul", "ko"), ("greek", "el"), ("arabic", "ar"), ("hebrew", "he")):
        if share[script] > 0.5:
            return code
    if share["cyrillic"] >= _CYRILLIC_SHARE or _asks_in_cyrillic(sample):
        return _cyrillic_language(sample)
    return _latin_language(sample)


def _asks_in_cyrillic(sample: str) -> bool:
    """Whether a short text begins with a Cyrillic word and has more: «Что такое Retrieval-Augmented Generation?»"""
    if len(sample) > _SHORT_CHARS:
        return False
    cyrillic = [_SCRIPTS["cyrillic"].match(word) is not None for word in _WORD.findall(sample)]
    return cyrillic[:1] == [True] and sum(cyrillic) > 1


def _cyrillic_language(sample: str) -> str:
    """Russian unless letters foreign to it are 1 % of the text: it may quote a Ukrainian word."""
    counts = {code: sum(map(sample.count, letters)) for code, letters in _CYRILLIC_LETTERS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] > 0.01 * len(sample) else "ru"


def _latin_language(sample: str) -> str:
    words = _WORD.findall(sample)
    counts = {code: sum(word in known for word in words) for code, known in _KNOWN.items()}
    best = max(counts, key=lambda code: counts[code])
    # A tie, or a lead of one word in a short question, says nothing: English is the likelier guess here.
    return best if counts[best] > counts["en"] + 1 else "en"


_KNOWN = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}
