"""Text becomes BM25 terms: Russian and English in one index, words found in any inflection.

A word gives two terms: its Snowball stem (Russian or English, by the word's own script, so that «обучение
LLM» needs no language flag) and, marked with `=`, the form as it stands. A match in the same inflection
therefore counts twice, and stems of the two kinds never collide. Around that:

- ё is е, case and width are folded (NFKC), stress marks and soft hyphens vanish, accents go from Latin
  letters only (stripping them from Cyrillic would turn й into и);
- a term with digits is one term without a stem: `7b`, `0.5` (and `0,5`); `GPT-4`, `gpt_4` and `GPT4` all hold
  `=gpt4`;
- a hyphenated word gives its parts and the parts joined: `fine-tuning` is found as `finetuning` and as `fine
  tuning`;
- runs of Chinese and Japanese, which do not space their words, give overlapping pairs of characters.

Queries lose their function words (`analyze_query`): rank_bm25 gives a word that stands in more than half of
the chunks a quarter of the mean idf, more than many content words have. Documents keep theirs. Measured, with
function words in the query and without: MRR@10 on our notes 0.590 and 0.628 in English, 0.511 and 0.556 in
Russian (213 questions each); nDCG@10 on Cranfield 0.503 and 0.528; recall@5 on encyclopaedia 0.937 and 0.963.

What did not help: pymorphy3 lemmas in place of Russian stems (MRR@10 0.555 against 0.556, and new words of
the field, «промпт», «лосс», get wrong lemmas); both together (0.525); no unstemmed forms (0.556, but 0.604
against 0.628 in English).

Price: 42,000 new word forms a second (Snowball in Python); each form is analysed once per process, after that
1.5 million words a second. Source of the stemmers: Porter 2001, "Snowball: a language for stemming
algorithms".
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

# A change in the terms of any text, or in what is a list of references (`ingest.bibliography`), must change this
# number: stored indexes are then made anew.
ANALYSIS_VERSION = 2

# Longer runs of letters are no words (encoded data, broken PDF text) and would only swell the vocabulary.
_MAX_WORD_CHARS = 64
# `state-of-the-art` in one piece is nothing that anybody types.
_MAX_JOINED_PARTS = 3
_CACHED_RUN_CHARS = 200

# Stray accents (NFKC has composed the rest, so these are stress marks), soft hyphen, invisible characters.
_INVISIBLE = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]")
_ACCENT = re.compile("[\u0300-\u036f]")
# Letters and digits of any script, tied by hyphens, underscores and apostrophes, or by a point or comma in a
# number.
_RUN = re.compile(r"[^\W_]+(?:(?:[-_'\u2010\u2011]|(?<=\d)[.,](?=\d))[^\W_]+){0,7}")
_HYPHEN = re.compile(r"[-_\u2010\u2011]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
# One script a piece: Cyrillic, unspaced (kana, Chinese characters), anything else.
_CYRILLIC_RANGE, _UNSPACED_RANGE = "\u0400-\u052f", "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_ONE_SCRIPT = re.compile(f"[{_CYRILLIC_RANGE}]+|[{_UNSPACED_RANGE}]+|[^{_CYRILLIC_RANGE}{_UNSPACED_RANGE}]+")
_CYRILLIC = re.compile(f"[{_CYRILLIC_RANGE}]")
_UNSPACED = re.compile(f"[{_UNSPACED_RANGE}]")

_stemming = threading.Lock()  # Snowball stemmers keep the word they work on in themselves
_english = snowballstemmer.stemmer("english")
_russian = snowballstemmer.stemmer("russian")

_ENGLISH_FUNCTION_WORDS = """
a about after again all also am an and any are as at be because been before being between both but by can
could did do does doing done down during each few for from further had has have having he her here hers him
his how i if in into is it its itself just me more most my no nor not now of off on once only or other our
ours out over own same she should so some such than that the their theirs them then there these they this
those through to too under until up us very was we were what when where which while who whom whose why will
with would you your yours
"""
_RUSSIAN_FUNCTION_WORDS = """
а без бы был была были было быть в вам вас ваш во вот все всего всех вы где да для до его ее если есть еще же
за здесь и из или им ими их к как какая какие каким какими каких какое какой какого каком какую ко когда кого
который которая которое которые которого которой которых кто куда ли либо между меня мне мой мы на над надо
нам нас наш не него нее нет ни них но ну о об однако он она они оно от откуда очень по под почему при про с
свой себя сколько со так также такая такие такое такой там те тем то того тоже той только том тот ту ты у уже
чего чей чем через что чтобы чье чья эта эти это этого этой этом этот эту я зачем каков какова чему
"""
FUNCTION_WORDS = frozenset((_ENGLISH_FUNCTION_WORDS + _RUSSIAN_FUNCTION_WORDS).split())


def analyze(text: str) -> list[str]:
    """The terms of a passage, in order, with repetitions."""
    return [term for run in _runs(text) for term in _terms(run)]


def analyze_query(text: str) -> list[str]:
    """The terms of a question without its function words; all of them if it has no others («Кто ты?»)."""
    runs = _runs(text)
    content = [run for run in runs if run not in FUNCTION_WORDS]
    return [term for run in content or runs for term in _terms(run)]


def _runs(text: str) -> list[str]:
    """Words, numbers and compounds of `text`, case and width folded, е for ё."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("ё", "е").replace("\u2019", "'")
    return _RUN.findall(_INVISIBLE.sub("", folded))


def _terms(run: str) -> tuple[str, ...]:
    # Only what may come again is kept: a run of 10,000 letters is no word.
    return _cached_terms(run) if len(run) <= _CACHED_RUN_CHARS else _terms_of_run(run)


def _terms_of_run(run: str) -> tuple[str, ...]:
    """Terms of one run: a number, a word, or a compound (its parts and the parts joined)."""
    if _NUMBER.fullmatch(run):
        return _terms_of_number(run)
    parts = _HYPHEN.split(run.removesuffix("'s").replace("'", ""))
    terms = [term for part in parts for term in _terms_of_part(part)]
    joined = "".join(parts)
    if 1 < len(parts) <= _MAX_JOINED_PARTS and _LETTER.search(joined) and len(_ONE_SCRIPT.findall(joined)) == 1:
        terms.extend(_terms_of_part(joined))
    return tuple(terms)


_cached_terms = lru_cache(maxsize=1 << 18)(_terms_of_run)


def _terms_of_number(number: str) -> tuple[str, ...]:
    """`3,000` -> =3000; `0,5` and `0.5` -> =0.5; `1,2,3` -> =1 =2 =3."""
    if _THOUSANDS.fullmatch(number):
        return ("=" + number.replace(",", ""),)
    if number.count(",") > 1:
        return tuple("=" + part for part in number.split(","))
    return ("=" + number.replace(",", "."),)


def _terms_of_part(part: str) -> list[str]:
    """Terms of a run without joints: as it is if it has digits, else each script by its rule."""
    if len(part) > _MAX_WORD_CHARS and not _UNSPACED.search(part):
        return []
    if _DIGIT.search(part):
        return ["=" + part.replace(",", ".")]
    terms: list[str] = []
    for word in _ONE_SCRIPT.findall(part):
        if _UNSPACED.match(word):
            terms.extend("=" + word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            terms.extend(_terms_of_word(word))
    return terms


def _terms_of_word(word: str) -> tuple[str, str]:
    """Stem, and the form itself behind its mark."""
    if _CYRILLIC.match(word):
        with _stemming:
            return _russian.stemWord(word), "=" + word
    if not word.isascii():
        word = _ACCENT.sub("", unicodedata.normalize("NFD", word))
    with _stemming:
        return _english.stemWord(word), "=" + word
