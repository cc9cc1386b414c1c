"""The texts that the verifier learns from: documentation under licences that allow it, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrieval.analysis import FUNCTION_WORDS, analyze
from retrieval.training.documentation import is_open
from retrieval.training.parallel import read_json_lines

SETS = ("tech_docs_en", "tech_docs_ru", "llm_docs")
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Source:
    """A document of a shared set."""

    set: str
    id: str
    text: str

    @property
    def paragraphs(self) -> list[str]:
        return _BLANK_LINE.split(self.text)


def load_sources(data: Path) -> list[Source]:
    """Documents of `data/text` whose licence allows training, by set and file order. Raises OSError, ValueError."""
    return [
        Source(name, row["id"], row["text"]) for name in SETS for row in _rows(data / "text" / f"{name}.jsonl.xz")
        if is_open(row["license"])
    ]  # fmt: skip


def stems(text: str) -> list[str]:
    """The stems of the content words, in order."""
    return [term for term in analyze(text) if term[0] != "=" and term not in _function_stems()]


@lru_cache(maxsize=1)
def _function_stems() -> frozenset[str]:
    return frozenset(term for word in FUNCTION_WORDS for term in analyze(word) if term[0] != "=")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    yield from read_json_lines(path)
