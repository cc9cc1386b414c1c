"""The shipped embedder: English is segmented as before, Russian keeps its letters, meanings meet across languages."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from retrieval import bilingual
from retrieval.embedder import ENGLISH_NAME, BilingualEmbedder, load_embedder
from retrieval.errors import WeightsError


@lru_cache(maxsize=1)
def embedder() -> BilingualEmbedder:
    loaded = load_embedder()
    assert isinstance(loaded, BilingualEmbedder)
    return loaded


@pytest.mark.parametrize(
    "text",
    ["Self-attention (2017) isn't naïve: Ångström, façade!", "GPT-4o's 3.5 tokens/s", "  spaces\tand\nlines  "],
)
def test_english_is_segmented_as_by_the_english_model(text: str) -> None:
    english = Tokenizer.from_file(str(bilingual.base_folder() / "tokenizer.json"))
    english.no_padding()
    english.no_truncation()
    assert embedder().tokenizer.encode(text).tokens == english.encode(text).tokens


def test_russian_keeps_its_short_i_and_reads_yo_as_ye() -> None:
    tokenizer = embedder().tokenizer
    tokens = "".join(tokenizer.encode("Ёлка и новый чай", add_special_tokens=False).tokens).replace("##", "")
    assert tokens == "елкаиновыйчай"
    decomposed = "новы\u0438\u0306"  # й in two code points
    assert tokenizer.encode(decomposed).ids == tokenizer.encode("новый").ids


def test_russian_takes_few_tokens() -> None:
    sentence = "Модель предсказывает следующий токен по всем предыдущим токенам последовательности"
    assert embedder().count_tokens(sentence) - 2 <= 2 * len(sentence.split())


def test_a_translation_is_nearer_than_any_other_sentence() -> None:
    english = ["The cache stores keys and values of past tokens.", "Moscow is the capital of Russia.",
               "The learning rate is too high.", "Dogs bark at night."]
    russian = ["Кэш хранит ключи и значения прошлых токенов.", "Москва — столица России.",
               "Скорость обучения слишком велика.", "Ночью лают собаки."]
    scores = embedder().encode(english) @ embedder().encode(russian).T
    assert scores.argmax(axis=0).tolist() == scores.argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_a_vector_depends_on_its_text_alone() -> None:
    texts = ["short", "a much longer sentence about retrieval and ranking " * 3, "кэш", "short"]
    together = embedder().encode(texts, batch_size=2)
    alone = np.vstack([embedder().encode([text]) for text in texts])
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    # bfloat16 rounds differently in differently padded batches: the directions agree.
    assert ((together * alone).sum(axis=1) > 0.999).all()
    assert (together[0] * together[3]).sum() > 0.999


def test_token_vectors_leave_out_the_special_tokens() -> None:
    (states,) = embedder().token_vectors(["keys and values"])
    assert states.shape == (3, embedder().dimension)
    assert np.allclose(np.linalg.norm(states, axis=1), 1.0, atol=1e-3)


def test_long_texts_are_cut_where_the_model_ends() -> None:
    long = "word " * 1000
    assert embedder().count_tokens(long) > embedder().max_tokens
    assert embedder().encode([long]).shape == (1, embedder().dimension)


@pytest.mark.parametrize("name", [bilingual.WEIGHTS_FILE, bilingual.PIECES_FILE])
def test_damaged_weights_are_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "embedder"
    shutil.copytree(bilingual.SHIPPED, folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(WeightsError, match="damaged"):
        bilingual.load(folder)


def test_missing_weights_name_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="lectern train embedder"):
        bilingual.load(tmp_path)


def test_the_english_model_stays_selectable() -> None:
    english = load_embedder(ENGLISH_NAME)
    assert english.languages == frozenset({"en"})
    vectors = english.encode(["a cat", "a kitten", "tax law"])
    assert vectors.shape == (3, english.dimension) and vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert english.count_tokens("a cat") == 4


@pytest.mark.parametrize("name", [None, ENGLISH_NAME])
def test_tokens_come_with_the_vectors_that_encode_gives(name: str | None) -> None:
    encoder = load_embedder(name)
    texts = ["keys and values", "", "a longer sentence about retrieval, ranking and reading " * 40, "one"]
    vectors, tokens = encoder.encode_with_tokens(texts)
    assert ((vectors * encoder.encode(texts)).sum(axis=1) > 0.999).all()
    assert [len(one) for one in tokens] == [3, 0, encoder.max_tokens - 2, 1]
    assert all(np.allclose(np.linalg.norm(one, axis=1), 1.0, atol=1e-3) for one in tokens)
    assert encoder.encode_with_tokens([])[1] == []
