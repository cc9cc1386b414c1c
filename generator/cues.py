"""What the form of a question and of a text tells about a sentence, beside what the reader makes of its words.

Four forms are looked at: a definition where one is asked for (`definitions.py`), the row of a table whose first cell
the question names («What is the fee for students?», `Student | £19.90`; a day of the week: `weekdays.py`), the whole
table of the things that are asked for («Which plans are there?», `Plan | Price`), and the first sentence under a
heading that asks the same, as in lists of frequent questions. Their weights are set by hand: dev has too few such
questions to fit or to judge them by. Beside these it tells whether a sentence has the kind of thing that is asked for
(`asked.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.asked import asked_kind, told
from generator.definitions import asked_term, form, holds, named_term
from generator.weekdays import asked_days, days_of
from retrieval.analysis import analyze_query

# How much two questions have to have in common to be the same: content words of both over those of either.
_SAME = 0.75
_LONGEST_LABEL = 4
# What no heading ends with.
_ENDS = (".", "!", "…", ":", ";")
_ASKS_FOR_MORE = re.compile(
    r"(?:what|which|who|when|where|why|how|что|какой|какая|какое|какие|кто|когда|где|почему|зачем|как|сколько)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cue:
    """gain: log-odds that a sentence gains among the others; sure: "form" of `decisions.CONFIDENCE` if it is chosen;
    alone: as an item or a row it is what was asked for, without the others of its list or table."""

    gain: float = 0.0
    sure: float = 0.0
    alone: bool = False


NONE = Cue()
_DEFINES, _DOES, _LACKS = Cue(3.0, 1.0, alone=True), Cue(2.0, alone=True), Cue(-2.5, -2.5)
# «Adult ticket | 9 €», or a column that the question names too; else the word may mean something else.
_ROW, _ROW_PERHAPS = Cue(2.5, alone=True), Cue(1.0, alone=True)
# «Fri | 10:00–21:00» where Friday is asked about; «Plan | Price» where it is asked which plans there are.
_DAY, _TABLE = Cue(3.5, 0.5, alone=True), Cue(4.0, 1.0)
# The first sentence under a heading that asks the same, and the others of its section.
_ANSWER, _MORE = Cue(4.0, 1.0), Cue(1.0)
# The things of which it is asked which there are.
_ALL = re.compile(
    r"(?:which|what) (?P<en>\w+(?: \w+){0,2}?) (?:(?:are|is) (?:there|available|on offer|offered)|exist|(?:do|does) .+ "
    r"(?:have|offer|sell))\b|как(?:ие|ой|ая) (?P<ru>\w+(?: \w+){0,2}?) (?:есть|бывают|существу[ею]т|имеются|предлага\w+"
    r"|можно (?:выбрать|купить|взять))\b",
    re.IGNORECASE,
)


def content(text: str) -> frozenset[str]:
    """Stems of the words that are not function words."""
    return frozenset(term for term in analyze_query(text) if not term.startswith("="))


def same_question(heading: str, question: str) -> bool:
    """Whether a heading asks what the question asks, in the same words but for a few."""
    first, second = content(heading), content(question)
    return len(first) > 1 and len(first & second) >= _SAME * len(first | second)


class Cues:
    """The cues of one question. titles[p]: what stands above passage p; texts[p]: the passage; own[p]: it is in the
    question's language; answers[p]: it begins right below a heading that asks the same."""

    def __init__(
        self, question: str, titles: Sequence[str], texts: Sequence[str], own: Sequence[bool], answers: Sequence[bool]
    ) -> None:
        self._question, self._asked, self._answers = question, content(question), answers
        self._kind = asked_kind(question)
        # The days of another shop are no answer.
        days, about = asked_days(question), frozenset(term for term in self._asked if not asked_days(term))
        self._days = [
            days if mine and days and about & content(f"{title} {text}") else frozenset()
            for title, text, mine in zip(titles, texts, own, strict=True)
        ]
        listed = _ALL.match(question.strip())
        self._all = frozenset() if listed is None else content(listed["en"] or listed["ru"])
        self._term, self._for_more = asked_term(question), _ASKS_FOR_MORE.match(question.strip()) is not None
        name = named_term(question)
        self._lacks = [
            name is not None and mine and not holds(f"{title} {text}", name)
            for title, text, mine in zip(titles, texts, own, strict=True)
        ]

    def of(
        self, passage: int, sentence: str, *, first: bool, header: str | None = None, announced: str = "",
        heads: bool = False,
    ) -> Cue:
        """The cue of a sentence; first: right below a heading that asks the same; header: the first row of the table
        that it is a row of; announced: the list or table that it announces; heads: it is that table's first row."""
        cue = self._of_form(passage, sentence, first=first, header=header)
        if heads and cue == NONE and self._all and self._all <= content(sentence.split("|", 1)[0]):
            cue = _TABLE
        weight = told(self._kind, " ".join((sentence, header or "", announced)))
        return replace(cue, gain=cue.gain + weight, sure=cue.sure + min(0.0, weight)) if weight else cue

    def _of_form(self, passage: int, sentence: str, *, first: bool, header: str | None) -> Cue:
        says = 0 if self._term is None else form(sentence, self._term)
        if says:
            return _DEFINES if says == 2 else _DOES
        if self._lacks[passage]:
            return _LACKS
        if first or self._answers[passage]:
            return _ANSWER if first else _MORE
        cell = "" if header is None else sentence.split("|", 1)[0]
        if self._days[passage] & days_of(cell):
            return _DAY
        named = content(cell)
        if header is None or not named or not named <= self._asked:
            return NONE
        return _ROW if len(named) > 1 or content(header) & (self._asked - named) else _ROW_PERHAPS

    def answered_below(self, passage: int, before: str | None) -> bool:
        """Whether what follows the line or sentence `before` of a passage, None at its beginning, is right below a
        heading that asks the same."""
        if before is None:
            return self._answers[passage]
        return not before.endswith(_ENDS) and same_question(before, self._question)

    def adds_nothing(self, sentence: str) -> bool:
        """Whether a sentence is a label with words of the question alone, «Append-only mode.», or a heading that asks
        the same."""
        if not sentence.endswith(_ENDS) and same_question(sentence, self._question):
            return True
        return self._for_more and len(sentence.split()) <= _LONGEST_LABEL and content(sentence) <= self._asked
