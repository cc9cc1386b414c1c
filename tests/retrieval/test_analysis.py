"""What `analyze` promises about Russian, English and what lies between."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.analysis import FUNCTION_WORDS, _cached_terms, analyze, analyze_query


def shared(first: str, second: str) -> set[str]:
    """Terms by which `second` would find `first`."""
    return set(analyze(first)) & set(analyze_query(second))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("токенизаторы моделей", "модель"),
        ("Обучение с учителем", "обучения"),
        ("Large language models", "model"),
        ("the tokens are cached", "caching"),
        ("Ёлка", "елка"),
        ("моде\u0301ль", "модель"),  # stress mark
        ("и\u0306од", "йод"),  # й in two characters
        ("naïve Bayes", "naive"),
        ("ﬁne", "fine"),  # ligature
        ("ＧＰＴ", "gpt"),  # full width
        ("co\u00adoperate", "cooperate"),  # soft hyphen
        ("GPT-4", "gpt4"),
        ("gpt_4", "GPT-4"),
        ("GPT-4", "gpt 4"),
        ("Llama-2-7b", "7B"),
        ("fine-tuning", "finetuning"),
        ("fine-tuning", "fine tuning"),
        ("дообучение LLM-ки", "LLM"),
        ("LLMки", "llm"),
        ("порог 0,5", "0.5"),
        ("3,000 GPUs", "3000"),
        ("the model's weights", "model"),
        ("大语言模型", "语言"),
    ],
)
def test_a_text_is_found_by(text: str, query: str) -> None:
    assert shared(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [("йод", "иод"), ("0.5", "5"), ("2020", "20"), ("что", "кто такой"), ("мир", "mir")],
)
def test_a_text_is_not_found_by(text: str, query: str) -> None:
    assert not shared(text, query)


def test_the_same_form_matches_in_two_terms_another_inflection_in_one() -> None:
    assert len(shared("модели", "модели")) == 2
    assert len(shared("модели", "моделью")) == 1


def test_stems_and_forms_never_collide() -> None:
    terms = analyze("model models модель модели")
    stems = {term for term in terms if not term.startswith("=")}
    forms = {term for term in terms if term.startswith("=")}
    assert stems == {"model", "модел"}
    assert forms == {"=model", "=models", "=модель", "=модели"}


def test_function_words_go_from_questions_only() -> None:
    assert analyze_query("Что такое KV cache?") == analyze("KV cache")
    assert "=такое" in analyze("Что такое KV cache?")


def test_a_question_of_function_words_keeps_them() -> None:
    assert analyze_query("Кто ты?") == analyze("Кто ты?") != []


def test_function_words_are_written_as_they_are_compared() -> None:
    assert all(word == word.lower() and "ё" not in word for word in FUNCTION_WORDS)


@pytest.mark.parametrize("text", ["", "  \n", "?!…—", "_", "'", "\u0301", "-"])
def test_nothing_gives_no_terms(text: str) -> None:
    assert analyze(text) == []
    assert analyze_query(text) == []


def test_what_is_no_word_is_left_out() -> None:
    assert analyze("a" * 100_000) == []
    assert len(analyze("-".join(["a"] * 1000))) < 5_000


@given(st.text(max_size=200))
def test_terms_are_clean_whatever_the_text(text: str) -> None:
    for term in analyze(text):
        assert term
        assert term != "="
        assert "\n" not in term and "\t" not in term and " " not in term
        assert term == term.lower()


@given(st.text(max_size=100), st.text(max_size=100))
def test_lines_are_analysed_independently(first: str, second: str) -> None:
    # A combining mark at the start of the second text would join the last letter of the first; a line break
    # parts them.
    assert analyze(first + "\n" + second) == analyze(first) + analyze("\n" + second)


def test_threads_get_what_one_thread_gets() -> None:
    """Snowball stemmers keep state: unguarded, two threads mix their words."""
    stems, endings = ["модел", "токен", "вниман", "обучен", "градиент"], ["ами", "ов", "иями", "ать", "ение", "ого"]
    words = [stem + ending for stem in stems for ending in endings]
    expected = [analyze(word) for word in words]
    results: list[list[list[str]]] = []

    def work() -> None:
        results.append([analyze(word) for word in words])

    interval_seconds = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # change threads in the middle of a word
    try:
        for _ in range(5):
            _cached_terms.cache_clear()
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval_seconds)
    assert len(results) == 20
    assert all(result == expected for result in results)
