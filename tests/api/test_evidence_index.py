"""Questions and their documents: where a library holds the evidence, and which questions of a file share their luck."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.evaluate.questions import EvidenceIndex, load
from corpus.format import Evidence
from ingest.document import Chunk, chunk_id
from ingest.library import Library
from tests.api.experiment_cases import question

QUOTE = "The cache stores every key it has seen. It grows by one row with each token."
ELSEWHERE = "Keys are vectors. Each of them belongs to one token."


def gold(quote: str, texts: Sequence[str]) -> set[str]:
    """The texts of the chunks, each of a document of its own, in which the quote is found."""
    chunks = {chunk_id(str(n), 0, len(text)): text for n, text in enumerate(texts)}
    held = [Chunk(name, name.split(":")[0], 0, len(text), text) for name, text in chunks.items()]
    index = EvidenceIndex(cast(Library, SimpleNamespace(chunks=lambda: held)))
    return {chunks[name] for name in index.gold(question(evidence=(Evidence("notes/en/kv-cache.md", quote),)))}


@given(st.integers(0, len(QUOTE)), st.sampled_from(["", "(", "Before it. "]), st.sampled_from(["", ").", " After it."]))
def test_a_quote_that_is_cut_anywhere_is_found_in_the_chunk_with_more_of_it(cut: int, before: str, after: str) -> None:
    texts = [(before + QUOTE[:cut]).strip(), (QUOTE[cut:] + after).strip(), ELSEWHERE]
    found = gold(QUOTE, texts)
    assert found and ELSEWHERE not in found
    if abs(cut - len(QUOTE) / 2) > 1:
        assert found == {texts[0] if cut > len(QUOTE) / 2 else texts[1]}


def test_a_quote_that_is_whole_somewhere_is_not_looked_for_in_parts() -> None:
    assert gold(QUOTE, [QUOTE, QUOTE[:60], ELSEWHERE]) == {QUOTE}


def test_the_end_of_a_short_quote_is_not_the_quote() -> None:
    assert gold("It is 512.", ["I use 512.", "It is 51", "12."]) == set()
    assert gold("It is 512.", ["Its width? It is 512.", "I use 512."]) == {"Its width? It is 512."}
    assert gold("512", ["(512)", "51"]) == {"(512)"}


def rows(*pairs: tuple[str, str | None]) -> str:
    """A question file with pairs (id, document of the quote, None: unanswerable)."""
    lines = []
    for name, document in pairs:
        evidence = [] if document is None else [{"document": document, "quote": QUOTE}]
        kind = {"kind": "fact"} if document else {"kind": "unanswerable", "fault": "near_miss"}
        side = {"question": "Why?", "answer": "So." if document else "", "gold": ["so"] if document else []}
        lines.append(json.dumps({"id": name, **kind, "en": {**side, "evidence": evidence}}))
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["q{}", "q-{:02}"])
def test_questions_of_a_file_share_their_luck_by_document_whatever_their_ids(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(rows(*((name.format(n), f"paper-{n % 20}.pdf") for n in range(40)), (name.format(40), None)))
    asked = load(str(path))
    assert len({one.unit for one in asked if one.answerable}) == 20
    assert all((one.unit == other.unit) == (one.evidence == other.evidence) for one in asked for other in asked)


def test_unanswerable_questions_go_with_their_id_and_languages_stay_together(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(rows(("cache-01", "a.md"), ("cache-02", None), ("other-01", None), ("third-01", "a.md")))
    assert [one.unit for one in load(str(path))] == ["a.md", "a.md", "other", "a.md"]
    side = {"question": "Why?", "answer": "So.", "gold": ["so"]}
    both = {code: {**side, "evidence": [{"document": f"{code}.md", "quote": "x"}]} for code in ("en", "ru")}
    path.write_text(json.dumps({"id": "two-01", "kind": "fact", **both}))
    assert {one.unit for one in load(str(path))} == {"en.md"}
