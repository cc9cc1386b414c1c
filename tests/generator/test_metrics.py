"""Match and F1 by worked examples, in both languages."""

from __future__ import annotations

import pytest

from generator.metrics import exact_match, match, match_all, token_f1, words


def test_russian_strings_compare_by_lemma_and_without_the_dots_of_yo() -> None:
    assert match("Модель обучают на трёх этапах.", ["три этапа"])
    assert not match("Модель обучают на трёх этапах.", ["три этапа"], lemmas=False)
    assert match("всё просто", ["все просто"], lemmas=False)


def test_a_gold_string_has_to_stand_as_whole_words() -> None:
    assert not match("It took 1978 steps", ["197"])
    assert match("It took 3,5 GB.", ["3.5 GB"])
    assert not match("", ["x"]) and not match("x", [])


def test_both_sides_are_needed_where_both_are_asked() -> None:
    assert match_all("DPO is simple, RLHF costly", [["simple"], ["costly", "dear"]])
    assert not match_all("DPO is simple", [["simple"], ["costly"]])


def test_token_f1_of_the_textbook() -> None:
    # found: "in 2017" (2 words), wanted: "2017" (1): precision 1/2, recall 1, F1 2/3.
    assert token_f1("in 2017", ["2017"]) == pytest.approx(2 / 3)
    assert exact_match("The Transformer", ["transformer"])
    assert words("The A an") == []
