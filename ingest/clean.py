"""Raw text becomes clean text: one Unicode form, no control characters, whole words, whole paragraphs.

Clean text is what offsets and citations point into, so the rules are few and change nothing that a reader
would miss: composed characters (NFC; not NFKC, which would turn 10² into 102), typographic ligatures spelt
out, all kinds of space a space, and characters that are not text removed. Paragraphs are separated by an
empty line; a single line break inside a paragraph is one that means something (a list item, a row of a table,
a line of code).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ingest.sentences import NOTE_MARKS

_LIGATURES = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "Ĳ": "IJ",
        "ĳ": "ij",
        "Ǉ": "LJ",
    }
)
_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, zero-width marks, soft hyphens, private use, unassigned "noncharacters", halves of
# surrogates.
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ue000-\uf8ff\ufff0-\uffff\ud800-\udfff\U000f0000-\U0010ffff]"
)
_SPACES = re.compile(r"[^\S\n]+")
_TRAILING = re.compile(r"[^\S\n]+\n")
_EMPTY_LINES = re.compile(r"\n{3,}")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN_WORD = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)-$")
# A hyphen at a line's end with what is around it: 2017-|2018, T-|5, 4-|bit.
_NUMBER_TIED = re.compile(r".?-\d|\d-[^\W_]")
_ALWAYS_HYPHENED = frozenset(["то", "либо", "нибудь"])  # кто-|то
_LONGEST_MIDDLE = 3  # of end-|to-end


def clean_characters(text: str) -> str:
    r"""NFC, ligatures spelt out, characters that are no text removed, all line breaks `\n`."""
    text = _LINE_BREAKS.sub("\n", text.replace("\u00ad\n", ""))
    text = _NOT_TEXT.sub("", text.translate(_LIGATURES))
    return unicodedata.normalize("NFC", text)


def clean_line(text: str) -> str:
    """Clean characters on one line, runs of whitespace as one space, none at the ends."""
    return " ".join(clean_characters(text).split())


def clean_lines(text: str) -> str:
    """Clean characters, lines and indentation kept (code); no trailing space or outer empty lines."""
    text = clean_characters(text).expandtabs(4)
    text = "".join(" " if character.isspace() and character != "\n" else character for character in text)
    return _EMPTY_LINES.sub("\n\n", _TRAILING.sub("\n", text + "\n")).strip("\n")


def looks_garbled(text: str) -> bool:
    """Whether the letters come from many unrelated scripts: the fonts of a PDF do not say what they draw.

    Even a dictionary of languages is mostly in one or two scripts; noise is spread over a dozen.
    """
    scripts: Counter[str] = Counter()
    for character in text[:20_000]:
        if character.isalpha():
            scripts[unicodedata.name(character, "UNKNOWN").split()[0]] += 1
    letters = scripts.total()
    common = sum(count for script, count in scripts.items() if count > 0.02 * letters)
    several = sum(count > 0.02 * letters for count in scripts.values())
    return letters > 200 and (several > 5 or common < 0.6 * letters)


# ---- words and paragraphs broken over lines


class Hyphenation:
    """Decides what becomes of a hyphen at the end of a line, from the words of the whole document.

    `ques-|tion` is one word; `pre-|training` is `pretraining` or `pre-training`, whichever the document
    writes elsewhere; with no sign of either it is joined, unless both halves are words of the document in
    their own right and the whole is not (`high-|quality`).
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: Counter[str] = Counter()
        for line in lines:
            words = _WORD.findall(line.lower())
            self._words.update(words[:-1] if line.rstrip().endswith("-") else words)

    def join(self, left: str, right: str) -> str:
        """`left` continued by `right`: with a space, or as one word where the line ends in a hyphen."""
        broken = _BROKEN_WORD.search(left)
        following = _WORD.match(right)
        if broken is None or following is None:
            return left + ("" if _NUMBER_TIED.fullmatch(left[-2:] + right[:1]) else " ") + right
        in_capitals = broken[1].isupper() and following[0].isupper() and len(following[0]) > 1
        of_its_own = broken[1][-2:].isupper() and len(broken[1]) > 1  # LLM-|based
        if not in_capitals and (of_its_own or not right[0].islower()):  # GPT-|Neo, English-|German
            return left + right
        return left + right if self._keeps_hyphen(broken[1].lower(), following[0].lower()) else left[:-1] + right

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        """Of a word broken at a hyphen; `second` may go on with hyphens itself: end-|to-end."""
        part, *others = second.split("-")
        forms = {part, second}
        whole = sum(self._words[first + form] for form in forms)
        hyphened = sum(self._words[f"{first}-{form}"] for form in forms)
        if whole or hyphened:
            return hyphened > whole
        if "-" in first or second in _ALWAYS_HYPHENED or (others and len(part) <= _LONGEST_MIDDLE):
            return True  # state-of-the-|art, кто-|то, end-|to-end
        return min(len(first), len(part)) > 3 and min(self._words[first], self._words[part]) > 0


# What an item of a list begins with, whatever wrote it.
ITEM_MARKER = r"[•▪◦‣∙●○■□–—*·-]|\(?\d{1,3}[.)]|\(?[a-zа-я][.)]|\[\d{1,3}\]"
_ITEM = re.compile(rf"(?:{ITEM_MARKER})\s+\S")
_CAPTION = re.compile(r"(?:Figure|Fig\.|Table|Algorithm|Рис\.|Рисунок|Таблица)\s*\d")
# What a note at the foot of a page begins with: ∗Equal contribution, ²https://…, 3We use the; not 3D models.
_NOTE = re.compile(
    r"[∗*†‡§¶]{1,3}\s?[A-ZА-ЯЁ]|[⁰¹²³⁴-⁹]{1,3}\s?[^\W\d_]|\d{1,2}(?:https?://|www\.|[A-ZА-ЯЁ][a-zа-яё]+ [a-zа-яё])"
)
# «Present: Mrs J. Okafor»: a field of a form or of minutes.
_FIELD = re.compile(r"[A-ZА-ЯЁ][\w -]{1,24}:\s+\S")
# A line at whose end a sentence ends.
ENDS_SENTENCE = re.compile(rf"[.!?:;。！？…][\"'”’»)\]]*(?:{NOTE_MARKS})?$")
# A line ends its paragraph when it is this much shorter than the lines around it.
_SHORT, _VERY_SHORT = 0.8, 0.55
_NEIGHBOURS = 6


@dataclass(slots=True)
class Paragraph:
    """Lines put together. line_starts: for each line, its index among all lines and its offset in `text`."""

    text: str
    line_starts: list[tuple[int, int]]


def joined_paragraphs(
    lines: Sequence[str],
    hyphenation: Hyphenation,
    standalone: Collection[int] = (),
    page_starts: Collection[int] = (),
) -> list[Paragraph]:
    """Paragraphs put together from lines broken at the margin.

    standalone: indices of lines that are paragraphs of their own (headings). page_starts: indices of first
    lines of pages; over a page break a paragraph goes on only in mid-sentence, and a note never. An empty line ends a
    paragraph; else a line does when it is short for its surroundings and a sentence ends there, or when the
    next one starts an item, a caption, a field behind another («Date: …»), or (after a very short line) with a
    capital. Tables and figures come
    out line by line, which is the best to be had.
    """
    widths = _widths_around([len(line) for line in lines])
    paragraphs: list[Paragraph] = []
    previous = ""  # the line before, as it stands in the file
    for position, line in enumerate(lines):
        if not line:
            previous = ""
            continue
        is_new = (
            not previous
            or position in standalone
            or position - 1 in standalone
            or _NOTE.match(line)
            or (position in page_starts and (_NOTE.match(paragraphs[-1].text) or not _goes_on(previous, line)))
            or (_FIELD.match(line) and _FIELD.match(paragraphs[-1].text))
            or _starts_paragraph(previous, line, widths[position - 1])
        )
        if is_new:
            paragraphs.append(Paragraph(line, [(position, 0)]))
        else:
            paragraph = paragraphs[-1]
            paragraph.text = hyphenation.join(paragraph.text, line)
            paragraph.line_starts.append((position, len(paragraph.text) - len(line)))
        previous = line
    return paragraphs


def _goes_on(previous: str, line: str) -> bool:
    return _BROKEN_WORD.search(previous) is not None or (line[0].islower() and not ENDS_SENTENCE.search(previous))


def _starts_paragraph(previous: str, line: str, width: int) -> bool:
    if _ITEM.match(line) or _CAPTION.match(line):
        return not _BROKEN_WORD.search(previous)
    if _BROKEN_WORD.search(previous):
        return False
    if ENDS_SENTENCE.search(previous):
        return len(previous) < _SHORT * width
    return len(previous) < _VERY_SHORT * width and not line[0].islower()


def _widths_around(lengths: Sequence[int]) -> list[int]:
    """For each line, the width that its surroundings are set to: the second longest line near it."""
    widths = []
    for position in range(len(lengths)):
        near = sorted(lengths[max(0, position - _NEIGHBOURS) : position + _NEIGHBOURS + 1])
        widths.append(near[-2] if len(near) > 1 else near[-1])
    return widths
