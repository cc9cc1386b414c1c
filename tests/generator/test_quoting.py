"""What of a sentence is quoted."""

from __future__ import annotations

import pytest

from generator.quoting import goes_on_below, lone_marks, note_marks, opening_mark


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("«Контроль — это проверка.", "Контроль — это проверка."), ("Выручка упадёт».", "Выручка упадёт"),
        ("«Да», сказал он.", "«Да», сказал он."), ("He said “no” and “yes.", "He said “no” and “yes."),
        ('"It is slow.', "It is slow."), ("“It is slow.", "It is slow."), ("", ""),
    ],
)
def test_marks_of_a_speech_that_goes_on_elsewhere_are_not_quoted(text: str, shown: str) -> None:
    left, right = lone_marks(text)
    assert text[left : len(text) - right] == shown


def test_marks_of_notes_at_the_end_are_not_quoted() -> None:
    assert note_marks("It is deep.[2]") == 3 and note_marks("It is deep.") == note_marks("see [2]") == 0


def test_an_item_that_is_part_of_a_sentence() -> None:
    assert goes_on_below("a certificate;") and goes_on_below("Moving,") and not goes_on_below("It is shown.")
    assert not goes_on_below("")


def test_numbers_of_clauses_are_not_quoted() -> None:
    assert opening_mark("3.2. The student may go.") == 5 and opening_mark("3.2 Студент вправе.") == 4
    assert not any(map(opening_mark, ["3.5 km is far.", "12 apples", "3.5% of them", "1. Load."]))


def test_what_tells_where_a_sentence_stands_in_a_pdf_is_not_quoted() -> None:
    assert opening_mark("(right) Multi-head attention has several layers.") == len("(right) ")
    assert opening_mark("(Слева) Одна голова.") == len("(Слева) ")
    assert opening_mark("4To show why, assume two vectors.") == 1 and opening_mark("12В работе два набора.") == 2
    assert not any(map(opening_mark, ["1Password is a program.", "3D models are big.", "4 To go.", "(or both) It is."]))
