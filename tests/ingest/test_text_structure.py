"""Headings and tables that nothing marks in plain text are found, and not made of prose, chats and lists."""

from __future__ import annotations

import pytest

from ingest.formats.text import parse_lines
from ingest.formats.text_headings import plain_headings
from ingest.formats.text_tables import tables

LEAFLET = """NURZALEN
Leaflet for patients

Read all of this leaflet before you take the first tablet, and keep it for later.

When not to take it

Do not take Nurzalen if:
- you are allergic to ibuprofen;
- you have an ulcer.

How do I take it?

Swallow one tablet whole with a glass of water, during a meal or right after one.

Storage

Below 25 °C."""

PRICES = """We asked three firms for a price, and here is what they said:

   Harwood & Sons    £2,480   five-year guarantee
   AquaFix           £1,950   two-year guarantee
   R. Tilley           £700   no guarantee

The committee chose AquaFix."""


def test_short_lines_above_prose_are_headings() -> None:
    parsed = parse_lines(LEAFLET, "leaflet")
    assert [heading.title for heading in parsed.headings] == ["When not to take it", "How do I take it?", "Storage"]
    assert all(parsed.text[h.start : h.end] == h.title for h in parsed.headings)
    assert parsed.title == "NURZALEN Leaflet for patients"


@pytest.mark.parametrize(
    "text",
    [
        "Anna\n\nHello there\n\nBoris\n\nGood morning\n\nAnna\n\nAre you coming today\n\nBoris\n\nPerhaps not",
        "The road goes on\n\nInto the night\n\nAnd nobody knows\n\nWhere the river ends",
        "Dear all,\n\nThe meeting is on Monday at ten in the large hall, as it was.\n\nKind regards\n\nAnna Berg",
        "A letter\n\nOnly one line here is short, and what follows goes on as a letter does.\n\nYours\n\nAnna.",
    ],
)
def test_chats_poems_and_letters_have_none(text: str) -> None:
    assert not parse_lines(text, "text").headings


def test_numbered_headings_are_left_to_their_numbers() -> None:
    blocks = ["Rules", "1. Scope", "These rules hold for all who travel by train, and for those who work there.",
              "Tickets", "A ticket is bought at the counter or in the application, or on the train.", "2. Luggage",
              "Up to 36 kilograms are free of charge for every passenger."]  # fmt: skip
    assert not plain_headings(blocks)
    found = parse_lines("\n\n".join(blocks), "rules").headings
    assert [heading.title for heading in found] == ["1. Scope", "2. Luggage"]


def test_columns_set_with_spaces_are_rows() -> None:
    parsed = parse_lines(PRICES, "prices")
    rows = "Harwood & Sons | £2,480 | five-year guarantee\nAquaFix | £1,950 | two-year guarantee\n"
    assert f"they said:\n\n{rows}R. Tilley | £700 | no guarantee\n\nThe committee" in parsed.text


@pytest.mark.parametrize(
    "text",
    [
        "Date:      Tuesday\nPlace:     Village Hall\nPresent:   all of them",
        "He said  that it rains.\nShe agreed  at once.\nNobody was  surprised.",
        "one two\nthree four\nfive six",
        "    def f(x):\n        return  x\n    def g(y):\n        return    y",
    ],
)
def test_fields_prose_and_code_are_no_tables(text: str) -> None:
    assert not tables(text.split("\n"))


def test_a_table_of_two_columns_takes_three_rows() -> None:
    rows = ["Monday     10 to 6", "Tuesday    closed", "Wednesday  10 to 9"]
    assert not tables(rows[:2])
    assert [table.rows for table in tables(["Hours", *rows, ""])] == [
        ("Monday | 10 to 6", "Tuesday | closed", "Wednesday | 10 to 9")
    ]


def test_many_lines_without_a_break_are_looked_at_once() -> None:
    """Quadratic work over a log of this length would not end within a test run."""
    lines = ["started the worker and waited for the next job"] * 200_000
    assert not tables(lines)
    assert len(tables(["worker  7  ready"] * 200_000)) == 1
    assert not tables(["one  two", "three    four"] * 100_000)
