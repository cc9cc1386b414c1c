"""Where copies and the decoder's own words meet: whether what they join belongs together.

«RMSNorm is divides a vector» comes from a text that says «RMSNorm divides a vector»: the verb was there already. «Byte
is a vocabulary» comes from «Byte-pair encoding builds a vocabulary», «An LLM is a strong model» from «An LLM judge is
…»: half of the subject is gone. «T5 Что такое …» says the question's first words as if they were a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.memory import EVIDENCE, QUESTION, Source
from generator.written import Written
from retrieval.analysis import FUNCTION_WORDS

_COPULAS = frozenset(["is", "are", "was", "were", "—", "–", "это"])
_FINITE = frozenset(["is", "are", "was", "were", "has", "have", "can", "will"])
_AUXILIARIES = frozenset(["is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "has", "have"])
# With a capital: within a sentence they are conjunctions.
_ASKING = frozenset(
    ["What", "Who", "Which", "Why", "How", "Where", "Что", "Кто", "Какой", "Какая", "Какое", "Какие", "Почему", "Зачем"]
    + ["Как", "Сколько", "Чем"]
)
_STOPS = frozenset(";:.!?")
# What a clause can begin behind.
_JOINING = frozenset(
    ["that", "because", "since", "as", "so", "and", "but", "or", "while", "whereas", "if", "when", "where", "although"]
    + ["что", "потому", "поэтому", "и", "а", "но", "или", "так", "если", "когда", "то", "хотя", "поскольку", "чтобы"]
)
# A run of as many words from the beginning of a sentence has its verb.
_CLAUSE = 4
_BRACKETS_AT_END = re.compile(r"\s*\([^()]*\)$")
_BRACKETS = re.compile(r"\([^()]*\)")
_FIRST_WORD, _LAST_WORD = re.compile(r"\w+"), re.compile(r"\w+$")
_RUSSIAN_VERB = re.compile(r"[а-яё]+(?:[её]т|ит|ют|ут|ят|ат)(?:ся)?", re.IGNORECASE)


def well_joined(text: str, runs: Sequence[Sequence[Written]], offset: int, passages: Sequence[str]) -> bool:
    """Whether the runs of a sentence fit each other: none is cut within a word with hyphens, no copied verb follows an
    own "is", no sentence begins behind another word, no subject lost a word before its verb, nothing a comma alone, and
    no question word of the question is said as a name.

    runs: as `runs_of` makes them; offset: where the sentence `text` begins in what was written.
    """
    for n, run in enumerate(runs):
        source, before = run[0].source, runs[n - 1] if n else []
        if source is None or source.kind == QUESTION:
            said = [_said(piece, text, offset) for piece in run]
            if not _ASKING.isdisjoint(said) or (len(said) > 1 and said[0].lower() in _AUXILIARIES):
                return False  # «IOSS [is IOSS], the Import One-Stop Shop, is a scheme»: the order of a question
            if source is not None and before and _said(before[-1], text, offset) in _STOPS:
                return False  # «Do not take A with B; take A.»
        elif source.kind == EVIDENCE:
            copied_from = before[-1].source if before else None
            if _within_a_word(run, passages) or (before and _begins_again(run, before, text, offset, passages)):
                return False
            if copied_from is not None and copied_from.kind == EVIDENCE:
                if _loses_what_belongs(copied_from, source, passages):
                    return False
            elif any(_said(piece, text, offset).lower() in _COPULAS for piece in before) and _is_clause(run, passages):
                return False
    return True


def _said(piece: Written, text: str, offset: int) -> str:
    return text[max(0, piece.start - offset) : piece.end - offset].strip()


def _within_a_word(run: Sequence[Written], passages: Sequence[str]) -> bool:
    """Whether a copied run begins behind a hyphen or ends before or with one: «Byte» of «Byte-pair», «GPT-» of
    «GPT-4»."""
    first, last = run[0].source, run[-1].source
    assert first is not None and last is not None
    text, start, end = passages[first.passage], first.piece.start, last.piece.end
    begun = text[max(0, start - 2) : start]
    follows = text[end : end + 2]
    broken = text[end - 1 : end] == "-" and text[end - 2 : end - 1].isalnum() and follows[:1].isalnum()
    return broken or (begun[-1:] == "-" and begun[:1].isalpha()) or (follows[:1] == "-" and follows[1:].isalpha())


def _begins_again(
    run: Sequence[Written], before: Sequence[Written], text: str, offset: int, passages: Sequence[str]
) -> bool:
    """Whether a sentence of the passage is copied from its beginning behind a word that joins nothing: «Моста задержка
    связана с …», «IOSS is IOSS, a scheme»."""
    first, last = run[0].source, run[-1].source
    assert first is not None and last is not None
    passage, start = passages[first.passage], first.piece.start
    head = passage[:start].rstrip()
    asked = before[-1].source is not None and before[-1].source.kind == QUESTION
    begins = not head or head[-1] in (".!?," if asked else ".!?") or "\n" in passage[len(head) : start]
    said = _said(before[-1], text, offset).lower()
    joins = not said or not said[-1].isalnum() or said in _JOINING
    return begins and not joins and len(passage[start : last.piece.end].split()) >= _CLAUSE


def _is_clause(run: Sequence[Written], passages: Sequence[str]) -> bool:
    """Whether what is copied after an own "is" has a verb of its own there: it follows its subject at once."""
    first = run[0].source
    assert first is not None
    text, start = passages[first.passage], first.piece.start
    word = _FIRST_WORD.match(text, start)
    if word is None:
        return False
    if word[0].lower() in _FINITE:
        return True
    subject = _LAST_WORD.search(_BRACKETS_AT_END.sub("", text[:start].rstrip()))
    if subject is None or subject[0].lower() in FUNCTION_WORDS:
        return False
    russian = re.match(r"[а-яё]", word[0], re.IGNORECASE) is not None
    return _RUSSIAN_VERB.fullmatch(word[0]) is not None if russian else True


def _loses_what_belongs(before: Source, after: Source, passages: Sequence[str]) -> bool:
    """Whether a comma alone is left out, or a word, not between commas, right before a copied "is" or with brackets
    that stand behind it."""
    if before.passage != after.passage:
        return False
    text = passages[after.passage]
    first = _FIRST_WORD.match(text, after.piece.start)
    skipped = text[before.piece.end : after.piece.start].strip()
    if skipped == ",":
        return True
    words = _BRACKETS.sub(" ", skipped)
    verb = first is not None and first[0].lower() in _FINITE
    return (verb or skipped.endswith(")")) and "," not in words and _FIRST_WORD.search(words) is not None
