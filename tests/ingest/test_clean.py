"""Cleaning: characters, hyphenation, paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import (
    Hyphenation,
    clean_characters,
    clean_line,
    clean_lines,
    joined_paragraphs,
    looks_garbled,
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("ﬁne-tuning of eﬃcient ﬂows", "fine-tuning of efficient flows"),
        ("и\u0306 е\u0308", "й ё"),
        ("ten² stays", "ten² stays"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("private \ue123 use", "private use"),
        ("a\u00a0b\u2003c\td", "a b c d"),
        ("half \ud83d surrogate", "half surrogate"),
        ("nul\x00l", "null"),
    ],
)
def test_clean_line(raw: str, clean: str) -> None:
    assert clean_line(raw) == clean


@given(st.text())
def test_cleaning_twice_changes_nothing_and_the_result_can_be_stored(text: str) -> None:
    once = clean_characters(text)
    assert clean_characters(once) == once
    once.encode("utf-8")
    assert "\0" not in once and "\r" not in once


def test_clean_lines_keeps_indentation_and_single_empty_lines() -> None:
    assert clean_lines("\n\ndef f():\n\treturn 1   \n\n\n\nx = 2\n") == "def f():\n    return 1\n\nx = 2"


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("a ques-", "tion here", "a question here"),
        ("the pre-", "training run", "the pre-training run"),
        ("of high-", "quality text", "of high-quality text"),
        ("state-of-the-", "art", "state-of-the-art"),
        ("GPT-", "Neo", "GPT-Neo"),
        ("LAN-", "GUAGE", "LANGUAGE"),
        ("from 2017-", "2018", "from 2017-2018"),
        ("слово-", "образование", "словообразование"),
        ("on the WMT 2014 English-", "to-German task", "on the WMT 2014 English-to-German task"),
        ("trained end-", "to-end", "trained end-to-end"),
        ("step-", "by-step reasoning", "step-by-step reasoning"),
        ("an LLM-", "based agent", "an LLM-based agent"),
        ("quantised to 4-", "bit weights", "quantised to 4-bit weights"),
        ("кто-", "то из них", "кто-то из них"),
        ("the trans-", "former-based model", "the transformer-based model"),
        ("no hyphen", "here", "no hyphen here"),
        ("a dash –", "here", "a dash – here"),
    ],
)
def test_hyphens_at_line_ends(left: str, right: str, joined: str) -> None:
    document = ["Our pre-training differs.", "high hopes", "good quality", "a language", left, right]
    assert Hyphenation(document).join(left, right) == joined


def test_lines_become_paragraphs_and_line_offsets_are_kept() -> None:
    lines = [
        "The first paragraph of this page is set over several lines, and the last",
        "line of it is short.",
        "The second one begins here and has a word that is bro-",
        "ken over the margin of the page, as words often are in printed matter, it",
        "ends here.",
        "A paragraph that ends in the mark of a note, after a second line which",
        "is short.[12]",
        "• an item",
        "Table 1: A caption.",
    ]
    paragraphs = joined_paragraphs(lines, Hyphenation(lines))
    assert [paragraph.text[:20] for paragraph in paragraphs] == [
        "The first paragraph ",
        "The second one begin",
        "A paragraph that end",
        "• an item",
        "Table 1: A caption.",
    ]
    assert "broken over" in paragraphs[1].text
    for paragraph in paragraphs:
        for index, offset in paragraph.line_starts:
            assert paragraph.text[offset:].startswith(lines[index].rstrip("-")[:10])


def test_a_paragraph_crosses_a_page_only_in_mid_sentence() -> None:
    wide = "this line is as wide as lines on this page of the book usually are, and it"
    lines = [wide, wide, "goes on overleaf", "in lower case.", "A new page starts a new paragraph."]
    joined = joined_paragraphs(lines, Hyphenation(lines), page_starts={3, 4})
    assert [paragraph.line_starts[0][0] for paragraph in joined] == [0, 4]


def test_notes_at_the_foot_of_a_page_are_paragraphs() -> None:
    lines = [
        "We first present the models that are used as baselines for sequence modeling and",
        "∗Equal contribution. Jakob proposed replacing RNNs with self-attention and started",
        "the effort to evaluate this idea, and others",
        "transduction problems such as language modeling of 3D models, as was shown with",
        "3D models before, which is expensive and difficult to reproduce. We argue for elec-",
        "2https://www.bing.com/new",
        "3We use the second one.",
        "that citations should be evaluated, and this text is the following page of it.",
    ]
    joined = joined_paragraphs(lines, Hyphenation(lines), page_starts={3, 7})
    assert [paragraph.line_starts[0][0] for paragraph in joined] == [0, 1, 3, 5, 6, 7]


def test_garbled_text_is_told_from_languages() -> None:
    assert not looks_garbled("Обычный текст о large language models и их обучении. " * 20)
    assert not looks_garbled("大型语言模型 are large models. " * 30)
    assert looks_garbled("".join(chr(code) for code in range(0x700, 0x1200, 3)))
