"""The lexicon on disk: `words.txt`, a stem a line, and arrays over it in `lexicon.safetensors`.

    rarity [V] float16; company [W, D] int8, of the first W words, brought to length 1 again when read;
    paraphrase_ends [V] int32, paraphrase_words [P] int32, paraphrase_likeness [P] uint8 (of 255)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from api.experiments.entailment.lexicon import Lexicon

WORDS_FILE, ARRAYS_FILE = "words.txt", "lexicon.safetensors"


def save_lexicon(lexicon: Lexicon, folder: Path) -> None:
    """Raises OSError."""
    others = {stem for known in lexicon.paraphrases.values() for stem in known} | lexicon.paraphrases.keys()
    placed = sorted(lexicon.rows, key=lexicon.rows.__getitem__)
    words = placed + sorted((others | lexicon.rarity.keys()) - lexicon.rows.keys())
    numbers = {word: n for n, word in enumerate(words)}
    known = [sorted(lexicon.paraphrases.get(word, {}).items()) for word in words]
    arrays: dict[str, NDArray[np.generic]] = {
        "rarity": np.array([lexicon.rarity_of(word) for word in words], np.float16),
        "unseen": np.array([lexicon.unseen], np.float32),
        "company": np.round(lexicon.company * 127).astype(np.int8),
        "paraphrase_ends": np.cumsum([len(one) for one in known]).astype(np.int32),
        "paraphrase_words": np.array([numbers[stem] for one in known for stem, _ in one], np.int32),
        "paraphrase_likeness": np.array([round(255 * value) for one in known for _, value in one], np.uint8),
    }
    save_file(arrays, folder / ARRAYS_FILE)
    (folder / WORDS_FILE).write_text("\n".join(words) + "\n", encoding="utf-8")


def load_lexicon(folder: Path) -> Lexicon:
    """Raises OSError, ValueError, KeyError where the files are missing or broken."""
    words = (folder / WORDS_FILE).read_text(encoding="utf-8").split("\n")[:-1]
    arrays = load_file(folder / ARRAYS_FILE)
    company = arrays["company"].astype(np.float32)
    company /= np.maximum(np.linalg.norm(company, axis=1, keepdims=True), 1e-9)
    likeness = (arrays["paraphrase_likeness"] / 255).tolist()
    others = arrays["paraphrase_words"].tolist()
    paraphrases: dict[str, dict[str, float]] = {}
    start = 0
    for word, end in zip(words, arrays["paraphrase_ends"].tolist(), strict=True):
        if end > start:
            near = zip(others[start:end], likeness[start:end], strict=True)
            paraphrases[word] = {words[n]: value for n, value in near}
        start = end
    rarity = dict(zip(words, arrays["rarity"].astype(np.float64).tolist(), strict=True))
    rows = {word: n for n, word in enumerate(words[: len(company)])}
    return Lexicon(rarity, paraphrases, rows, company, float(arrays["unseen"][0]))
