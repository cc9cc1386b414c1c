"""Sentence splitting: what must hold for any text, and the hard cases of both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sentences import split_sentences


def _split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@given(st.text(alphabet='aBЖд.!?… \n()«»"1,;т e.g[^]²', max_size=200))
def test_every_visible_character_is_in_exactly_one_trimmed_sentence(text: str) -> None:
    spans = split_sentences(text)
    assert spans == sorted(spans)
    assert all(start < end and text[start:end].strip() == text[start:end] for start, end in spans)
    assert all(first[1] <= second[0] for first, second in zip(spans, spans[1:], strict=False))
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())


@pytest.mark.parametrize(
    "sentences",
    [
        ["Модель, т. е. сеть, обучена.", "Она работает."],
        ["Это т.е. так.", "И т. д. и т. п.", "Потом ещё раз."],
        ["Волна поднимается до 2 м.", "Переправа закрыта."], ["Сумма выросла до 2,1 млрд.", "Задержка дорога."],
        ["Yes. They need a card."], ["Нет. Так нельзя.", "Можно иначе."],
        ["Definition 7.2 (Gini impurity). For a node it is this.", "It is zero."],
        ["Определение 3. Дрейф — это сдвиг.", "Он мешает."], ["We prove Theorem 2.", "It is old."],
        ["См. рис. 3 и табл. 2.", "На с. 5 есть формула."],
        ["В 2017 г. Vaswani и др. предложили трансформер.", "В 2018 г. вышел BERT."],
        ["Он вышел в 2018 г.", "Модель стала известной."],
        ["В работе А. С. Иванова показано это.", "«Что делать?» — спросил он.", "Ответа не было."],
        ["Это стоит 5 тыс. руб. за штуку.", "Дорого!", "Правда?"],
        ["It uses heads, e.g. Eight of them, i.e. Many.", "That is all."],
        ["As Vaswani et al. (2017) show, it works.", "Devlin et al. Brown agree."],
        ["This was found by Devlin et al.", "The model is large."],
        ["See Fig. 3 and Eq. 2.", "Dr. A. Smith agrees.", "So does Prof. J. R. R. Tolkien."],
        ["The key matrix K. Values come next."],
        ["We multiply by the matrix V.", "The result is scaled."],
        ["It has 1.5 billion parameters (see Sec. 3. It is big).", "Next."],
        ["Wait...", "What?!", "Yes."],
        ["He said “Stop.”", "Then he left."],
        ["A study, \"Is DPO Superior?\" (Xu, 2024), found more.", "It says \"No.\"", "(See below.)"],
        ["It says \"no.\"", "(See below.) vLLM is fast.", "They are \"large.\"", "(a) it has heads."],
        ["Работа «Зачем?» (Сюй, 2024) отвечает.", "Он спросил: «Зачем?»", "(И ушёл.)"],
        ["这是一个模型。", "它很大！"],
        ["It is fast.[1]", "BERT is not.[2][3]", "GPT is.[^1]", "LoRA too.[^lora2]", "It ends.²", "So do.[4, 5]"],
        ["Why?”[1]", "He left.[a]", "Он быстр.[12]", "Модель велика."],
        ["It was shown before.3", "The model is big.", "Llama 3.1 The.", "Рис.3 Архитектура модели."],
        ["Vaswani et al.[12] Transformer.", "It is [5].", "[6] is older."],
        ["В 2017 г. Васвани и др. [1] предложили трансформер.", "В мае 2018 г. Девлин и др. (2018) показали BERT."],
        ["Вышел в 2018 г.", "Модель известна.", "В XX в. Марков ввёл цепи.", "Есть BERT и др.", "[5] Обзор велик."],
        ["Дж. Хинтон писал в янв. 2020 г.", "Их св. 100, т. наз. Эксперты, вып. 3, прил. 2.", "Yu. Malkov made HNSW."],
        ["The U.S. Army uses Alg. 1 of it.", "It was made in the U.S.", "The end."],
    ],
)
def test_known_boundaries(sentences: list[str]) -> None:
    assert _split(" ".join(sentences)) == sentences


def test_lines_and_blank_lines_end_sentences() -> None:
    text = "Title without a stop\n\nText of it.\n- one item\n- another\n1. First\n2. Second"
    assert _split(text) == [
        "Title without a stop",
        "Text of it.",
        "- one item",
        "- another",
        "1. First",
        "2. Second",
    ]


def test_a_line_that_goes_on_in_lower_case_is_one_sentence() -> None:
    assert _split("It was broken\nin the middle. Then\nit ended.") == [
        "It was broken\nin the middle.",
        "Then\nit ended.",
    ]


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert split_sentences(text) == []
