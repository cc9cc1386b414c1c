"""Questions by rule: what is masked stands in the passage, and in the sentence that is named as evidence."""

from __future__ import annotations

import random

from generator.training.cloze import MASK, Chunk, masked, paired
from retrieval.training.parallel import Pair

LIGHTHOUSE = (
    "Маяк на мысе построили в середине девятнадцатого века. Первым смотрителем был назначен Лещенко, отставной боцман "
    "флота. Лампу зажигали каждый вечер ровно за час до захода солнца. Однажды зимой боцмана Лещенко сменил его "
    "старший сын Андрей. Туман держался над проливом по несколько недель подряд. Теперь в башне устроен небольшой "
    "музей с видом на море."
)
PAIRS = [
    Pair("The cache keeps the keys of every layer.", "Кэш хранит ключи каждого слоя модели.", "x"),
    Pair("It was added in PyTorch 2.0 by its authors.", "Это добавили в PyTorch 2.0 его авторы.", "x"),
    Pair("Nothing is computed twice in this way.", "Ничего не вычисляется дважды таким образом.", "x"),
    Pair("The memory grows with the length of the text.", "Память растёт вместе с длиной текста.", "x"),
    Pair("Several requests may share a prefix of theirs.", "Несколько запросов могут делить общее начало.", "x"),
]


def test_a_masked_word_is_found_in_another_sentence_in_any_inflection() -> None:
    chunks = [Chunk("Маяк", "ru", LIGHTHOUSE), *[Chunk("", "ru", f"Слово номер {n} стоит одно.") for n in range(60)]]
    for seed in range(20):
        (example,) = masked("set", chunks, random.Random(seed))
        text, ((evidence,),) = example.passages[0].text, example.evidence
        assert example.span is not None and MASK in example.question
        word = text[slice(*example.span)]
        assert word in ("Лещенко", "боцман", "боцмана")
        assert word in text[slice(*evidence)] == example.answer and example.answer in LIGHTHOUSE
        asked = example.question.replace(MASK, "").split()
        assert len(asked) > 4 and " ".join(asked) not in text and "Лещенко" in example.question + example.answer


def test_a_part_of_a_compound_is_not_the_word() -> None:
    text = (
        "Set the value of max_length before training begins here. The tokenizer reads min_length and nothing else. "
        "A 64-bit build was published in the spring. Another 32-bit build came out much later on."
    )
    chunks = [Chunk("", "en", text), *[Chunk("", "en", f"Line number {n} stands alone.") for n in range(60)]]
    for seed in range(20):
        for example in masked("set", chunks, random.Random(seed)):
            assert example.span is not None
            assert example.passages[0].text[slice(*example.span)] == "build" and "_[MASK]" not in example.question


def test_a_text_in_which_no_word_recurs_gives_nothing() -> None:
    assert masked("set", [Chunk("", "en", "One thing. Another matter. Something else entirely happened here.")],
                  random.Random(0)) == []


def test_a_sentence_is_asked_of_its_translation() -> None:
    made = list(paired(PAIRS, 200, random.Random(3)))
    assert len(made) > 100 and {example.language for example in made} == {"en", "ru"}
    other = {pair.english: pair.russian for pair in PAIRS} | {pair.russian: pair.english for pair in PAIRS}
    for example in made:
        text, ((evidence,),) = example.passages[0].text, example.evidence
        assert text[slice(*evidence)] == example.answer
        if example.span is None:
            assert other[example.question] == example.answer
        else:
            word = text[slice(*example.span)]
            assert word in example.answer and example.question.replace(MASK, word) == other[example.answer]
    assert any(example.span for example in made)
