"""Written claims on passages of shared text sets, true and false: loader. The passages themselves are not here.

    claims/<language>.jsonl   {"set": "llm_docs", "row": "<row id>", "start": 0, "end": 900, "evidence": [120, 240],
                               "claim": "...", "fault": "number" | "name" | "negation" | "relation" | "addition"}

The passage is `text[start:end]` of the row, its evidence sentence `text[evidence[0]:evidence[1]]`. A claim without a
fault is one that the passage carries, in other words; one with a fault looks like the evidence sentence and is not
carried, because of that fault. So true claims share fewer words with the passage than false ones: what tells them
apart by that has learnt how they were written, not what they say (api/experiments/entailment/features.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from corpus.records import LANGUAGES, NOWHERE, ROOT, Language, Place, known_fields, parse_line, read_lines, text_field

Fault = Literal["number", "name", "negation", "relation", "addition"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
SETS = ("llm_docs", "tech_docs_en", "tech_docs_ru")

_FIELDS = {"set", "row", "start", "end", "evidence", "claim", "fault"}
_DEV_SHARE = 0.25


@dataclass(frozen=True)
class Claim:
    """A statement on characters start to end of row `row` of `set`. evidence: the sentence it is on, in the same row.
    fault: None for a true one."""

    language: Language
    set: str
    row: str
    start: int
    end: int
    evidence: tuple[int, int]
    text: str
    fault: Fault | None
    place: Place = NOWHERE

    @property
    def split(self) -> Literal["train", "dev"]:
        """By the row's name alone, so that all claims on one text stay on one side."""
        drawn = int(hashlib.sha256(self.row.encode()).hexdigest()[:8], 16) / 2**32
        return "dev" if drawn < _DEV_SHARE else "train"


def load_claims(root: Path = ROOT) -> list[Claim]:
    """All claims, English first, in file order. Raises CorpusError for a broken line."""
    return [claim for language in LANGUAGES for claim in _load(root / "claims" / f"{language}.jsonl", language)]


def _load(path: Path, language: Language) -> list[Claim]:
    if not path.is_file():
        return []
    found = []
    for line, place in read_lines(path):
        record = parse_line(line, place)
        known_fields(record, _FIELDS, place)
        start, end, evidence = record.get("start"), record.get("end"), record.get("evidence")
        ends = [start, end, *evidence] if isinstance(evidence, list) else []
        if len(ends) != 4 or not all(type(n) is int for n in ends):
            raise place.error("start, end and the two ends of evidence have to be whole numbers")
        first, last = cast(list[int], evidence)
        if not 0 <= cast(int, start) <= first < last <= cast(int, end):
            raise place.error("the evidence does not lie between start and end")
        fault = record.get("fault")
        if fault is not None and fault not in FAULTS:
            raise place.error(f"unknown fault {fault!r} (known: {', '.join(FAULTS)})")
        found.append(Claim(
            language, text_field(record, "set", place), text_field(record, "row", place), cast(int, start),
            cast(int, end), (first, last), text_field(record, "claim", place), fault, place,
        ))  # fmt: skip
    return found
