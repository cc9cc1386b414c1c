"""Language detection on documents and one-line questions."""

from __future__ import annotations

import pytest

from ingest.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What does a KV cache store?", "en"),
        ("Что такое KV cache?", "ru"),
        ("Чем LoRA лучше full fine-tuning для Llama 2 7B chat?", "ru"),
        ("Что такое Retrieval-Augmented Generation?", "ru"),
        ("Кто предложил Mixture of Experts и Switch Transformer?", "ru"),
        ("«Токен» is Russian for token, and this is all that this long English sentence says.", "en"),
        ("The word «токен» means token in Russian, as the paper says.", "en"),
        ("LoRA", "en"),
        ("токен", "ru"),
        ("Ця модель є великою, її навчено на текстах українською мовою, і вона їх розуміє.", "uk"),
        ("Das Modell ist auf vielen Texten trainiert und wird von der Firma nicht verkauft.", "de"),
        ("Le modèle est entraîné sur des textes et il est une des références dans le domaine.", "fr"),
        ("这是一个大型语言模型", "zh"),
        ("これはモデルです", "ja"),
        ("", "en"),
        ("12 + 30 = 42", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert detect_language(text) == language
