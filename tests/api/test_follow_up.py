"""Follow-up questions, by the rule that the module states."""

from __future__ import annotations

import pytest

from api.follow_up import content_words, is_follow_up, search_text
from api.question import MAX_QUESTION_CHARS


@pytest.mark.parametrize(
    "question",
    [
        "Why?",
        "How large is it?",
        "And in Russian?",
        "What about DPO?",
        "Do they need a reward model?",
        "Почему?",
        "А во время обучения?",
        "Зачем он нужен?",
        "Чем это отличается от дообучения?",
    ],
)
def test_these_lean_on_what_was_said(question: str) -> None:
    assert is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is LoRA?",
        "What does a KV cache store?",
        "Что такое RLHF?",
        "Из каких этапов состоит обучение LLM?",
        "Which papers describe retrieval during generation?",
        "Explain quantization",
    ],
)
def test_these_stand_alone(question: str) -> None:
    assert not is_follow_up(question)
    assert search_text(question, ["How does attention work?"]) == question


def test_a_follow_up_borrows_the_subject_of_the_last_question_that_stands_alone() -> None:
    earlier = ["What is tokenization?", "What does a KV cache store?", "Why is it large?"]
    assert (
        search_text("And how can it be shrunk?", earlier) == "And how can it be shrunk? KV cache store large"
    )


def test_words_are_borrowed_once_and_not_from_the_question_itself() -> None:
    assert (
        search_text("Is it a cache?", ["Cache of keys or cache of values?"]) == "Is it a cache? keys values"
    )


def test_more_is_not_borrowed_than_a_question_may_hold() -> None:
    found = search_text("And why is it so?", ["What is " + " ".join(f"word{n}" for n in range(2_000))])
    assert found.startswith("And why is it so? word0 word1 ") and len(found) <= MAX_QUESTION_CHARS < len(found) + 9


def test_without_earlier_questions_there_is_nothing_to_borrow() -> None:
    assert search_text("Why?", []) == "Why?"


def test_content_words_keep_names_whole() -> None:
    assert content_words("What is the context of GPT-4 and Llama-2 0.5?") == [
        "context",
        "GPT-4",
        "Llama-2",
        "0.5",
    ]
