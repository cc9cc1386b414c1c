"""Lists of references: which paragraphs are entries of one, and which questions they may answer.

A third of a paper is titles of other papers. They look like the best answers to short questions («What is instruction
tuning?» - "Poisoning language models during instruction tuning.") and state nothing. An entry shows by how thickly
names as authors are given there stand beside what says where and when something was published.
"""

from __future__ import annotations

import re

_INITIAL = r"[A-ZÀ-ÞА-ЯЁ]\.(?:[- ]?[A-ZÀ-ÞА-ЯЁ]\.){0,4}"
_SURNAME = r"[A-ZÀ-ÞА-ЯЁ][\w’'`´¨-]{1,40}"
_NAME = r"[A-ZÀ-ÞА-ЯЁ][\w.’'`´¨-]{0,40}(?: [A-ZÀ-ÞА-ЯЁ][\w.’'`´¨-]{0,40}){1,3}"
# «J. Wei,», «Wei, J.», «Вэй Дж.», «Jason Wei, Denny Zhou, »
_AUTHORS = re.compile(
    rf"\b{_INITIAL} {_SURNAME}(?=,| and\b| et\b| и\b)|\b{_SURNAME},? {_INITIAL}|\bet al\.,? [“\"]"
    rf"|(?:{_NAME}, ){{2}}"
)
_CONFERENCE = r"\bIn (?:Proceedings|Proc\.|Advances|International|Findings|Conference|Annual)|\bProceedings of\b"
# Nothing but an entry says this.
_PROCEEDINGS = re.compile(rf"{_CONFERENCE}|\barXiv:\d|\barXiv preprint arXiv:")
# Pages, volumes, proceedings, preprints.
_PUBLISHED = re.compile(
    r"\bpp?\. ?\d|\b[vV]ol\. ?\d|\bno\. ?\d+[,(]"
    rf"|{_CONFERENCE}|\barXiv(?: preprint|:)|\bCoRR\b|\bpreprint\b|Advances in [Nn]eural|\b(?:doi|URL)\b"
    r"|[,.] (?:[A-Z][A-Za-z]+ )?\d+(?:\(\d+\))?:\d+[–-]\d+|\s//\s|Изд-во|[—–,-] [СC]\. ?\d|[—–,-] Т\. ?\d|№ ?\d"
)
# Where an entry ends, or after its authors.
_YEAR = re.compile(r"\b(?:19|20)\d\d[a-z]?\.(?=\s|$)|\((?:19|20)\d\d[a-z]?\)\.")
# An entry begins with names alone, up to a full stop that is no initial's, a bracket or a quotation mark. A sentence
# that begins with them goes on with a verb. Names are taken whole (possessive), or words in capitals could be cut into
# names in more ways than can be tried.
_BEGINS_WITH_AUTHORS = re.compile(
    rf"\W*(?:\[[\w+-]+\]|\d+\.)?\s*"
    rf"(?:(?:(?>{_INITIAL})|{_SURNAME}+|and|et al\.|und|de|van|von|der|la|и|др\.|editors?|eds\.)"
    r"[,;]?\s*(?:&\s*)?)+(?:\.|[(“\"«]|(?:19|20)\d\d|(?<=al\. )|(?<=др\. ))"
)
_FEWEST_SIGNS = 2
_SIGNS_A_WORD = 0.07
_PARAGRAPH_END = re.compile(r"\n\s*\n|\Z")
_ASKS_FOR_SOURCES = re.compile(
    r"\b(?:(?!WHO\b)(?i:who|whom|whose)"
    r"|(?i:authors?|bibliography|references|reference list|cit(?:e[sd]?|ations?)|doi|arxiv|et al|published"
    r"|when (?:was|were|did)|where (?:was|were)|(?:what|which) years?"
    r"|(?:what|which) (?:papers?|works?|stud(?:y|ies)|articles?|journals?|conferences?)|19\d\d|20\d\d"
    r"|кто|чь\w+|кем|автор\w*|источник\w*|библиограф\w+|список литературы|ссылаются|и др|соавт\w*|опубликова\w*"
    r"|в как(?:ой|их|ом) (?:стать|работ|журнал|исследовани|год)\w*|когда (?:был|вышл|появ)\w*))\b"
)


def is_entry(paragraph: str) -> bool:
    """Whether a paragraph is one or several entries of a list of references."""
    authors = len(_AUTHORS.findall(paragraph))
    if not authors and not _PROCEEDINGS.search(paragraph):
        return False
    published, years = len(_PUBLISHED.findall(paragraph)), len(_YEAR.findall(paragraph))
    if published + years == 0 or (published < _FEWEST_SIGNS and not _BEGINS_WITH_AUTHORS.match(paragraph)):
        return False
    signs = published + years + authors
    return signs >= _FEWEST_SIGNS and signs > _SIGNS_A_WORD * len(paragraph.split())


def entries(text: str) -> list[tuple[int, int]]:
    """(start, end) of the paragraphs of a text that are entries; the whole of it where most of it is."""
    found, start = [], 0
    for gap in _PARAGRAPH_END.finditer(text):
        if is_entry(text[start : gap.start()]):
            found.append((start, gap.start()))
        start = gap.end()
    return [(0, len(text))] if 2 * sum(end - start for start, end in found) > len(text) else found


def is_bibliography(text: str) -> bool:
    """Whether most of a text is entries."""
    return entries(text) == [(0, len(text))]


def asks_for_sources(question: str) -> bool:
    """Whether a question may be answered by a list of references: who wrote something, when it came out."""
    return _ASKS_FOR_SOURCES.search(question) is not None
