"""The whole search over a small library: stages, filters, languages, and questions that are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import UnknownDocument
from ingest.library import Library
from retrieval.chunk_tokens import ChunkTokens
from retrieval.errors import IndexMissing, QueryError, RetrievalError
from retrieval.hit import Hit
from retrieval.rerank import LateInteraction, LateInteractionReranker
from retrieval.retriever import Retriever, RetrieverName
from retrieval.store import IndexStore
from tests.fakes import HashEncoder
from tests.retrieval.homes import add_document, numbered, open_store

CACHE = "The KV cache stores the keys and values of earlier tokens."
KESH = "Кэш ключей и значений хранит вычисленное для прошлых токенов."


@pytest.fixture
def store(tmp_path: Path, library: Library) -> Iterator[IndexStore]:
    add_document(library, "Inference", [CACHE, "Batching serves many users at once."])
    add_document(library, "Инференс", [KESH, "Батчинг обслуживает сразу многих."], language="ru")
    add_document(library, "Sampling", ["Temperature divides the logits.", "Nucleus sampling keeps a share."])
    store = open_store(tmp_path, library)
    store.sync()
    yield store


def retriever(store: IndexStore, encoder: HashEncoder | None = None, *, rerank: bool = True) -> Retriever:
    encoder = encoder or HashEncoder()
    late = LateInteraction(encoder, ChunkTokens(encoder, lambda _: "", store.folder))
    return Retriever(store, encoder, LateInteractionReranker(late) if rerank else None)


@pytest.mark.parametrize("name", ["hybrid", "dense", "bm25"])
@pytest.mark.parametrize("rerank", [True, False])
def test_the_right_chunk_comes_first(store: IndexStore, name: RetrieverName, rerank: bool) -> None:
    hits = retriever(store).search("what does the KV cache store?", retriever=name, rerank=rerank)
    assert hits[0].chunk.text == CACHE
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)


def test_each_stage_leaves_its_score(store: IndexStore) -> None:
    words = {"coverage", "document"}
    hit = retriever(store).search("KV cache")[0]
    assert hit.parts.keys() == {"bm25", "dense", "fused", "reranked", *words}
    assert (hit.stage, hit.score) == ("reranked", hit.parts["reranked"])
    hit = retriever(store).search("KV cache", rerank=False)[0]
    assert hit.stage == "fused" and hit.parts.keys() == {"bm25", "dense", "fused", *words}
    hit = retriever(store).search("KV cache", retriever="bm25", rerank=False)[0]
    assert hit.stage == "bm25" and hit.parts.keys() == {"bm25", *words}
    hit = retriever(store, rerank=False).search("KV cache", retriever="dense")[0]
    assert hit.stage == "dense" and hit.parts.keys() == {"dense", *words}


def test_a_document_fits_as_well_as_its_three_best_chunks(store: IndexStore) -> None:
    library = store.library
    add_document(library, "", ["logits", "logits here", "logits", "nothing of it"], source="/many")
    store.sync()
    hits = retriever(store, rerank=False).search("logits", retriever="bm25", top_k=10)
    best = max(hit.parts["bm25"] for hit in hits)
    for document in {hit.chunk.document_id for hit in hits}:
        own = [hit for hit in hits if hit.chunk.document_id == document]
        scores = sorted((hit.parts["bm25"] for hit in own), reverse=True)[:3]
        held = len(library.chunks([document]))
        expected = sum(scores) / min(3, held) / best
        assert [hit.parts["document"] for hit in own] == [pytest.approx(expected)] * len(own)


@pytest.mark.parametrize("name", ["hybrid", "dense", "bm25"])
@pytest.mark.parametrize("rerank", [True, False])
def test_a_list_of_references_comes_last_unless_it_is_asked_for(
    store: IndexStore, name: RetrieverName, rerank: bool
) -> None:
    entry = "Ann Aa, Bob Bb, and Cy Cc. The KV cache stores keys. In Proceedings of KV, pp. 1–9, 2020."
    add_document(store.library, "", [entry, "Nothing of this kind."], source="/references")
    store.sync()
    searched = retriever(store)

    def texts(question: str) -> list[str]:
        within = ["/references", "/Inference"]
        found = searched.search(question, retriever=name, rerank=rerank, top_k=20, documents=within)
        return [hit.chunk.text for hit in found]

    about = texts("what does the KV cache store?")
    assert about[0] == CACHE and (entry not in about or about[-1] == entry)
    assert entry in texts("who says that the KV cache stores keys?")[:2]
    (alone,) = searched.search("KV cache keys", retriever="bm25", rerank=False, documents=["/references"])
    assert alone.chunk.text == entry  # where there is nothing else


def test_what_shares_no_word_with_the_question_fits_in_no_document(store: IndexStore) -> None:
    hits = retriever(store, rerank=False).search("zzz", retriever="dense")
    assert hits and {hit.parts["document"] for hit in hits} == {0.0}


def test_a_russian_question_finds_another_inflection(store: IndexStore) -> None:
    hits = retriever(store).search("что хранится в кэше ключей?", retriever="bm25")
    assert hits[0].chunk.text == KESH


def test_an_english_encoder_leaves_russian_to_bm25(store: IndexStore, library: Library, tmp_path: Path) -> None:
    english = HashEncoder(languages=frozenset({"en"}), seed="english")
    store = IndexStore(tmp_path / "english", library, english)
    store.sync()
    search = retriever(store, english).search
    bm25 = search("кэш прошлых токенов", retriever="bm25")
    hybrid = search("кэш прошлых токенов")
    assert [hit.chunk.id for hit in hybrid[: len(bm25)]] == [hit.chunk.id for hit in bm25]


def test_bm25_gives_only_what_matches(store: IndexStore) -> None:
    assert retriever(store).search("zebra", retriever="bm25") == []
    assert len(retriever(store).search("temperature", retriever="bm25", top_k=50)) == 1


def test_top_k_may_exceed_depth(store: IndexStore) -> None:
    assert len(retriever(store).search("the cache", top_k=6, depth=1)) == 6


def test_only_chosen_documents_are_searched(store: IndexStore, library: Library) -> None:
    sampling = next(info.id for info in library.documents() if info.title == "Sampling")
    hits = retriever(store).search("KV cache", documents=[sampling])
    assert {hit.chunk.document_id for hit in hits} == {sampling}
    assert retriever(store).search("KV cache", documents=[sampling[:6], "/Inference"])[0].chunk.text == CACHE
    assert retriever(store).search("KV cache", documents=[]) == []


def test_an_unknown_document_is_named(store: IndexStore) -> None:
    with pytest.raises(UnknownDocument, match="Sampling"):
        retriever(store).search("KV cache", documents=["sampling"])


def test_a_removed_document_is_gone_before_the_index_follows(store: IndexStore, library: Library) -> None:
    inference = next(info.id for info in library.documents() if info.title == "Inference")
    library.remove(inference)
    hits = retriever(store).search("KV cache", top_k=6)
    assert hits != [] and inference not in {hit.chunk.document_id for hit in hits}
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_a_document_that_another_store_added_is_found(store: IndexStore, library: Library, tmp_path: Path) -> None:
    search = retriever(store).search
    assert search("zebra", retriever="bm25") == []
    add_document(library, "Animals", ["A zebra has stripes."])
    open_store(tmp_path, library).sync()
    assert search("zebra", retriever="bm25")[0].chunk.text == "A zebra has stripes."


@pytest.mark.parametrize(
    "settings",
    [
        {"query": ""},
        {"query": " \n\t"},
        {"query": "x" * 100_000},
        {"query": "q", "top_k": 0},
        {"query": "q", "depth": 0},
        {"query": "q", "retriever": "bm52"},
    ],
)
def test_what_is_no_question_is_refused_in_one_line(store: IndexStore, settings: dict[str, object]) -> None:
    with pytest.raises(QueryError) as refused:
        retriever(store).search(**settings)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, RetrievalError)


@pytest.mark.parametrize("query", ["?", "…", "\u0000", "🙂", "что", "a" * 8000])
def test_strange_questions_are_answered_or_not_but_do_not_fail(store: IndexStore, query: str) -> None:
    names: tuple[RetrieverName, ...] = ("hybrid", "dense", "bm25")
    for name in names:
        retriever(store).search(query, retriever=name)


def test_an_empty_library_gives_no_hits(tmp_path: Path, library: Library) -> None:
    assert retriever(open_store(tmp_path, library)).search("anything") == []


def test_a_library_without_an_index_says_so(tmp_path: Path, library: Library) -> None:
    numbered(library, 1)
    with pytest.raises(IndexMissing, match="reindex"):
        retriever(open_store(tmp_path, library)).search("anything")


class Shown:
    """A reranker that keeps the order and remembers what it was shown."""

    def __init__(self, candidates: int, across: int) -> None:
        self.candidates, self.across = candidates, across
        self.hits: list[Hit] = []

    def rerank(self, query: str, hits: Sequence[Hit], top_k: int) -> list[Hit]:
        del query  # the order does not depend on it
        self.hits = list(hits)
        return self.hits[:top_k]


class Bilingual(HashEncoder):
    """A fake that reads a few Russian words as English ones, so that translations meet."""

    WORDS = {"кэш": "cache", "хранит": "stores", "ключи": "keys", "температура": "temperature"}

    def _directions(self, text: str) -> NDArray[np.float32]:
        return super()._directions(" ".join(self.WORDS.get(word, word) for word in text.lower().split()))


@pytest.mark.parametrize("rerank", [True, False])
def test_of_a_passage_and_its_translation_the_one_in_the_questions_language_comes_first(
    tmp_path: Path, library: Library, rerank: bool
) -> None:
    encoder = Bilingual()
    add_document(library, "", ["cache stores keys"])
    add_document(library, "", ["кэш хранит ключи"], source="/ru", language="ru")
    add_document(library, "", ["temperature"], source="/other")
    store = open_store(tmp_path, library, encoder)
    store.sync()
    search = retriever(store, encoder).search
    for query in ("cache stores keys", "stores cache keys"):
        hits = search(query, retriever="dense", rerank=rerank)
        assert [hit.chunk.text for hit in hits] == ["cache stores keys", "temperature", "кэш хранит ключи"]
    for query in ("кэш хранит ключи", "хранит ключи кэш"):
        hits = search(query, retriever="dense", rerank=rerank)
        assert [hit.chunk.text for hit in hits] == ["кэш хранит ключи", "temperature", "cache stores keys"]
    # What exists in the other language only stays where it is.
    assert search("температура", retriever="dense", rerank=rerank)[0].chunk.text == "temperature"


@pytest.fixture
def mixed(tmp_path: Path, library: Library) -> Iterator[IndexStore]:
    """Many English chunks that share the question's words, one with a Russian translation, and Russian ones without."""
    add_document(library, "", [f"what the cache stores {number}" for number in range(8)] + ["cache stores keys"])
    add_document(library, "", ["кэш хранит ключи"], source="/translation", language="ru")
    only = ["температура", "кэш температура кэш", "кэш раз два три четыре"]
    add_document(library, "", only, source="/ru", language="ru")
    store = open_store(tmp_path, library, Bilingual())
    store.sync()
    yield store


def test_what_is_only_in_the_other_language_is_shown_to_the_reranker(mixed: IndexStore) -> None:
    """Behind the best of fusion come the nearest foreign chunks: those of a search among all, less translations."""
    encoder, query = Bilingual(), "what the cache stores"
    plain = retriever(mixed, encoder, rerank=False).search(query, top_k=3)
    assert not any("foreign" in hit.parts for hit in plain)
    shown = Shown(candidates=3, across=2)
    search = Retriever(mixed, encoder, shown)
    search.search(query, top_k=3)
    assert search.candidates(query, top_k=3) == shown.hits
    assert [hit.chunk.id for hit in shown.hits[:3]] == [hit.chunk.id for hit in plain]
    assert [hit.rank for hit in shown.hits] == [1, 2, 3, 4, 5]
    foreign = [chunk for chunk in mixed.library.chunks() if chunk.text[0] in "кт" and chunk.text != "кэш хранит ключи"]
    cosine = {chunk.id: float(encoder.encode([chunk.text])[0] @ encoder.encode([query])[0]) for chunk in foreign}
    nearest = sorted(cosine, key=lambda name: -cosine[name])[:2]
    assert [hit.chunk.id for hit in shown.hits[3:]] == nearest
    assert all(hit.parts["foreign"] == 1.0 for hit in shown.hits[3:])
    assert [hit.parts["dense"] for hit in shown.hits[3:]] == pytest.approx([cosine[name] for name in nearest])


def test_a_translation_that_fusion_puts_too_far_behind_is_shown_in_the_place_of_the_foreign_chunk(
    mixed: IndexStore
) -> None:
    shown = Shown(candidates=1, across=5)
    search = Retriever(mixed, Bilingual(), shown)
    search.search("what the cache stores")
    texts = [hit.chunk.text for hit in shown.hits]
    assert "cache stores keys" in texts[1:] and "кэш хранит ключи" not in texts
    assert "foreign" not in shown.hits[texts.index("cache stores keys")].parts


def test_a_foreign_chunk_stands_once_and_within_the_chosen_documents(mixed: IndexStore) -> None:
    search = Retriever(mixed, Bilingual(), Shown(candidates=3, across=5))
    for query in ("what the cache stores", "температура", "cache temperature", "zzz"):
        for top_k in (1, 5, 20):
            hits = search.search(query, top_k=top_k)
            assert len({hit.chunk.id for hit in hits}) == len(hits) and [h.rank for h in hits] == list(
                range(1, len(hits) + 1)
            )
    assert not any("foreign" in hit.parts for hit in search.search("кэш", documents=["/ru"], top_k=20))


def test_how_many_are_wanted_changes_neither_what_is_looked_at_nor_the_first(mixed: IndexStore) -> None:
    shown = Shown(candidates=3, across=2)
    search = Retriever(mixed, Bilingual(), shown)
    for name in ("hybrid", "bm25", "dense"):
        few = search.search("what the cache stores", top_k=2, retriever=name)
        looked_at = shown.hits
        many = search.search("what the cache stores", top_k=12, retriever=name)
        assert shown.hits == looked_at == search.candidates("what the cache stores", top_k=12, retriever=name)
        assert many[:2] == few and len(many) > len(looked_at)


def test_other_searches_look_for_nothing_in_other_languages(mixed: IndexStore) -> None:
    english = Bilingual(languages=frozenset({"en"}))
    own = Bilingual()
    searches: list[tuple[Bilingual, RetrieverName]] = [(own, "bm25"), (own, "dense"), (english, "hybrid")]
    for encoder, name in searches:
        shown = Shown(candidates=2, across=5)
        Retriever(mixed, encoder, shown).search("what the cache stores", retriever=name, top_k=2)
        assert len(shown.hits) == 2
