"""Where sentences begin and end, in Russian and English: `split_sentences(text) -> [(start, end), ...]`.

Rules, no model: a full stop ends a sentence unless something says that it does not (the next word is lower
case, an abbreviation that is always followed by more, an initial, a list number, an open bracket). What
decides most of the hard cases is the *next* word: after `et al.` or `рис.` a sentence can only end if the
next word is one that opens sentences and is no name (`The`, `We`, `Это`, `При`). Newlines end sentences
too, because cleaned text (`ingest.clean`) has one paragraph, list item or heading per line; a next line in
lower case is taken as a continuation.

Deterministic, linear in the text, several million characters a second. Chinese and Japanese stops (。！？)
need no space after them. The rules follow the idea of razdel (github.com/natasha/razdel): propose every
possible boundary, then let rules veto.
"""

from __future__ import annotations

import re

# Marks of notes right behind a stop: `[1]`, `[2][3]`, `[4, 5]`, `[^name]`, raised digits. A document that lost the
# raising has plain ones, `shown.3 The`: between a word, no abbreviation, and a capital.
NOTE_MARKS = r"(?:\[(?:\d{1,3}(?:[,;–-][ ]?\d{1,3})*|[a-z]|\^[\w-]{1,20})\])+|[⁰¹²³⁴-⁹]{1,3}"
_PLAIN_MARK = r"(?<=[^\W\d_]{3}[.!?])\d{1,2}(?=\s+[«“\"(]?[A-ZА-ЯЁ])"
# A candidate: stops, then closing quotes or brackets, then marks of notes, then space (or a CJK stop alone).
_CANDIDATE = re.compile(
    rf"""(?P<stop>[.!?…]+)(?P<closing>[»”’"')\]]*)(?:{NOTE_MARKS}|{_PLAIN_MARK})?(?P<space>\s+)
      | (?P<cjk>[。！？]+[”’」』）]*)\s*
      | (?P<line>[^\S\n]*\n\s*)""",
    re.VERBOSE,
)

_ABBREVIATION_LIST = """
al alg algs fig figs eq eqs eqn sec secs sect tab tabs chap chaps vol vols
st jr sr approx resp ref refs thm lem cor appx ed eds univ dept
inc corp ltd u.s u.k ph.d m.sc b.sc w.r.t a.k.a i.i.d s.t jan feb mar apr jun jul aug sep sept
oct nov dec avg incl etc рис табл стр гл разд см ср напр т.е т.к т.н т.о т.ч те тк тн
тыс млн млрд трлн руб долл коп проф акад доц канд чел ок англ рус лат нем франц греч исп итал яп кит
им ул пер просп г-н г-жа д-р с стр п пп ст ч изд ред сост авт прим букв сокр соотв вкл экз
янв февр апр авг сент окт нояб дек св наз вып прил илл дж yu ya
шт кв куб сек ч.л к.-л к-л ф-ла ур уравн утв теор опр след т.п т.д др пр гг г в вв н.э
"""
# Full stops after these never end a sentence unless a sentence opener follows. Lower case, without the last
# stop.
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
# These often close a sentence: any capital after them counts as a new one.
_CLOSING_ABBREVIATIONS = frozenset(
    ("etc", "т.п", "т.д", "др", "пр", "н.э", "inc", "corp", "ltd", "jr", "sr", "ph.d")
)
_OPENER_LIST = """
the a an this that these those it its we our they their he she his her there here in on at to of for
from by with as if when while where since because although though however thus hence therefore
moreover furthermore finally first second third next then also but and or so such some many most all
both each every other another what which who how why not no one two three both after before during
under over between among through despite unlike like given using is are was were do does did can
could should would will may might let note see recall consider suppose i you my в во на с со к ко о
об от до из за по под над при про для без у и а но да или либо что чтобы как так также тоже если
когда пока где куда откуда почему зачем это этот эта эти этого этом этой тот та то те тех том той он
она оно они его её ее их мы нас наш наша наши вы я мой не ни все всё весь вся каждый каждая каждое
любой другой другая другие такой такая такое такие который которая которые кроме однако поэтому
потому хотя после перед между через согласно затем далее потом сначала наконец итак значит ещё еще
уже только именно здесь там тут теперь сейчас сегодня можно нужно надо обычно иногда часто один одна
одно два две три первый первая первое второй вторая второе пусть заметим рассмотрим
"""
# Nobody stops after these, whatever comes next.
_NEVER_LAST = frozenset(
    (
        "e.g",
        "i.e",
        "eg",
        "ie",
        "cf",
        "viz",
        "vs",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "т.е",
        "т.к",
        "т.н",
        "напр",
        "см",
        "ср",
    )
)
# Ordinary words too, so an abbreviation only before a number: No. 5, but: "is no. Others".
_NUMBER_ABBREVIATIONS = frozenset(
    ("no", "nos", "p", "pp", "ch", "app", "def", "prop", "co", "min", "max", "мин", "макс")
)
# Words that open sentences and are no names: what tells `et al. The` from `et al. Brown`.
_OPENERS = frozenset(_OPENER_LIST.split())
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]+(?:[.\-][^\W\d_]+)*|\d+(?:\.\d+)*)$")
_SPACED_ABBREVIATION = re.compile(r"(?:^|[\s(«\"])([ти])\.?\s+([екндпчо]|др|пр)$", re.IGNORECASE)
_BEFORE_ERA = re.compile(r"\bн\.?\s*э$", re.IGNORECASE)
_NEXT_WORD = re.compile(r"[«“\"'(\[*_]*([^\W\d_]+)")
_NUMBER_ONLY = re.compile(r"[\s(\[#*•–—-]*(?:\d+(?:\.\d+)*|[IVXLC]{1,5}|[a-zа-я])$")
_AND_OTHERS = re.compile(r"\b(?:др|пр|etc)$", re.IGNORECASE)
# «В 2017 г. Васвани», «в начале XX в. Марков»: a sentence so far of nothing but a time.
_ONLY_A_TIME = re.compile(
    r"[\s«(*•–—-]*(?:(?:во?|со?|к|до|от|на|около|после|зимой|весной|летом|осенью)\s+(?:\w+\s+)?)?"
    r"(?:\d{1,4}(?:[–-]\d{1,4})?(?:-[а-я]{1,2})?|[IVXLC]+)\s+",
    re.IGNORECASE,
)
# «Definition 7.2 (Gini impurity). For a node …»: a label opens its sentence.
_LABEL = re.compile(
    r"[*_]*(?:Definition|Theorem|Lemma|Proposition|Corollary|Example|Remark|Figure|Table|Algorithm|Listing"
    r"|Определение|Теорема|Лемма|Утверждение|Следствие|Пример|Замечание|Рисунок|Таблица|Алгоритм|Листинг)"
    r"\s+[A-ZА-Я]?\d{1,3}(?:\.\d{1,3}){0,3}(?:\s+\([^()]{1,80}\))?",
)
# What answers a question on a page of questions, and belongs to what follows.
_YES_OR_NO = re.compile(r"[«“\"*_]*(?:yes|no|да|нет)", re.IGNORECASE)
_UNITS = frozenset(["тыс", "млн", "млрд", "трлн", "руб", "долл", "коп", "шт", "м", "с", "т", "л"])
_BRACKETS = {"(": ")", "[": "]"}
_LOOK_BACK, _LOOK_AHEAD, _BRACKET_REACH = 60, 40, 200


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences of `text`, in order, trimmed of surrounding whitespace, none empty.

    Every character that is not whitespace lies in exactly one of them.
    Example: `split_sentences("Да, т. е. нет. See Fig. 3.") == [(0, 14), (15, 26)]`.
    """
    sentences: list[tuple[int, int]] = []
    start = 0
    for match in _CANDIDATE.finditer(text):
        end = match.end()
        if end >= len(text) or _ends_sentence(text, start, match):
            _add_trimmed(text, start, end, sentences)
            start = end
    _add_trimmed(text, start, len(text), sentences)
    return sentences


def _add_trimmed(text: str, start: int, end: int, sentences: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        sentences.append((start, end))


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether the candidate `match` ends the sentence that began at `start`."""
    following = text[match.end()]
    if match["cjk"]:
        return True
    space = match["line"] or match["space"]
    if space.count("\n") > 1:
        return True  # a blank line: a paragraph ends, whatever it ends with
    if match["line"]:
        return not following.islower() or text[match.start() - 1] == ";"  # a line of a list without marks
    # `.` + newline is a line's end as well as a stop; a line that goes on in lower case is one sentence
    # still.
    if following.islower() or following in ",;:)]}»—–" and "\n" not in space:
        return False
    if "\n" in space and match["stop"]:
        return True
    if _opens_bracket(text, start, match) or (match["closing"] and _reference_then_goes_on(text, match.end())):
        return False
    if match["stop"] == "." and any(
        pattern.fullmatch(text, start, match.start()) for pattern in (_LABEL, _YES_OR_NO)
    ):
        return False
    if set(match["stop"]) == {"."} and len(match["stop"]) == 1 and not match["closing"]:
        return _stop_ends_sentence(text, start, match.start(), match.end())
    return True


def _stop_ends_sentence(text: str, start: int, stop: int, after: int) -> bool:
    """Whether one full stop at `stop` is more than an abbreviation's; the next word begins at `after`."""
    before = text[max(start, stop - _LOOK_BACK) : stop]
    if _NUMBER_ONLY.fullmatch(before):
        return False  # "1." or "б." alone: the number of a list item or a section
    next_word = _NEXT_WORD.match(text, after, after + _LOOK_AHEAD)
    opens = next_word is not None and next_word[1].lower() in _OPENERS and not _is_initial(text, next_word)
    if _AND_OTHERS.search(before) and _reference_then_goes_on(text, after):
        return False  # «Васвани и др. [5] предложили»
    if _SPACED_ABBREVIATION.search(before):  # т. е., т. к., т. н. go on; т. д., т. п., и др., и пр. may close
        return before[-1].lower() not in "екно"
    word = _WORD_BEFORE.search(before)
    if word is None or word[0][0].isdigit():
        return True
    token = word[0].lower()
    if len(token) == 1 and word[0].isupper():
        return opens or next_word is None or not next_word[1][0].isupper()  # A. Vaswani, but: the matrix V. The
    if token in ("г", "гг", "в", "вв") and _after_number(before, len(word[0])):
        if not opens and _ONLY_A_TIME.fullmatch(text, start, stop - len(word[0])):
            return False
        # "вышел в 2017 г. Модель" ends, "вышел в 2017 г. Vaswani" does not: a Latin name after a Russian year is its
        # subject.
        return opens or (next_word is not None and _is_cyrillic(next_word[1][0]))
    if token in _NUMBER_ABBREVIATIONS:
        return next_word is not None
    if token in _NEVER_LAST:
        return False
    if token in _CLOSING_ABBREVIATIONS or _BEFORE_ERA.search(before):
        return True
    if token in _UNITS and _after_number(before, len(word[0])) and next_word is not None:
        return opens or (next_word[1][0].isupper() and _is_cyrillic(next_word[1][0]))  # «до 2 м. Переправа закрыта»
    if token in _ABBREVIATIONS or (len(token) == 1 and token.isalpha() and _is_cyrillic(token)):
        return opens
    return True


def _is_initial(text: str, word: re.Match[str]) -> bool:
    """Whether the word is one letter and a stop: the second initial of `А. С. Пушкин` is no preposition."""
    return len(word[1]) == 1 and text[word.end() : word.end() + 1] == "."


def _after_number(before: str, word_length: int) -> bool:
    """Whether the word at the end of `before` follows a number, Arabic or Roman: `2017 г`, `XIX в`."""
    head = before[:-word_length].rstrip()
    return bool(head) and (head[-1].isdigit() or re.search(r"\b[IVXLC]+$", head) is not None)


def _opens_bracket(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether the candidate is inside brackets that close soon: `(see Fig. 3. It helps)` is not cut."""
    depth = text.count("(", start, match.end("closing")) - text.count(")", start, match.end("closing"))
    if depth <= 0 or match.end() - start > 10 * _BRACKET_REACH:
        return False
    reach = text[match.end() : match.end() + _BRACKET_REACH]
    closing = reach.find(")")
    return closing >= 0 and "\n" not in reach[:closing] and "(" not in reach[:closing]


def _reference_then_goes_on(text: str, start: int) -> bool:
    """Whether brackets begin at `start` and the sentence goes on after them: `"Why?" (Xu, 2024) asks whether`. What is
    a sentence itself, `(See below.)`, or numbers a list, `(a)`, is no reference."""
    bracket = _BRACKETS.get(text[start])
    closing = text.find(bracket, start, start + _BRACKET_REACH) if bracket else -1
    if closing - start < (3 if bracket == ")" else 2) or text[closing - 1] in ".!?":
        return False
    return text[closing + 1 : closing + 6].lstrip(" \n,;:—–")[:1].islower()


def _is_cyrillic(character: str) -> bool:
    return "\u0400" <= character <= "\u04ff"
