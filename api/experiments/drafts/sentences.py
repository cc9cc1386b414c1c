"""The sentences of a document that a question can be built on: whole, plain, in the document's language.

Rather too few than a clumsy question: headings, list items without a stop, tables, code, lists of references and
sentences that lean on the one before ("It ...", «Этот ...») are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.format import LANGUAGES, Language
from ingest.document import Document
from ingest.language import detect_language
from ingest.sentences import split_sentences
from ingest.structure import Heading, headings_at

_CHARACTERS = (30, 240)
_LEAST_WORDS = 5
_BEGINS = re.compile(r"[«“\"(]?[^\W\d_]")
_ENDS = re.compile(r"[^\s.…][.!]$")
_NO_PROSE = re.compile(r"[{}|\\<>=@#*_`\n\t]|https?:|\.\.\.|…|\bet al\b|\[\d+|doi|arXiv")
# An entry of a bibliography, wherever it stands: initials, pages, volumes, publishers.
_REFERENCE = re.compile(
    r"[^\W\d_][\w-]+,? (?:[A-ZА-ЯЁ]\.[ -]?){1,3}(?:,|;|&|and\b|и\b)"
    r"|\b(?:[A-ZА-ЯЁ]\. ?){1,3}[A-ZА-ЯЁ][\w-]+(?:,| and| и) (?:[A-ZА-ЯЁ]\.)"
    r"|\bpp?\. ?\d|\b[Vv]ol\.|\bNo\. ?\d|\bС\. ?\d|\bProc\.|\bTrans\.| // "
    r"|\b(?:Proceedings|Journal of|Conference on|University Press|ISBN|preprint|(?:Retrieved|Accessed) (?:on|from))\b"
    r"|\bИзд(?:-во|ательство)\b"
)
_REFERENCES = re.compile(
    r"(?:[\dA-Z][\d.]*\s+)?(?:references?(?: cited)?|bibliography|works cited|literature(?: cited)?|further reading|"
    r"see also|sources|citations|(?:список )?(?:использованн\w+ )?(?:литератур\w+|источник\w+)|библиограф\w+|ссылки|"
    r"что почитать|см\. также)\s*[.:]?",
    re.IGNORECASE,
)
_LEANING_WORDS = """
    it its this that these those they their he his she her such here there both another others one we our i my you
    your what which who how why when where if then thus hence so but and or also however therefore
    это этот эта эти этого этой этим этому он она оно они его её ее их ей им такой такая такое такие там тут здесь так
    тогда мы наш наша наше наши я мой вы ваш что кто как почему где если но а и или тоже также однако поэтому затем тем
    тот та то те один одна одно другой другая другие оба обе
"""
_LEANS = frozenset(_LEANING_WORDS.split())
_PAIRS = (("(", ")"), ("«", "»"), ("“", "”"), ("[", "]"))


@dataclass(frozen=True, slots=True)
class Usable:
    """A sentence as it stands in the document, on one line. section: the heading above it, or the document's title."""

    text: str
    section: str
    language: Language


def usable_sentences(document: Document, headings: Sequence[Heading]) -> Iterator[Usable]:
    """The document's sentences that can be asked about, in order, each once; none in another language than Russian and
    English."""
    seen: set[str] = set()
    for start, end in split_sentences(document.text):
        text = document.text[start:end]
        if text in seen or not is_plain(text):
            continue
        seen.add(text)
        language = detect_language(text)
        for known in LANGUAGES:
            if language == known == document.language:
                above = headings_at(headings, start, document.title)
                if any(_REFERENCES.fullmatch(title.strip()) for title in above):
                    continue
                yield Usable(text, above[-1] if above else document.title, known)


def is_plain(text: str) -> bool:
    """Whether the sentence stands for itself and is prose."""
    words = text.split()
    return (
        _CHARACTERS[0] <= len(text) <= _CHARACTERS[1]
        and len(words) >= _LEAST_WORDS
        and _BEGINS.match(text) is not None
        and not text[0].islower()
        and _ENDS.search(text) is not None
        and _NO_PROSE.search(text) is None
        and _REFERENCE.search(text) is None
        and words[0].strip("«“\"(,").lower() not in _LEANS
        and all(text.count(opening) == text.count(closing) for opening, closing in _PAIRS)
        and text.count('"') % 2 == 0
    )
