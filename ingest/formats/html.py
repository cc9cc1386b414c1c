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

_DROPPED_TAG_LIST = """
script style noscript template svg canvas nav footer form button select option textarea input iframe object
embed aside audio video dialog
"""
_DROPPED_TAGS = frozenset(_DROPPED_TAG_LIST.split())
_DROPPED_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert", "menu"}
_DROPPED_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|menu|sidebar|breadcrumbs?|cookies?|consent|share|sharing|social|related|comments?"
    r"|newsletter|subscribe|subscription|advert|ads|promo|popup|modal|skip-link|headerlink|toc)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d])", re.IGNORECASE
)
_BLOCK_LIST = """
address article blockquote body center dd details div dl dt fieldset figcaption figure header hgroup hr html
li main ol p pre section summary table tbody td tfoot th thead tr ul h1 h2 h3 h4 h5 h6
"""
_BLOCKS = frozenset(_BLOCK_LIST.split())
_HEADING = re.compile(r"h[1-6]")
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
        rows = [[_inline_text(cell) for cell in row.find_all(["td", "th"])] for row in tag.find_all("tr")]
        builder.lines("\n".join(" | ".join(" ".join(cell.split()) for cell in row) for row in rows if any(row)))
    else:
        add_html(tag, builder)


def _list_lines(tag: Tag, depth: int = 0) -> Iterator[str]:
    """`- item` or `1. item`, inner lists indented."""
    for number, item in enumerate(tag.find_all("li", recursive=False), start=1):
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
    """The text of an element in one run; code in backticks, formulas as their TeX where the page gives it."""
    if tag.name == "math":
        annotation = tag.find("annotation")
        return str(tag.get("alttext") or (annotation.get_text() if annotation else tag.get_text()))
    if tag.name == "br":
        return "\x0b"
    inside = "".join(_inline_text(child) if isinstance(child, Tag) else _visible(child) for child in tag.children)
    return f"`{inside.strip()}`" if tag.name == "code" and inside.strip() else inside


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
    if str(tag.get("role")).lower() in _DROPPED_ROLES or _HIDDEN_STYLE.search(str(tag.get("style", ""))):
        return True
    if tag.name == "header":
        return tag.find("h1") is None
    if tag.name in ("html", "body", "main", "article") or _HEADING.fullmatch(tag.name):
        return False
    classes = tag.get_attribute_list("class")
    names = " ".join(str(name) for name in [*classes, tag.get("id")] if name)
    return bool(_DROPPED_NAMES.search(names)) and len(tag.get_text()) < 5_000


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
