"""HTML by BeautifulSoup (lxml): the main content as readable text with headings; no scripts, menus, forms.

The main content is the `<article>` or `<main>` with the most text, if that is a good part of the page, else
the body. Hidden elements go too: what a reader cannot see must not reach an answer (it is how instructions
are planted).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment, NavigableString

from ingest.clean import clean_line
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder
from ingest.raised import subscript, superscript

_DROPPED_TAG_LIST = """
script style noscript template svg canvas nav footer form button select option textarea input iframe object
embed aside audio video dialog
"""
_DROPPED_TAGS = frozenset(_DROPPED_TAG_LIST.split())
_DROPPED_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert", "menu"}
_NAME_LIST = (
    r"nav|navbar|navbox|menu|sidebar|breadcrumbs?|cookies?|consent|share|sharing|social|related|comments?|newsletter"
    r"|subscribe|subscription|advert|ads|promo|popup|modal|skip-link|headerlink|toc|(?:mw-)?editsection|noprint"
)
_DROPPED_NAMES = re.compile(rf"(?:^|[\s_-])(?:{_NAME_LIST})(?:$|[\s_-])", re.IGNORECASE)
_DROPPED_SECTIONS = re.compile(_NAME_LIST, re.IGNORECASE)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d])", re.IGNORECASE
)
_BLOCK_LIST = """
address article blockquote body center dd details div dl dt fieldset figcaption figure header hgroup hr html
li main ol p pre section summary table tbody td tfoot th thead tr ul h1 h2 h3 h4 h5 h6
"""
_BLOCKS = frozenset(_BLOCK_LIST.split())
_HEADING = re.compile(r"h[1-6]")
_MARK = r"(?:\d{1,3}|[^\W\d_]|[*†‡§]{1,3})"
_BRACKETED = rf"\[(?:{_MARK}|[^\W\d_]{{1,6}}\.?\s\d{{1,3}})\]"  # [1], [a], [note 1], [прим. 1]
_NOTE_MARKS = re.compile(rf"(?:{_MARK}|\({_MARK}\)|(?:{_BRACKETED}\s*)+)|{_MARK}(?:,\s*{_MARK})+")
_DISPLAY_STYLE = re.compile(r"\{\\displaystyle\s+(.*)\}", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,6}")
# A small table must not become a large text.
_MOST_ROWS, _MOST_COLUMNS, _LONGEST_REPEATED = 1000, 20, 100
# The share of the page's text that an <article> or <main> must hold to be taken for the content.
_MAIN_SHARE = 0.4


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """HTML files; the encoding comes from the byte order mark, the `<meta>` tag or the bytes themselves."""
    del limits
    soup = BeautifulSoup(content, "lxml")
    body = soup.body or soup
    _drop_clutter(body)
    main = _main_content(body)
    builder = TextBuilder()
    add_html(main, builder)
    return builder.build(title=_page_title(soup, main), fallback_title=PurePath(name).stem)


def add_fragment(markup: str, builder: TextBuilder) -> None:
    """Adds a piece of HTML out of another format."""
    soup = BeautifulSoup(markup, "lxml")
    if soup.body is not None:
        _drop_clutter(soup.body)
        add_html(soup.body, builder)


def add_html(element: Tag, builder: TextBuilder) -> None:
    """Adds the blocks of an element to `builder`, in the order of the page."""
    inline: list[str] = []

    def flush() -> None:
        text = "\n".join(" ".join(line.split()) for line in "".join(inline).split("\x0b"))
        inline.clear()
        builder.lines(text)

    for child in element.children:
        if not isinstance(child, Tag):
            inline.append(_visible(child))
        elif child.name == "br":
            inline.append("\x0b")
        elif child.name not in _BLOCKS and child.find(_is_block) is None:
            inline.append(_inline_text(child))
        else:
            flush()
            _add_block(child, builder)
    flush()


def _add_block(tag: Tag, builder: TextBuilder) -> None:
    if _HEADING.fullmatch(tag.name):
        builder.heading(_inline_text(tag), int(tag.name[1]))
    elif tag.name == "pre":
        builder.lines(tag.get_text())
    elif tag.name in ("ul", "ol") and tag.find(["pre", "table", _HEADING]) is None:
        builder.lines("\n".join(_list_lines(tag)))
    elif tag.name == "table" and tag.find(["table", "pre", "ul", "ol", _HEADING]) is None:
        builder.lines("\n".join(" | ".join(row) for row in _table_rows(tag) if any(row)))
    else:
        add_html(tag, builder)


def _table_rows(table: Tag) -> Iterator[list[str]]:
    """The cells of each row. What stands in a cell over several rows or columns is said in each of them, so that all
    rows have as many cells and each can be understood alone; a cell that is the whole row is said once."""
    above: dict[int, tuple[str, int]] = {}  # by column: a text, and for how many rows it stands there
    for row in table.find_all("tr"):
        cells = row.find_all(["td", "th"])
        if len(cells) == 1 and not above:
            yield [" ".join(_inline_text(cells[0]).split())]
            continue
        texts: list[str] = []
        below: dict[int, tuple[str, int]] = {}
        waiting = iter(cells)
        while True:
            columns = 1
            if len(texts) in above:
                text, rows = above[len(texts)]
            elif (cell := next(waiting, None)) is not None:
                text = " ".join(_inline_text(cell).split())
                rows, columns = _span(cell, "rowspan", _MOST_ROWS), _span(cell, "colspan", _MOST_COLUMNS)
            else:
                break
            again = text if len(text) <= _LONGEST_REPEATED else ""
            if rows > 1:
                below |= dict.fromkeys(range(len(texts), len(texts) + columns), (again, rows - 1))
            texts += [text, *[again] * (columns - 1)]
        above = below
        yield texts


def _span(cell: Tag, attribute: str, most: int) -> int:
    stated = str(cell.get(attribute))
    return min(max(1, int(stated)), most) if _NUMBER.fullmatch(stated) else 1


def _list_lines(tag: Tag, depth: int = 0) -> Iterator[str]:
    """`- item` or `1. item`, inner lists indented."""
    stated = str(tag.get("start"))
    first = int(stated) if _NUMBER.fullmatch(stated) else 1
    for number, item in enumerate(tag.find_all("li", recursive=False), start=first):
        own = "".join(
            _inline_text(child) + (" " if child.name in _BLOCKS else "") if isinstance(child, Tag) else _visible(child)
            for child in item.children
            if not (isinstance(child, Tag) and child.name in ("ul", "ol"))
        )
        text = " ".join(own.split())
        if text:
            yield "  " * depth + (f"{number}. " if tag.name == "ol" else "- ") + text
        for inner in item.find_all(["ul", "ol"], recursive=False):
            yield from _list_lines(inner, depth + 1)


def _inline_text(tag: Tag) -> str:
    """The text of an element in one run; code in backticks, formulas as their TeX where the page gives it, exponents
    told from the number before them, marks of notes left out."""
    if tag.name == "math":
        annotation = tag.find("annotation")
        tex = str(tag.get("alttext") or (annotation.get_text() if annotation else tag.get_text())).strip()
        wrapped = _DISPLAY_STYLE.fullmatch(tex)
        return wrapped[1] if wrapped else tex
    if tag.name == "br":
        return "\x0b"
    if tag.name == "sup" and _is_note_mark(tag):
        return ""
    inside = "".join(_inline_text(child) if isinstance(child, Tag) else _visible(child) for child in tag.children)
    if tag.name in ("sup", "sub"):
        return superscript(inside) if tag.name == "sup" else subscript(inside)
    return f"`{inside.strip()}`" if tag.name == "code" and inside.strip() else inside


def _is_note_mark(sup: Tag) -> bool:
    """Whether it is the mark of a note and a link to it, in either order of the tags, and so no exponent."""
    text = sup.get_text().strip()
    link = sup.find("a") or sup.find_parent("a")
    return (
        link is not None and _NOTE_MARKS.fullmatch(text) is not None
        and link.get_text().strip() in text and "#" in str(link.get("href", "#"))
    )


def _visible(node: object) -> str:
    return "" if isinstance(node, Comment) or not isinstance(node, NavigableString) else str(node)


def _is_block(tag: Tag) -> bool:
    return tag.name in _BLOCKS


def _drop_clutter(body: Tag) -> None:
    """From the top down, so that nothing inside a dropped element is looked at."""
    waiting = [body]
    while waiting:
        for child in list(waiting.pop().children):
            if isinstance(child, Tag):
                if child.name in _DROPPED_TAGS or _is_clutter(child):
                    child.decompose()
                else:
                    waiting.append(child)


def _is_clutter(tag: Tag) -> bool:
    if tag.has_attr("hidden") or str(tag.get("aria-hidden")).lower() == "true":
        return tag.find("math") is None  # formula renderers hide the MathML from screen readers, not from readers
    if _is_pictured_formula(tag):
        return False
    if str(tag.get("role")).lower() in _DROPPED_ROLES or _HIDDEN_STYLE.search(str(tag.get("style", ""))):
        return True
    if tag.name == "header":
        return tag.find("h1") is None
    if tag.name in ("html", "body", "main", "article") or _HEADING.fullmatch(tag.name):
        return False
    classes, stated = tag.get_attribute_list("class"), str(tag.get("id") or "")
    # The id of a section is made from its heading by Sphinx, Quarto and pandoc: `related-work` is none to drop.
    if tag.name == "section" or "section" in classes:
        stated = stated if _DROPPED_SECTIONS.fullmatch(stated) else ""
    names = " ".join(str(name) for name in [*classes, stated] if name)
    return bool(_DROPPED_NAMES.search(names)) and len(tag.get_text()) < 5_000


def _is_pictured_formula(tag: Tag) -> bool:
    """Whether it holds nothing but a formula of MediaWiki, which hides it and shows a picture of it beside."""
    math = tag.find("math")
    return (
        math is not None and math.get_text().strip() == tag.get_text().strip()
        and tag.find_next_sibling("img", class_=re.compile("mwe-math-fallback")) is not None
    )


def _main_content(body: Tag) -> Tag:
    candidates = [*body.find_all(["article", "main"]), *body.find_all(role="main")]
    best = max(candidates, key=lambda tag: len(tag.get_text()), default=body)
    return best if len(best.get_text()) > _MAIN_SHARE * len(body.get_text()) else body


def _page_title(soup: BeautifulSoup, main: Tag) -> str:
    """The title that the page gives for sharing, else the `<h1>` of the content, else the `<title>`.

    Of several `<h1>` the one that the `<title>` repeats, which often adds the name of the site.
    """
    shared = soup.find("meta", attrs={"property": "og:title"})
    if shared is not None and shared.get("content"):
        return str(shared["content"])
    stated = clean_line(soup.title.get_text()) if soup.title else ""
    headings = [clean_line(_inline_text(heading)) for heading in main.find_all("h1")]
    repeated = [heading for heading in headings if heading and heading in stated]
    return next(iter(repeated), headings[0] if len(headings) == 1 else stated)
