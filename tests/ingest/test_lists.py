"""Lists and tables: items, rows, what announces them, and what is none."""

from __future__ import annotations

import pytest

from ingest.lists import Listing, find_listings, split_listed, without_marker


def parts(text: str) -> list[tuple[str, list[str]]]:
    """What announces each listing, and its parts."""
    found = find_listings(text)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
    return [
        (text[one.start : one.parts[0][0]].strip(), [text[slice(*part)] for part in one.parts]) for one in found
    ]


@pytest.mark.parametrize(
    ("text", "announced", "items"),
    [
        ("Words. Two ways:\n\n- one,\nas was said;\n- Two. And more.\n\nAfter.", "Two ways:",
         ["- one,\nas was said;", "- Two. And more."]),
        ("Words.\n\n1. Load.\n\n2. Clean.", "", ["1. Load.", "2. Clean."]),
        ("The cache keeps these\ntwo things:\n- keys\n- values", "The cache keeps these\ntwo things:",
         ["- keys", "- values"]),
        ("Шаги:\nа) загрузить;\nб) очистить.", "Шаги:", ["а) загрузить;", "б) очистить."]),
        ("Do this:\n1. Install.\n  It takes a minute.\n1.1. Run.\nА) Check.", "Do this:",
         ["1. Install.\n  It takes a minute.", "1.1. Run.", "А) Check."]),
        ("The sizes are:\nName | Size\nBase | 41", "The sizes are:", ["Name | Size", "Base | 41"]),
        ("Name | EM | F1\nSmall ones\nBase | 41 | 55\nTiny |  | 3", "",
         ["Name | EM | F1", "Base | 41 | 55", "Tiny |  | 3"]),
        ("Name | Size\n1. | 41\n– | 42", "", ["Name | Size", "1. | 41", "– | 42"]),
        ("1. Rules\n\n1.1. These apply.\n\n1.2. Good reasons are:\na) illness;\nb) a call.\n\n1.3. Work is not.",
         "1.2. Good reasons are:", ["a) illness;", "b) a call."]),
        ("Термины:\nкомиссия – группа;\nведомость – документ; он важен.\nДалее.", "Термины:",
         ["комиссия – группа;", "ведомость – документ; он важен."]),
        (" | Forest | Boosting\nDepth | full | 3", "", ["| Forest | Boosting", "Depth | full | 3"]),
        ("For shares p,\n\n$$G = 1 - p^2.$$\n\nIt is so.", "For shares p,", ["$$G = 1 - p^2.$$"]),
        ("It is computed as:\nSoftmax(QK)V\nMore.", "It is computed as:", ["Softmax(QK)V"]),
    ],
)
def test_parts_and_what_announces_them(text: str, announced: str, items: list[str]) -> None:
    assert parts(text) == [(announced, items)]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "Words.\nMore words.", "- one", "a - b\nc - d", "-5 and\n-6", "2.5 times\n3.5", "a | b\n\nc | d"],
)
def test_no_listing(text: str) -> None:
    assert find_listings(text) == []


def test_what_stands_where() -> None:
    text = "Sizes:\nName | Size\nBase | 41"
    (table,) = find_listings(text)
    assert table.columns == 2 and text[table.informs :] == "Base | 41" and table.end == len(text)
    assert table.part_at(0) is None and table.part_at(table.informs + 3) == table.parts[1]
    assert table.moved(5) == Listing(-5, ((2, 13), (14, 23)), 2)


def test_an_item_begins_a_sentence_and_a_row_is_one() -> None:
    text = "Шаги:\nа) загрузить файлы;\nб) очистить. И всё.\n\nName | Notes\nBase | Trained. Uses Adam\nOurs | Good"
    cut = split_listed(text, find_listings(text))
    assert [text[slice(*one)] for one in cut] == [
        "Шаги:", "а) загрузить файлы;", "б) очистить.", "И всё.", "Name | Notes", "Base | Trained. Uses Adam",
        "Ours | Good",
    ]
    after = cut[2][0]  # a passage that begins amid the list
    moved = [one.moved(after) for one in find_listings(text)]
    assert [(a + after, z + after) for a, z in split_listed(text[after:], moved)] == cut[2:]


@pytest.mark.parametrize(
    ("item", "words"),
    [("• R: the gate", "R: the gate"), ("(2) second", "second"), ("б) вторая", "вторая"), ("A - b", "A - b")],
)
def test_words_of_an_item(item: str, words: str) -> None:
    assert item[without_marker(item, 0) :] == words


@pytest.mark.parametrize("line", ["A:\n", "- A\n- B\nXxx\n", "a | b\nc | d\n\n", "- ", "| ", ": "])
def test_in_long_hostile_texts_every_character_is_in_one_sentence(line: str) -> None:
    text = line * (200_000 // len(line))
    cut = split_listed(text, find_listings(text))
    assert all(a < z <= b for (a, z), (b, _) in zip(cut, cut[1:], strict=False))
    assert "".join(text[slice(*one)] for one in cut).replace("\n", "").replace(" ", "") == "".join(text.split())
