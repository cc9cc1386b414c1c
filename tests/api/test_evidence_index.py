"""Where a library holds the evidence of a question, however its documents were cut."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from api.evaluate.questions import EvidenceIndex
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
