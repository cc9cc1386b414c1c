"""Rule-made claims from a sentence: true variants that it carries, and false ones that it does not.

True: a clause dropped at its end, an introduction dropped, the parts around a comma exchanged, a bracket taken out,
the sentence as it is. False: another number, another name or term of the same text, a denial put in or taken out, an
opposite, "all" for "some", two terms exchanged, an addition from elsewhere; and whole sentences that stand beside the
text or in another. Rules err (a dropped clause may have been a condition), so the written claims weigh more.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from api.experiments.entailment.words import pairs_of_opposites

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?(?![\w])")
_TERM = re.compile(r"(?<=[a-zа-яё,] )(?:[A-Z][\w-]{2,}|[a-zа-яё][\w-]{6,})(?=[ ,.])")
_BRACKET = re.compile(r"\s*\([^()]{3,80}\)")
_INTRODUCTION = re.compile(r"^[^,.;:]{3,40}, (?=\w)")
_TAIL = re.compile(
    r",? (?:because|since|which|so that|in order to|although|while|for example|such as|потому что|так как|котор\w+|"
    r"чтобы|поскольку|например|хотя)\b[^.]*(?=\.$)"
)
_DENIED = [
    (re.compile(r"\b(is|are|was|were|can|could|will|would|should|does|do|did|has|have|must|may)\b(?! not)"), r"\1 not"),
    (re.compile(r"\b(может|могут|можно|будет|будут|является|являются|позволяет|позволяют|должен|должны|нужно|содержит|"
                r"возвращает|использует|используется|используются|требует|работает)\b"), r"не \1"),
]  # fmt: skip
_AFFIRMED = [
    (re.compile(r"\b(is|are|was|were|can|will|should|does|do|must|may) not\b"), r"\1"),
    (re.compile(r"\bне (?=\w)"), ""),
]  # fmt: skip
_BOUND = [
    (re.compile(r"\b(some|many|several|most)\b"), "all"), (re.compile(r"\b(often|usually|sometimes)\b"), "always"),
    (re.compile(r"\b(некоторые|многие|несколько|большинство)\b"), "все"),
    (re.compile(r"\b(часто|обычно|иногда)\b"), "всегда"), (re.compile(r"\b(can|may)\b(?! not)"), "always"),
]  # fmt: skip

Rule = Callable[[str, Sequence[str], random.Random], str]


def true_variant(sentence: str, draw: random.Random) -> str:
    """Something that the sentence carries; the sentence itself where no rule fits."""
    rules = [_without_bracket, _without_introduction, _without_tail, _turned, _first_part]
    draw.shuffle(rules)
    for rule in rules[: draw.choice([1, 2, 3])]:
        sentence = rule(sentence)
    return sentence


def false_variant(sentence: str, others: Sequence[str], draw: random.Random) -> tuple[str, str]:
    """(kind of fault, claim); ("", "") where no rule fits. others: sentences to take terms and additions from."""
    rules: list[tuple[str, Rule]] = [
        ("number", _other_number), ("name", _other_term), ("negation", _turned_round), ("negation", _opposite),
        ("relation", _exchanged), ("relation", _bounded), ("addition", _added), ("name", _other_term),
    ]  # fmt: skip
    draw.shuffle(rules)
    for kind, rule in rules:
        made = rule(sentence, others, draw)
        if made and made != sentence:
            return kind, made
    return "", ""


def _without_bracket(sentence: str) -> str:
    return _BRACKET.sub("", sentence)


def _without_introduction(sentence: str) -> str:
    rest = _INTRODUCTION.sub("", sentence)
    return rest[:1].upper() + rest[1:] if len(rest.split()) >= 5 else sentence


def _without_tail(sentence: str) -> str:
    rest = _TAIL.sub("", sentence)
    return rest if len(rest.split()) >= 5 else sentence


def _first_part(sentence: str) -> str:
    """What stands before a semicolon, a colon or a dash."""
    rest = re.split(r"; |: | [—–] ", sentence)[0].rstrip(".")
    return rest + "." if len(rest.split()) >= 5 else sentence


def _turned(sentence: str) -> str:
    """`A, B.` -> `B, a.` of long parts."""
    parts = sentence.rstrip(".").split(", ")
    if len(parts) != 2 or min(len(part.split()) for part in parts) < 4:
        return sentence
    return f"{parts[1][:1].upper()}{parts[1][1:]}, {parts[0][:1].lower()}{parts[0][1:]}."


def _other_number(sentence: str, others: Sequence[str], draw: random.Random) -> str:
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return ""
    place = draw.choice(found)
    known = [n for other in others for n in _NUMBER.findall(other) if n != place[0]]
    value = float(place[0].replace(",", "."))
    near = str(int(value) + draw.choice([1, 2, 5, 10])) if value.is_integer() else f"{value * draw.choice([2, 3]):g}"
    put = draw.choice(known) if known and draw.random() < 0.5 else near
    return sentence[: place.start()] + put + sentence[place.end() :]


def _other_term(sentence: str, others: Sequence[str], draw: random.Random) -> str:
    """A term of the sentence replaced by one of the others that ends alike and has the same case."""
    found = list(_TERM.finditer(sentence))
    draw.shuffle(found)
    for place in found[:6]:
        own = place[0]
        known = [
            term for other in others for term in _TERM.findall(other)
            if term[-2:] == own[-2:] and term[0].isupper() == own[0].isupper() and term[:4].lower() != own[:4].lower()
            and term not in sentence
        ]  # fmt: skip
        if known:
            return sentence[: place.start()] + str(draw.choice(known)) + sentence[place.end() :]
    return ""


def _turned_round(sentence: str, _others: Sequence[str], draw: random.Random) -> str:
    for pattern, put in [*_AFFIRMED, *_DENIED] if draw.random() < 0.5 else [*_DENIED, *_AFFIRMED]:
        if pattern.search(sentence):
            return pattern.sub(put, sentence, count=1)
    return ""


def _opposite(sentence: str, _others: Sequence[str], draw: random.Random) -> str:
    words = sentence.split()
    places = [n for n, word in enumerate(words) if word.strip(".,").lower() in pairs_of_opposites()]
    if not places:
        return ""
    at = draw.choice(places)
    bare = words[at].strip(".,")
    words[at] = words[at].replace(bare, draw.choice(pairs_of_opposites()[bare.lower()]))
    return " ".join(words)


def _bounded(sentence: str, _others: Sequence[str], draw: random.Random) -> str:
    rules = list(_BOUND)
    draw.shuffle(rules)
    for pattern, put in rules:
        if pattern.search(sentence):
            return pattern.sub(put, sentence, count=1)
    return ""


def _exchanged(sentence: str, _others: Sequence[str], draw: random.Random) -> str:
    """Two terms of the sentence change places."""
    found = list(_TERM.finditer(sentence))
    pairs = [(a, b) for n, a in enumerate(found) for b in found[n + 1 :]
             if a[0] != b[0] and a[0][0].isupper() == b[0][0].isupper() and b.start() - a.end() > 4]  # fmt: skip
    if not pairs:
        return ""
    a, b = draw.choice(pairs)
    return sentence[: a.start()] + b[0] + sentence[a.end() : b.start()] + a[0] + sentence[b.end() :]


def _added(sentence: str, others: Sequence[str], draw: random.Random) -> str:
    """The end of another sentence, from its last comma or preposition on, put behind this one."""
    tails = [tail for other in others if (tail := re.search(
        r"(?:, | )(?:for|with|in|by|from|using|because|для|в|с|из|при|через|чтобы) [^,.;:()]{12,60}(?=\.$)", other))]
    return sentence.rstrip(".") + draw.choice(tails)[0] + "." if tails else ""
