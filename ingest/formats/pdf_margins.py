"""Lines at the top and bottom of PDF pages that are no text: running heads, feet, page numbers.

A line is one if the same line, but for the number of the page, stands at the same edge of many pages, or if
it is a bare number that counts the pages. The first occurrence of a running head is kept: on the first page
it is often the title itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

_EDGE_LINES = 3  # how many lines at either edge may belong to the margin
_MIN_REPEATS = 3
_MIN_SHARE = 0.25  # of the pages; left and right pages may have different heads
_NUMBER_AT_START = re.compile(r"(?P<number>\d{1,4})[\s|·•-]+(?P<words>\S.*)")
_NUMBER_AT_END = re.compile(r"(?P<words>.*\S)[\s|·•-]+(?P<number>\d{1,4})$")
_BARE_NUMBER = re.compile(
    r"(?:[-–—|•\[(]\s*)?(?:(?:page|стр\.?|с\.|p\.)\s*)?(\d{1,4})(?:\s*(?:/|of|из)\s*\d{1,4})?\W{0,2}", re.I
)


def without_margins(pages: list[list[str]]) -> list[list[str]]:
    """The same pages without running heads, feet and page numbers."""
    pages = _without_repeated(pages)
    return _without_numbers(pages)


def _without_repeated(pages: list[list[str]]) -> list[list[str]]:
    """Drops lines at an edge that stand on many pages word for word, the page's number aside."""
    places: dict[tuple[bool, str], list[tuple[int, int]]] = defaultdict(list)  # -> (page index, line index)
    for number, page in enumerate(pages):
        for top, index in _edges(page):
            for words in _without_page_number(page[index], number):
                places[top, words].append((number, index))
    least = max(_MIN_REPEATS, _MIN_SHARE * len(pages))
    dropped: set[tuple[int, int]] = set()
    for (_, words), found in places.items():
        if len({number for number, _ in found}) >= least and any(map(str.isalpha, words)):
            dropped.update(found[1:])
    return _without(pages, dropped)


def _without_page_number(line: str, page: int) -> Iterator[str]:
    """The line itself, and the line with a number at either end replaced by its distance to the page's.

    Sentences that only differ in numbers ("Layer 3 holds 3 keys.") are no running heads: the number must be
    first or last, and count the pages.
    """
    yield line
    match = _NUMBER_AT_START.match(line) or _NUMBER_AT_END.match(line)
    if match:
        yield f"{match['words']} {int(match['number']) - page}"


def _without_numbers(pages: list[list[str]]) -> list[list[str]]:
    """Drops a bare number at an edge if it differs from the page's own number as most of them do."""
    found: list[tuple[int, int, int]] = []  # page index, line index, printed number - page index
    for number, page in enumerate(pages):
        for index in {0, len(page) - 1} if page else ():
            match = _BARE_NUMBER.fullmatch(page[index])
            if match:
                found.append((number, index, int(match[1]) - number))
    if not found:
        return pages
    shift, votes = Counter(shift for _, _, shift in found).most_common(1)[0]
    if votes < 2 and shift != 1:  # a lone number is a page number only if it says the right page
        return pages
    dropped = {(number, index) for number, index, own in found if own == shift}
    return [
        [line for index, line in enumerate(page) if (number, index) not in dropped] for number, page in enumerate(pages)
    ]


def _edges(page: list[str]) -> list[tuple[bool, int]]:
    """(is at the top, line index) of the lines near either edge."""
    top = [(True, index) for index in range(min(_EDGE_LINES, len(page)))]
    bottom = [(False, index) for index in range(max(0, len(page) - _EDGE_LINES), len(page))]
    return top + bottom


def _without(pages: list[list[str]], dropped: set[tuple[int, int]]) -> list[list[str]]:
    """The pages without the lines at (page index, line index)."""
    return [
        [line for index, line in enumerate(page) if (number, index) not in dropped] for number, page in enumerate(pages)
    ]
