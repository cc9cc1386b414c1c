"""Parallel sentences for distillation: read, cleaned, and split so that what is measured was never trained on."""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COURSES = frozenset({"hf_course", "hf_agents_course", "prompt_guide"})


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation; `source` names the collection."""

    english: str
    russian: str
    source: str


def read_json_lines(path: Path) -> Iterator[dict[str, object]]:
    """Rows of a `.jsonl.xz` file."""
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def held_back(pair: Pair) -> bool:
    """True for a tenth of the course pairs, chosen by hash: they measure, they never train."""
    return pair.source in COURSES and hashlib.sha256(pair.english.encode()).digest()[0] < 26


def _cyrillic_share(text: str) -> float:
    letters = [letter for letter in text if letter.isalpha()]
    return sum("а" <= letter.lower() <= "ё" for letter in letters) / max(1, len(letters))


def _plausible(pair: Pair) -> bool:
    """Drops the untranslated and the obviously misaligned: they would teach that anything means anything."""
    ratio = len(pair.russian) / max(1, len(pair.english))
    return 0.4 < ratio < 2.5 and len(pair.english) > 3 and _cyrillic_share(pair.russian) > 0.4


def load_pairs(path: Path) -> list[Pair]:
    """Distinct plausible pairs of a parallel file, in file order."""
    seen: set[tuple[str, str]] = set()
    pairs = []
    for row in read_json_lines(path):
        pair = Pair(str(row["en"]).strip(), str(row["ru"]).strip(), str(row["source"]))
        key = (pair.english.lower(), pair.russian.lower())
        if key not in seen and _plausible(pair):
            seen.add(key)
            pairs.append(pair)
    return pairs


def split_pairs(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """(train, held back). A sentence that is held back under one source is dropped from training under any."""
    held = [pair for pair in pairs if held_back(pair)]
    texts = {pair.english.lower() for pair in held} | {pair.russian.lower() for pair in held}
    train = [
        pair
        for pair in pairs
        if not held_back(pair) and pair.english.lower() not in texts and pair.russian.lower() not in texts
    ]
    return train, held
