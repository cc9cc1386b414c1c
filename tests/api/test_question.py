"""What may be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import QuestionError
from api.question import MAX_QUESTION_CHARS, clean_question


@given(st.text(alphabet=st.characters(), max_size=200))
def test_a_cleaned_question_is_printable_writable_and_stays_so(text: str) -> None:
    try:
        cleaned = clean_question(text)
    except QuestionError:
        assert not any(character.isalnum() for character in text)
        return
    cleaned.encode("utf-8")
    assert "\n" not in cleaned and "\x00" not in cleaned
    assert clean_question(cleaned) == cleaned


@pytest.mark.parametrize("text", ["", " ", "\n\t", "?!…", "\x00\x1b", "\ud800"])
def test_nothing_to_ask_is_an_error(text: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        clean_question(text)


def test_a_question_has_a_longest_length() -> None:
    assert len(clean_question("x" * MAX_QUESTION_CHARS)) == MAX_QUESTION_CHARS
    with pytest.raises(QuestionError, match="100,000"):
        clean_question("x" * 100_000)


def test_composed_and_decomposed_letters_are_the_same_question() -> None:
    assert clean_question("что такое и\u0306?") == "что такое й?"
