"""Which questions ask for the meaning of a term, and which sentences give it."""

from __future__ import annotations

import pytest

from generator.definitions import asked_term, form, holds, named_term


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What is RoPE?", "RoPE"), ("what's a KV cache", "KV cache"), ("Define perplexity", "perplexity"),
        ("What does PEFT mean?", "PEFT"), ("Could you explain what LoRA is?", "LoRA"), ("Explain what LoRA is", "LoRA"),
        ("Who is Alan Turing?", "Alan Turing"), ("What is meant by “model collapse”?", "model collapse"),
        ("Что такое перплексия?", "перплексия"), ("Дайте определение перплексии.", "перплексии"),
        ("Объясни, что такое LoRA", "LoRA"), ("GQA — что это?", "GQA"),
        ("Кто такой Андрей Карпатый?", "Андрей Карпатый"),
        ("How does RoPE work?", None), ("What happens at temperature 10?", None), ("Почему так?", None),
        ("What is?", None),
    ],
)  # fmt: skip
def test_what_is_asked_about(question: str, term: str | None) -> None:
    assert asked_term(question) == term


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What is a knowledge graph?", "knowledge graph"), ("What is the capital of Australia?", None),
        ("What is the deadline?", None), ("What are the requirements for admission?", None),
        ("What is it used for?", None), ("Что такое граф знаний?", "граф знаний"),
    ],
)  # fmt: skip
def test_only_a_name_has_to_stand_in_the_passage(question: str, term: str | None) -> None:
    assert named_term(question) == term


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("Perplexity is the exponential of the loss.", "perplexity"),
        ("Direct preference optimization (DPO) is a method.", "DPO"),
        ("A mask in a transformer is a table.", "mask"), ("An LLM agent is a program.", "agent"),
        ("Special tokens are any that stand for a signal.", "special token"),
        ("Teacher forcing means that the model is shown the truth.", "teacher forcing"),
        ("When prompts are tasks, it is called instruction tuning.", "instruction tuning"),
        ("nanoGPT is Andrej Karpathy's repository for training.", "nanoGPT"),
        ("Перплексия (perplexity) — это экспонента потерь.", "перплексии"),
        ("Квантование нейросети — хранение весов меньшим числом бит.", "квантование"),
        ("Экономное дообучение (parameter-efficient fine-tuning, PEFT) — семейство методов.", "PEFT"),
        ("Такую утечку называют контаминацией.", "контаминация"),
        ("Академической задолженностью признаются плохие оценки.", "академическая задолженность"),
        ("Под дрейфом данных понимается их сдвиг со временем.", "дрейф данных"),
        ("Термины: комиссия – группа преподавателей; ведомость – документ.", "ведомость"),
        ("Definition 7.2 (Gini impurity). For a node with shares,", "Gini impurity"),
        ("Определение 3. Дрейф — сдвиг данных.", "дрейф"),
    ],
)
def test_a_sentence_says_what_it_is(sentence: str, term: str) -> None:
    assert form(sentence, term) == 2


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("RoPE splits each vector into pairs.", "RoPE"),
        ("Top-p (nucleus) sampling keeps the smallest set.", "top-p sampling"),
        ("Temperature T divides the logits.", "temperature"), ("Температура T делит логиты.", "температура"),
        ("QLoRA, published in 2023, combines two ideas.", "QLoRA"),
        ("Жадное декодирование (greedy) всегда берёт лучший токен.", "жадное декодирование"),
    ],
)  # fmt: skip
def test_a_sentence_says_what_it_does(sentence: str, term: str) -> None:
    assert form(sentence, term) == 1


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("The usual reading of perplexity is a branching factor.", "perplexity"),
        ("RoPE was proposed by Su and co-authors.", "RoPE"), ("LoRA adapters are small.", "LoRA"),
        ("Hallucination is a serious problem for the method.", "hallucination"),
        ("nanoGPT is for people who know PyTorch.", "nanoGPT"), ("A token is a unit.", "tokenizer"),
        ("Перплексию измеряют на тексте.", "перплексия"), ("GQA с одной группой — это MQA.", "GQA"),
        ("Смесь экспертов — не четвёртое семейство.", "смесь экспертов"), ("", "LoRA"), ("LoRA is a method.", "?"),
    ],
)  # fmt: skip
def test_or_neither(sentence: str, term: str) -> None:
    assert form(sentence, term) == 0


def test_a_text_has_a_term_in_any_form() -> None:
    assert holds("Графы знаний хранят связи.", "граф знаний") and not holds("Граница знаний модели", "граф знаний")
    assert holds("Reinforcement learning from human feedback works.", "RLHF")
    assert holds("FlashAttention is exact.", "flash attention") and holds("A mask hides.", "masking")
    assert not holds("Batches are huge.", "gradient clipping")


@pytest.mark.parametrize("text", ["слово " * 5000, "of word " * 5000, "(a" * 5000, "is called " * 5000, "a, " * 5000])
def test_no_text_takes_for_ever(text: str) -> None:
    assert form(f"Перплексия {text}", "перплексия") == 0 and asked_term(f"What is {text}") is None
