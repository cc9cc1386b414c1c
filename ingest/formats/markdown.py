"""Markdown by markdown-it-py: readable text with the headings known, marks of emphasis and links gone.

Inline code keeps its backticks: they tell identifiers from words and cost a reader nothing. Of links the
text stays, of images the description, of HTML what a reader would see; items keep their bullet or number;
table rows become `a | b | c`. Of what programs add to Markdown (footnotes, callouts, wiki links, marked words, boxes to
tick, directives) the words stay.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.formats.encoding import decode
from ingest.formats.html import add_fragment
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder
from ingest.raised import subscript, superscript

# YAML between two `---` lines (or `---` and `...`) or TOML between two `+++` at the very start, as static site
# generators and note programs write it.
_FRONT_MATTER = re.compile(
    r"\A\s*(?:---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)|\+{3}[ \t]*\n(?P<toml>.*?)\n\+{3})[ \t]*(?:\n|\Z)", re.DOTALL
)
_TITLE_LINE = re.compile(r"^title[ \t]*[:=][ \t]*(['\"]?)(.+?)\1[ \t]*$", re.MULTILINE)
# Lines outside of code that no standard knows, and what becomes of them.
_EXTENDED_LINES = (
    (re.compile(r"^ {0,3}\[\^[^\]\s]+\]:[ \t]*"), "\n"),  # the text of a footnote: a paragraph
    (re.compile(r"^ {0,3}((?:> ?)+)\[!\w+\][+-]?[ \t]*(.*)"), r"\1\2\n\1"),  # a callout: its title, if it has one
    (re.compile(r"^ {0,3}(?::{3}.*|\[TOC\]|\[\[_?TOC_?\]\]|\{%.*%\}|\{\{[<%].*[>%]\}\})\s*$", re.IGNORECASE), ""),
)
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\s]+\]")
_WIKI_LINK = re.compile(r"(?<!\w)\[\[(?=[^\[\]]*[^\W\d_])(?:[^\[\]|]+\|)?([^\[\]|]+)\]\]")
_WIKI_IMAGE = re.compile(r"!\[\[[^\[\]]+\]\]")
_MARKED = re.compile(r"(?<![=\w])==(?=[^\s=])([^=]+)(?<!\s)==(?![=\w])")
_TASK_BOX = re.compile(r"^\[[ xX]\]\s+")
_TAG_NAME = re.compile(r"\s*</?([A-Za-z][\w-]*)")
_HTML_TAG_LIST = """
a abbr address article aside audio b big blockquote body br button canvas caption center cite code col colgroup dd
del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header
hr html i iframe img input ins kbd label legend li link main map mark math meta nav noscript object ol option p
picture pre q samp script section select small source span strike strong style sub summary sup svg table tbody td
template textarea tfoot th thead time title tr track tt u ul var video wbr
"""
_HTML_TAGS = frozenset(_HTML_TAG_LIST.split())
_SMALL_TAG = re.compile(r"<(/?)(su[pb])>", re.IGNORECASE)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """Markdown files. The title is the first `# ` heading, else the front matter's."""
    del limits
    text = decode(content, name).replace("\r\n", "\n")
    front_title = ""
    front = _FRONT_MATTER.match(text)
    if front:
        text = text[front.end() :]
        found = _TITLE_LINE.search(front["yaml"] or front["toml"] or "")
        front_title = found[2] if found else ""
    builder = TextBuilder()
    tokens = add_markdown(text, builder)
    top = next(
        (inline_text(tokens[i + 1]) for i, token in enumerate(tokens) if token.tag == "h1" and token.nesting == 1),
        "",
    )
    return builder.build(title=top or front_title, fallback_title=PurePath(name).stem)


def add_markdown(text: str, builder: TextBuilder) -> list[Token]:
    """Adds the blocks of a Markdown text to `builder`; returns the tokens."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    standard = _standard(text, tokens)
    if standard != text:
        tokens = parser.parse(standard)
    writer = _Writer(builder)
    for token in tokens:
        writer.feed(token)
    return tokens


def _standard(text: str, tokens: list[Token]) -> str:
    """`text` without the lines of extensions; `tokens` tell where code is, which stays as it is."""
    blocks = [token.map for token in tokens if token.type in ("fence", "code_block") and token.map]
    code = {number for first, end in blocks for number in range(first, end)}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number not in code:
            for pattern, replacement in _EXTENDED_LINES:
                line = pattern.sub(replacement, line)
            lines[number] = line
    return "\n".join(lines)


def _words(text: str) -> str:
    """Running text without the marks of extensions."""
    text = _WIKI_LINK.sub(r"\1", _WIKI_IMAGE.sub("", _FOOTNOTE_MARK.sub("", text)))
    return _MARKED.sub(r"\1", text)


def inline_text(token: Token) -> str:
    """What a reader sees of an inline token."""
    parts: list[str] = []
    opened: list[tuple[str, int]] = []  # <sup> and <sub>, and how many parts stand before them
    for child in token.children or ():
        if child.type in ("text", "text_special"):
            parts.append(_words(child.content))
        elif child.type == "code_inline":
            parts.append(f"`{child.content}`")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n" if child.type == "hardbreak" else " ")
        elif child.type == "html_inline" and (small := _SMALL_TAG.fullmatch(child.content)):
            if not small[1]:
                opened.append((small[2].lower(), len(parts)))
            elif opened and opened[-1][0] == small[2].lower():
                name, first = opened.pop()
                parts[first:] = [(superscript if name == "sup" else subscript)("".join(parts[first:]))]
        elif child.type == "html_inline":
            parts.append(_inline_html(child.content))
        elif child.type == "image":
            parts.append(child.content)
    return "".join(parts)


def _inline_html(tag: str) -> str:
    if _BREAK_TAG.fullmatch(tag):
        return "\n"
    return "" if _is_html(tag) else tag


def _is_html(markup: str) -> bool:
    """Whether it begins with a comment or a tag of HTML; `<think>` and `<s>` are words of this field, not
    markup.
    """
    name = _TAG_NAME.match(markup)
    return name is None or name[1].lower() in _HTML_TAGS


class _Writer:
    """Turns the flat stream of block tokens into blocks: a list or a table is one block of several lines."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._heading_level = 0
        self._lists: list[int | None] = []  # the next number of each open list, None for bullets
        self._bullet = ""
        self._item_lines: list[str] = []
        self._cells: list[str] = []
        self._rows: list[str] = []
        self._in_table = False

    def feed(self, token: Token) -> None:
        kind = token.type
        if kind == "heading_open":
            self._heading_level = int(token.tag[1])
        elif kind == "heading_close":
            self._heading_level = 0
        elif kind == "inline":
            self._inline(inline_text(token))
        elif kind == "html_block" and not self._lists:
            if _is_html(token.content):
                add_fragment(token.content, self._builder)
            else:
                self._builder.lines(token.content)
        elif kind in ("fence", "code_block"):
            self._block(token.content)
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._lists.append(int(token.attrs.get("start", 1)) if kind[0] == "o" else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            if not self._lists:
                self._builder.lines("\n".join(self._item_lines))
                self._item_lines = []
        elif kind == "list_item_open":
            number = self._lists[-1]
            self._bullet = "- " if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1
        elif token.tag in ("table", "tr"):
            self._table(kind)

    def _inline(self, text: str) -> None:
        if self._in_table:
            self._cells.append(" ".join(text.split()))
        elif self._heading_level and not self._lists:
            self._builder.heading(text, self._heading_level)
        elif self._lists:
            self._item(_TASK_BOX.sub("", " ".join(text.split()), count=1) if self._bullet else " ".join(text.split()))
        else:
            self._builder.lines("\n".join(" ".join(line.split()) for line in text.split("\n")))

    def _item(self, text: str) -> None:
        self._item_lines.append("  " * (len(self._lists) - 1) + (self._bullet or "  ") + text)
        self._bullet = ""

    def _block(self, text: str) -> None:
        if self._lists:
            for line in text.rstrip("\n").split("\n"):
                self._item(line)
        else:
            self._builder.lines(text)

    def _table(self, kind: str) -> None:
        if kind == "table_open":
            self._in_table, self._rows = True, []
        elif kind == "tr_open":
            self._cells = []
        elif kind == "tr_close":
            self._rows.append(" | ".join(self._cells))
        elif kind == "table_close":
            self._in_table = False
            self._builder.lines("\n".join(self._rows))
