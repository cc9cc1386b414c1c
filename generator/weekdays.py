"""Days of the week: those that a question names, and those that the first cell of a row stands for.

«Are you open on Wednesdays?» is answered by the row «Mon–Fri | 9:00–18:00», which shares no word with it.
"""

from __future__ import annotations

import re

_NAMES = (
    r"mon(?:days?)?|пн|понедельник\w*", r"tue(?:s(?:days?)?)?|вт|вторник\w*", r"wed(?:nesdays?)?|ср|сред[аыуе]\w*",
    r"thu(?:r(?:s(?:days?)?)?)?|чт|четверг\w*", r"fri(?:days?)?|пт|пятниц\w*", r"sat(?:urdays?)?|сб|суббот\w*",
    r"sun(?:days?)?|вс|воскресень\w*",
)
_DAY = re.compile("|".join(rf"(?P<d{n}>\b(?:{name})\b)" for n, name in enumerate(_NAMES)), re.IGNORECASE)
# In a question «sat», «sun», «wed» and «ср» mean other things.
_SHORTEST_NAME = 5
_TO = re.compile(r"\s*(?:\.?\s*[–—-]|to|until|till|through|по)\s*", re.IGNORECASE)
_GROUPS = (
    (re.compile(r"\b(?:daily|every day|ежедневно|каждый день)\b", re.IGNORECASE), frozenset(range(7))),
    (re.compile(r"\b(?:weekdays?|working days|будн(?:и|ям|ие дни)|рабочие дни)\b", re.IGNORECASE), frozenset(range(5))),
    (re.compile(r"\b(?:weekends?|выходн(?:ые|ым)(?: дни| дням)?)\b", re.IGNORECASE), frozenset((5, 6))),
)


def asked_days(question: str) -> frozenset[int]:
    """The days that a question names, 0 (Monday) to 6."""
    return frozenset(_number(found) for found in _DAY.finditer(question) if len(found[0]) >= _SHORTEST_NAME)


def days_of(cell: str) -> frozenset[int]:
    """The days that a cell lists («Tue, Thu», «вторник – пятница», «Weekends»), 0 to 6."""
    days = {day for pattern, group in _GROUPS if pattern.search(cell) for day in group}
    before: re.Match[str] | None = None
    for found in _DAY.finditer(cell):
        last = first = _number(found)
        if before is not None and _TO.fullmatch(cell[before.end() : found.start()]):
            first = _number(before)
        days |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
        before = found
    return frozenset(days)


def _number(found: re.Match[str]) -> int:
    return next(n for n in range(7) if found[f"d{n}"])
