"""Which Russian pieces join the vocabulary: the ones a WordPiece trainer finds most useful on Russian text.

Sennrich et al. 2016, arXiv 1508.07909 (merges of frequent pairs), as the `tokenizers` library implements it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from retrieval.bilingual import base_folder, normalizer
from retrieval.training.parallel import Pair, read_json_lines

RUSSIAN_PIECE = re.compile(r"(##)?[а-я]+")


def russian_text(data: Path, pairs: list[Pair], literature_chars: int = 12_000_000) -> Iterator[str]:
    """Russian text of several registers: the parallel sentences, documentation, and a slice of literature."""
    for pair in pairs:
        yield pair.russian
    for row in read_json_lines(data / "text" / "tech_docs_ru.jsonl.xz"):
        yield str(row["text"])[:20_000]
    taken = 0
    for row in read_json_lines(data / "text" / "ru_literature.jsonl.xz"):
        # The middle of a book: openings are front matter.
        text = str(row["text"])[20_000:60_000]
        taken += len(text)
        if taken > literature_chars:
            return
        yield text


def choose_pieces(texts: Iterable[str], size: int) -> list[str]:
    """About `size` Russian pieces that the English vocabulary lacks, most frequent merges first."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size + 3000, min_frequency=15, continuing_subword_prefix="##", show_progress=False,
        special_tokens=["[UNK]"],
    )
    tokenizer.train_from_iterator(texts, trainer=trainer)
    english = set((base_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines())
    ranked = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    pieces = [piece for piece, _ in ranked if RUSSIAN_PIECE.fullmatch(piece) and piece not in english]
    return pieces[:size]
