"""A reply as sentences that each name their passages: "It stores keys. [1][2] It grows [3]." and the like.

Markers are read in the forms [1], [1][2], [1, 2], [1-3], [Passage 1], before or after the full stop. What stands
between <think> marks is no part of a reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from generator.answerer import REFUSALS
from ingest.sentences import split_sentences

_THOUGHT = re.compile(r"^.*?</think>|<think>.*\Z", re.DOTALL)  # without its end there is nothing but thought
_NUMBERS = r"\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*"
_MARKER = re.compile(rf"\s*(?:\[|【)(?:passages?\s+|фрагмент\w*\s+)?({_NUMBERS})(?:\]|】)", re.IGNORECASE)
# A marker after the stop would be taken for the beginning of the next sentence.
_AFTER_STOP = re.compile(rf"([.!?…]+[»”\"')]*)((?:{_MARKER.pattern})+)", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+|\*\*|^\s*#+\s+", re.MULTILINE)
_MANY = 50  # more numbers than that in a range are no list of passages


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence without its markers, and the numbers in them, each once, as written."""

    text: str
    cited: tuple[int, ...]


def sentences_of(reply: str, *, cites: bool) -> list[Said]:
    """The reply's sentences; none where it says, in the agreed phrase, that the documents do not answer.

    The phrase ends an answer that begins with it; after other sentences it is left out. cites: read markers; closed
    book there are none to read.
    """
    text = plain(reply)
    if not cites:
        return [Said(" ".join(text[a:z].split()), ()) for a, z in split_sentences(text)]
    text = _AFTER_STOP.sub(lambda found: f" {' '.join(found[2].split())}{found[1]}", text)
    sentences: list[Said] = []
    for a, z in split_sentences(text):
        cited = tuple(dict.fromkeys(n for found in _MARKER.finditer(text, a, z) for n in _numbers(found[1])))
        words = " ".join(_MARKER.sub("", text[a:z]).split())
        if _is_refusal(words):
            if not sentences:
                return []
        elif any(map(str.isalnum, words)):
            sentences.append(Said(words, cited))
        elif cited and sentences:  # a marker on a line of its own
            last = sentences[-1]
            sentences[-1] = Said(last.text, tuple(dict.fromkeys((*last.cited, *cited))))
    return sentences


def plain(reply: str) -> str:
    """The reply without thoughts, bullets and bold."""
    return _BULLET.sub("", _THOUGHT.sub("", reply, count=1)).strip()


def one_word(reply: str) -> str:
    """A reply that is one word, in capitals, without quotes and stops around it; anything else comes as it is."""
    return plain(reply).strip(" \n\t.!*_`\"'«»“”").upper()


def _is_refusal(sentence: str) -> bool:
    return _bare(sentence) in {_bare(phrase) for phrase in REFUSALS.values()}


def _bare(sentence: str) -> str:
    return " ".join(re.findall(r"\w+", sentence.lower().replace("ё", "е")))


def _numbers(marker: str) -> list[int]:
    """The numbers of a marker: "1, 3-5" -> [1, 3, 4, 5]."""
    found: list[int] = []
    for part in re.split(r"\s*[,;]\s*", marker):
        ends = [int(number) for number in re.split(r"\s*[–-]\s*", part)]
        span = range(ends[0], ends[-1] + 1)
        found += span if len(ends) == 2 and 0 < len(span) <= _MANY else ends
    return found
