"""Written claims and labelled triples: what ships is clean, splits hold, and each fault is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.check_claims import check_claims
from corpus.claims import load_claims
from corpus.records import CorpusError
from corpus.triples import Triple, load_labels, write_triples

ROW: dict[str, Any] = {
    "set": "llm_docs", "row": "a:b.md", "start": 10, "end": 90, "evidence": [20, 60],
    "claim": "A cache stores the keys of tokens.",
}  # fmt: skip


def write(root: Path, *rows: dict[str, Any], name: str = "claims/en.jsonl") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return root


def test_what_ships_is_clean_and_is_there() -> None:
    sizes, findings = check_claims(Path(__file__).parents[2] / "corpus")
    assert not [finding for finding in findings if finding.level == "error"]
    assert min(sizes["claims en, true"], sizes["claims ru, false"]) > 300


def test_all_claims_on_one_text_are_on_one_side() -> None:
    claims = load_claims()
    sides: dict[str, set[str]] = {}
    for claim in claims:
        sides.setdefault(claim.row, set()).add(claim.split)
    assert all(len(side) == 1 for side in sides.values())
    assert 0.15 < sum(claim.split == "dev" for claim in claims) / len(claims) < 0.4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fault": "typo"}, "unknown fault"), ({"evidence": [5, 60]}, "does not lie"), ({"evidence": [20]}, "whole"),
        ({"text": "x"}, "unknown field"), ({"start": "10"}, "whole"),
    ],
)  # fmt: skip
def test_a_broken_claim_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError, match=f"en.jsonl:1: .*{message}"):
        load_claims(write(tmp_path, {**ROW, **change}))


def test_claims_that_come_twice_or_are_of_no_set_are_found(tmp_path: Path) -> None:
    write(tmp_path, ROW, {**ROW, "fault": "number"}, {**ROW, "set": "books", "claim": "Short."})
    found = " ".join(finding.message for finding in check_claims(tmp_path)[1])
    assert "twice" in found and "unknown set" in found and "1 words" in found


def test_triples_without_labels_go_out_and_with_them_come_back(tmp_path: Path) -> None:
    path = tmp_path / "triples" / "labels.jsonl"
    write_triples(path, [Triple("1", "ru", "Что?", "Кэш хранит ключи.", "Кэш хранит ключи и значения.")])
    with pytest.raises(CorpusError, match="label"):
        load_labels(tmp_path)
    row = json.loads(path.read_text(encoding="utf-8"))
    write(tmp_path, {**row, "label": "supported", "second": "partly"}, name="triples/labels.jsonl")
    [one] = load_labels(tmp_path)
    assert (one.label, one.second, one.triple.sentence) == ("supported", "partly", "Кэш хранит ключи.")
    del row["language"]
    write(tmp_path, {**row, "label": "not"}, name="triples/labels.jsonl")
    [one] = load_labels(tmp_path)
    assert (one.triple.language, one.second) == ("ru", None)
    assert load_labels(tmp_path / "nowhere") == []
