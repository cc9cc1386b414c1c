"""Whole answers over the real classes with a tiny random decoder: whatever it writes, what is shown holds."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from generator.answer import Answer, Sentence
from generator.answerer import Answerer
from generator.decisions import SENTENCE, Decisions, Point, log_odds
from generator.engine import Verdict
from generator.grounding import Draft, advantage, holds
from generator.options import AnswerOptions
from ingest.document import Chunk, Document, Page, chunk_id, document_hash
from retrieval.hit import Hit
from tests.fakes import HashEncoder
from tests.generator.tiny import OTHER, PASSAGE, tiny_engine


def document(title: str, text: str, before: str = "Opening page.\n\n") -> Document:
    whole = before + text
    pages = (Page(1, 0, len(before)), Page(2, len(before), len(whole)))
    sha = document_hash(whole)
    return Document(sha[:16], title, (f"{title}.md",), "en", sha, pages, whole)


DOCUMENTS = {d.id: d for d in (document(PASSAGE.title, PASSAGE.text), document(OTHER.title, OTHER.text))}


def hits() -> list[Hit]:
    found = []
    for rank, d in enumerate(DOCUMENTS.values(), start=1):
        start = d.pages[1].start
        chunk = Chunk(chunk_id(d.id, start, len(d.text)), d.id, start, len(d.text), d.text[start:])
        found.append(Hit(chunk, 1.0 / rank, rank, "reranked"))
    return found


def answerer(**limits: object) -> Answerer:
    values = {"default": 0.0, "own": -1.0, **limits}
    return Answerer(tiny_engine(), Decisions(**values), "0" * 16, HashEncoder().encode)  # type: ignore[arg-type]


def ask(one: Answerer, options: AnswerOptions) -> list[Sentence | Answer]:
    question = "What does the KV cache store?"
    return list(one.stream(question, hits(), mode="rag", options=options, document_of=DOCUMENTS.__getitem__))


@pytest.mark.parametrize("seed", range(10))
def test_every_quote_is_the_documents_text_and_every_page_the_quotes(seed: int) -> None:
    *_, answer = ask(answerer(), AnswerOptions(temperature=2.0, seed=seed))
    assert isinstance(answer, Answer)
    for sentence in answer.sentences:
        assert sentence.citations and f"[{sentence.citations[0].number}]" in answer.text
        for citation in sentence.citations:
            d = DOCUMENTS[citation.document_id]
            assert d.text[citation.start : citation.end] == citation.quote
            assert citation.page == d.page_of(citation.start) == 2
            assert citation.support is not None and 0.0 <= citation.support <= 1.0


@pytest.mark.parametrize("seed", range(6))
def test_streamed_sentences_are_the_answers_sentences(seed: int) -> None:
    *sentences, answer = ask(answerer(), AnswerOptions(temperature=2.0, seed=seed))
    assert isinstance(answer, Answer) and tuple(sentences) == answer.sentences
    one = answerer()
    whole = one.answer("What does the KV cache store?", hits(), mode="rag",
                       options=AnswerOptions(temperature=2.0, seed=seed), document_of=DOCUMENTS.__getitem__)
    assert whole.text == answer.text and whole.id == answer.id


def test_an_answer_from_a_document_in_another_language_says_so() -> None:
    *_, answer = ask(answerer(), AnswerOptions())
    assert isinstance(answer, Answer) and not answer.other_language
    cited = answer.sentences[0].citations[0].document_id
    for name in DOCUMENTS:
        documents = {**DOCUMENTS, name: replace(DOCUMENTS[name], language="ru")}
        again = answerer().answer("What does the KV cache store?", hits(), mode="rag", options=AnswerOptions(),
                                  document_of=documents.__getitem__)
        if again.text == answer.text:  # of what is in another language other sentences may be left out
            assert again.other_language == (name == cited)


def test_words_that_are_not_good_enough_become_a_quotation() -> None:
    *_, answer = ask(answerer(own=1.1), AnswerOptions())
    assert isinstance(answer, Answer) and [s.origin for s in answer.sentences] == ["quotation"]
    assert " ".join(answer.sentences[0].citations[0].quote.split()) == answer.sentences[0].text
    *_, unverified = ask(answerer(own=1.1), AnswerOptions(verify=False))
    assert isinstance(unverified, Answer) and {s.origin for s in unverified.sentences} == {"decoder"}


def test_sentences_beside_the_best_one_are_quoted_on_lines_of_their_own() -> None:
    *_, answer = ask(answerer(also=0.0), AnswerOptions())
    assert isinstance(answer, Answer)
    further = [sentence for sentence in answer.sentences if sentence.further]
    assert further and not answer.sentences[0].further and {one.origin for one in further} == {"quotation"}
    assert answer.text.split("\n\n")[1:] == [one.marked for one in further]


def listed(text: str, passage: str, relevance: float = 1.0) -> Answer:
    """What is answered from `passage` of a document with this text."""
    one = document("Cache", text)
    start = one.text.index(passage)
    chunk = Chunk(chunk_id(one.id, start, start + len(passage)), one.id, start, start + len(passage), passage)
    hit = Hit(chunk, relevance, 1, "reranked")
    *_, answer = answerer(also=0.0).stream(
        "What is kept?", [hit], mode="rag", options=AnswerOptions(), document_of=lambda _: one
    )
    assert isinstance(answer, Answer) and answer.sentences
    assert all(one.text[c.start : c.end] == c.quote for s in answer.sentences for c in s.citations)
    return answer


def test_a_list_is_quoted_with_an_item_to_a_line_and_never_its_announcement_alone() -> None:
    text = "Two things are kept there:\n- keys of every layer;\n  - values of every layer."
    (whole,) = listed(text, text).sentences
    assert whole.text == text and whole.origin == "quotation" and [one.quote for one in whole.citations] == [text]


def test_a_list_that_goes_on_behind_its_passage_is_quoted_to_its_end() -> None:
    text = "Two things are kept there:\n- keys of every layer;\n- values of every layer.\n\nNothing else."
    assert listed(text, "Two things are kept there:").sentences[0].text == text.split("\n\n")[0]


def test_an_item_alone_is_quoted_without_its_marker() -> None:
    text = "Kept there\n\n* We keep keys of every layer.\n* We keep values of every layer."
    first = listed(text, "* We keep keys of every layer.").sentences[0]
    assert first.text == "We keep keys of every layer." == first.citations[0].quote and first.origin == "quotation"


def test_a_row_stands_under_the_first_one_of_its_table_wherever_that_is() -> None:
    rows = ["Kept | Layers | Bytes", *(f"keys {n} | {n} | {2 * n}" for n in range(60))]
    (row,) = listed("\n".join(rows), rows[-1]).sentences
    assert row.text == f"{rows[0]}\n{rows[-1]}" and [one.quote for one in row.citations] == [rows[0], rows[-1]]
    (pair,) = listed("Kept | Bytes\nkeys | 2\nvalues | 3", "values | 3").sentences
    assert pair.text in ("values | 3", "Kept | Bytes\nkeys | 2\nvalues | 3")


def test_a_sentence_with_a_number_that_its_source_has_not_is_never_shown() -> None:
    draft = Draft("It stores 7 keys.", 0, ((0, 5),), 1.0, False, 0.0)
    sure = Verdict(9.0, 9.0)
    assert not holds(draft) and holds(replace(draft, numbers_hold=True))
    assert not holds(replace(draft, numbers_hold=True, supported=0.5))
    assert advantage(draft, sure, 0.1, Decisions()) > 0.0 > advantage(draft, Verdict(-9.0, -9.0), 0.9, Decisions())


def test_no_hits_and_low_relevance_are_refused_with_their_reason() -> None:
    one = answerer(default=1.1)
    (refused,) = ask(one, AnswerOptions())
    assert isinstance(refused, Answer) and (refused.status, refused.reason) == ("abstained", "not_answerable")
    assert refused.hits and not refused.sentences
    (off_topic,) = ask(answerer(default=1.1, on_topic=1.1), AnswerOptions())
    assert isinstance(off_topic, Answer) and off_topic.reason == "low_relevance"
    *_, forced = ask(one, AnswerOptions(abstain=False))
    assert isinstance(forced, Answer) and forced.status == "answered"
    (empty,) = one.stream("Что хранит кэш?", [], mode="rag", options=AnswerOptions(), document_of=DOCUMENTS.__getitem__)
    assert isinstance(empty, Answer) and empty.reason == "no_hits" and "документах" in empty.text


def test_what_the_reranker_did_not_read_comes_behind_what_it_did() -> None:
    one, (first, second) = answerer(), hits()
    rank = SENTENCE.index("rank")
    read = replace(first, score=0.01)

    def ranks(*found: Hit) -> dict[int, float]:
        finding = one.find("What does the KV cache store?", found, document_of=DOCUMENTS.__getitem__)
        return {candidate.passage: candidate.features[rank] for candidate in finding.candidates}

    both, unread = ranks(read, replace(second, stage="fused")), ranks(replace(second, stage="fused"))
    assert both[0] == pytest.approx(log_odds(0.01)) and both[1] == min(both[0], unread[0])


def test_closed_book_reads_no_document_and_cites_none() -> None:
    answer = answerer().answer("What is a token?", hits(), mode="closed_book", options=AnswerOptions(),
                               document_of=DOCUMENTS.__getitem__)
    assert answer.hits == () and all(not s.citations for s in answer.sentences)


def test_a_named_risk_picks_the_lowest_threshold_that_keeps_it() -> None:
    curve = (Point(0.2, 0.4, 1.0), Point(0.5, 0.2, 0.7), Point(0.8, 0.05, 0.3))
    limits = Decisions(default=0.33, curve=curve)
    for risk, threshold in ((0.25, 0.5), (0.06, 0.8), (0.0, 0.8)):
        assert limits.answers(threshold, 0.0, risk) and not limits.answers(threshold - 0.01, 1.0, risk)


def test_without_a_risk_it_is_answered_where_the_documents_are_likely_to_answer() -> None:
    limits = Decisions(default=0.33, curve=(Point(0.5, 0.2, 0.7),))
    assert limits.answers(0.1, 0.33) and not limits.answers(0.49, 0.32)
    assert limits.answers(0.5, 0.0)  # likelier right than wrong


def test_a_decoder_is_refused_when_a_byte_or_the_embedder_differs(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from types import SimpleNamespace

    from generator.checkpoint import WEIGHTS_FILE, load_decoder, save_decoder
    from generator.errors import DecoderMissing

    engine = tiny_engine()
    network = copy.deepcopy(engine.model.network)
    embedder = SimpleNamespace(tokenizer=engine.encoder.tokenizer, network=network, device="cpu")
    with pytest.raises(DecoderMissing, match="lectern train decoder"):
        load_decoder(embedder, tmp_path)  # type: ignore[arg-type]
    save_decoder(engine.model, engine.vocabulary, tmp_path, {})
    model, vocabulary, _ = load_decoder(embedder, tmp_path)  # type: ignore[arg-type]
    assert vocabulary.entries == engine.vocabulary.entries and model.config == engine.model.config
    with torch.no_grad():
        for parameter in network.encoder.layer[2].parameters():
            parameter.add_(1.0)  # above the frozen layers: the decoder reads none of it
    load_decoder(embedder, tmp_path)  # type: ignore[arg-type]
    with torch.no_grad():
        network.embeddings.word_embeddings.weight[5, 0].add_(1.0)
    with pytest.raises(DecoderMissing, match="another embedder"):
        load_decoder(embedder, tmp_path)  # type: ignore[arg-type]
    content = bytearray((tmp_path / WEIGHTS_FILE).read_bytes())
    content[-1] ^= 1
    (tmp_path / WEIGHTS_FILE).write_bytes(bytes(content))
    with pytest.raises(DecoderMissing, match="damaged"):
        load_decoder(embedder, tmp_path)  # type: ignore[arg-type]
