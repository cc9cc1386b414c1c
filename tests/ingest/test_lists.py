"""Lists: items, what announces them, and what is none."""

from __future__ import annotations

import pytest

from ingest.lists import find_lists, find_tables, listings, without_marker

_TEXT = """Some words before. Three ways were compared:

- fixed size,
which cuts anywhere;
- Recursive: at headings first. Then at paragraphs.
  - Late: afterwards

After the list.

1. Load the files.

2. Clean them.

One thing:
- alone
"""


def test_items_and_what_announces_them() -> None:
    first, second = find_lists(_TEXT)
    assert first.announced is not None and _TEXT[slice(*first.announced)] == "Three ways were compared:"
    assert [_TEXT[slice(*item)] for item in first.items] == [
        "- fixed size,\nwhich cuts anywhere;", "- Recursive: at headings first. Then at paragraphs.",
        "- Late: afterwards",
    ]
    assert second.announced is None and second.start == second.items[0][0]
    assert [_TEXT[slice(*item)] for item in second.items] == ["1. Load the files.", "2. Clean them."]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "Words.\nMore words.", "- one", "a - b\nc - d", "-5 and\n-6", "2.5 times\n3.5"]
)
def test_no_list(text: str) -> None:
    assert find_lists(text) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [("• R: the gate", "R: the gate"), ("(2) second", "second"), ("б) вторая", "вторая"), ("A - b", "A - b")],
)
def test_words_of_an_item(line: str, words: str) -> None:
    assert line[without_marker(line, 0) :] == words


def test_a_dash_within_a_line_is_no_marker() -> None:
    text = "The cache - a store of keys"
    assert without_marker(text, text.index("-")) == text.index("-")


def test_what_is_understood_together() -> None:
    shown = [_TEXT[slice(*interval)] for interval in listings(_TEXT)]
    assert [one.split("\n")[0] for one in shown] == ["Three ways were compared:", "1. Load the files.", "One thing:"]
    assert [one.split("\n")[-1] for one in shown] == ["  - Late: afterwards", "2. Clean them.", "- alone"]
    assert listings("Attention is\ncomputed as:\n\nsoftmax(QK)V") == [(0, 39)]
    items = [f"- {letter * 40}" for letter in "abcdef"]
    assert listings("\n".join(items), longest=100) == [(0, 2 * 42 + 1)]
    assert listings("\n".join(items), longest=50) == []


def test_tables_are_lines_of_as_many_cells() -> None:
    text = "Results follow.\nModel | EM | F1\nBase | 41 | 55\nOurs | 48 | 61\nalone | here\n\nA | B\nc | d"
    first, second = find_tables(text)
    assert (first.columns, second.columns) == (3, 2)
    assert [text[slice(*row)] for row in first.rows] == ["Model | EM | F1", "Base | 41 | 55", "Ours | 48 | 61"]
    assert listings(text) == [(first.rows[0][0], first.rows[-1][1]), (second.rows[0][0], second.rows[-1][1])]
    assert [one.columns for one in find_tables("a | | c\nd | e |\n| f | g")] == [3]
    assert find_tables("a | b\n\nc | d") == find_tables("x || y") == []
