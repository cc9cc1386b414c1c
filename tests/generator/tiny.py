"""A decoder small enough to run anywhere: the real classes over the real tokenizer, random weights, float32."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import nn

from generator.engine import Engine
from generator.memory import Passage, Prompt, PromptEncoder
from generator.model import Decoder, DecoderConfig
from generator.vocabulary import Vocabulary
from retrieval.bert import Bert, BertShape
from retrieval.bilingual import build_tokenizer

RUSSIAN_PIECES = ["токен", "модель", "кэш", "ключи", "значения", "хранит", "слово"]
PASSAGE = Passage(
    "KV cache", "The KV cache stores keys and values. In 2017 it took 3.5 GB, the authors say. Кэш хранит ключи."
)
OTHER = Passage("Tokens", "A token is a piece of a word. Models read tokens one by one.")
TEXTS = [
    "The cache stores keys and values of past tokens.", "It is a piece of a word.", "Кэш хранит ключи и значения.",
]


@lru_cache(maxsize=1)
def tiny_engine() -> Engine:
    """Two frozen and one joint layer of width 32, two decoder blocks."""
    tokenizer = build_tokenizer(RUSSIAN_PIECES)
    torch.manual_seed(0)
    shape = BertShape(tokenizer.get_vocab_size(), width=32, layers=3, heads=4, hidden=64)
    network = Bert(shape).eval()
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
    vocabulary = Vocabulary.choose(tokenizer, TEXTS, 200)
    config = DecoderConfig(
        frozen_layers=2, joint_layers=1, memory_width=32, width=24, layers=2, heads=4, groups=2, head_width=6,
        hidden=48, pointer_width=16,
    )
    model = Decoder(config, network, vocabulary).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    return Engine(model, vocabulary, PromptEncoder(tokenizer))


def prompts() -> list[Prompt]:
    """Two passages, one passage, none; questions of different lengths."""
    return [
        Prompt("What does the KV cache store in 1999?", (PASSAGE, OTHER)),
        Prompt("Что хранит кэш?", (PASSAGE,)),
        Prompt("What is a token, in short, and why do models read tokens?"),
    ]
