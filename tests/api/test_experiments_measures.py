"""One answer: its figures by hand, its cause, and arms that do what they are named for."""

from __future__ import annotations

import pytest

from api.evaluate.overlap import overlaps
from api.evaluate.questions import EvidenceIndex
from api.experiments import arms, metrics
from api.experiments.arms import Result
from api.experiments.causes import cause_of
from api.experiments.knobs import Control, Knobs
from api.experiments.measures import judge
from api.pipeline import Pipeline
from corpus.format import Evidence
from tests.api.experiment_cases import GROWS, STORES, abstained, answered, citation, question, unanswerable


def test_a_right_answer_with_the_right_citation_has_all_figures() -> None:
    judged = judge(question(), answered("It stores the keys and values.", citation()))
    assert (judged.outcome, judged.supported) == ("right", True)
    assert judged.values == pytest.approx({
        metrics.COVERAGE: 1, metrics.RIGHT: 1, metrics.REFUSED_ANSWERABLE: 0, metrics.F1: 1, metrics.WRONG: 0,
        metrics.WRONG_SUPPORTED: 0, metrics.WRONG_UNSUPPORTED: 0, metrics.CONFIDENCE: 0.8, metrics.IN_EVIDENCE: 1,
        metrics.CITATION_RECALL: 1, metrics.CITATION_PRECISION: 1,
    })  # fmt: skip


def test_wrong_answers_are_split_by_what_they_cite() -> None:
    supported = judge(question(), answered(GROWS, citation(GROWS)))
    assert supported.outcome == "wrong" and supported.values[metrics.WRONG_SUPPORTED] == 1
    assert supported.values[metrics.CITATION_PRECISION] == 0 == supported.values[metrics.CITATION_RECALL]
    made_up = judge(question(), answered("Elephants sleep standing up.", citation()))
    assert made_up.values[metrics.WRONG_UNSUPPORTED] == 1 and made_up.supported is False


def test_a_number_that_the_quote_lacks_is_unsupported() -> None:
    judged = judge(question(), answered("A KV cache stores the 12 tokens of past.", citation()))
    assert judged.supported is False


def test_a_closed_book_is_judged_by_the_gold_evidence() -> None:
    held = judge(question(gold=("nothing",)), answered("A cache stores past tokens.", mode="closed_book"))
    invented = judge(question(gold=("nothing",)), answered("I like elephants.", mode="closed_book"))
    assert held.values[metrics.WRONG_SUPPORTED] == 1 and invented.values[metrics.WRONG_UNSUPPORTED] == 1
    assert metrics.CITATION_PRECISION not in invented.values
    echo = judge(unanswerable(), answered("What does a KV cache store?", mode="closed_book"))
    assert echo.supported is False  # nothing stands behind an answer to what has none


def test_an_abstention_has_no_rightness_among_answers() -> None:
    judged = judge(question(), abstained())
    assert judged.outcome == "abstained" and judged.supported is None
    assert judged.values == {metrics.COVERAGE: 0, metrics.RIGHT: 0, metrics.REFUSED_ANSWERABLE: 1, metrics.F1: 0}
    assert judge(unanswerable(), abstained()).values == {metrics.COVERAGE: 0, metrics.REFUSED_UNANSWERABLE: 1}
    assert judge(unanswerable(), answered(STORES, citation())).values[metrics.WRONG] == 1


def test_citation_recall_counts_quotes_and_precision_counts_citations() -> None:
    both = question(evidence=(Evidence("a.md", STORES), Evidence("a.md", GROWS)))
    judged = judge(both, answered(STORES, citation(STORES), citation("Cats are no part of this document.")))
    assert judged.values[metrics.CITATION_RECALL] == 0.5 == judged.values[metrics.CITATION_PRECISION]


def test_quotes_overlap_by_a_run_of_eight_words_or_the_whole_of_the_shorter() -> None:
    long = "one two three four five six seven eight nine ten"
    assert overlaps(long, "zero two three four five six seven eight nine end")
    assert not overlaps(long, "zero two three four five six seven eight end begin")
    assert overlaps(long, "Four, five!") and not overlaps(long, "five four") and not overlaps(long, "")


def test_a_wrong_answer_has_the_first_cause_that_applies() -> None:
    wrong = answered(GROWS, citation(GROWS, "other"))
    assert cause_of(unanswerable(), Result(wrong), frozenset()) == "should have abstained"
    assert cause_of(question(), Result(wrong, ("x", "y")), {"gold"}) == "retriever miss"
    assert cause_of(question(), Result(wrong, ("x", "gold")), {"gold"}) == "reranker miss"
    assert cause_of(question(), Result(wrong, ("d:0-53",)), {"d:0-53"}) == "evidence ignored"
    cited = answered("Wrong words.", citation())
    assert cause_of(question(), Result(cited, ("d:0-53",)), {"d:0-53", "another"}) == "guess"


def ask(pipeline: Pipeline, knobs: Knobs, seed: int = 0, text: str = "What does its memory grow with?") -> Result:
    """The arm's answer to a question on the last sentence of the English note."""
    asked = question(question=text, evidence=(Evidence("notes/en/kv-cache.md", GROWS),))
    pipeline.sync()
    return arms.answer(pipeline, EvidenceIndex(pipeline.library), asked, knobs, seed)


def test_rag_and_closed_book_are_what_the_pipeline_answers(pipeline: Pipeline) -> None:
    result = ask(pipeline, Knobs(top_k=1))
    plain = pipeline.ask(pipeline.prepare("What does its memory grow with?", top_k=1))
    assert result.answer.sentences == plain.sentences and len(result.answer.hits) == 1
    assert len(result.candidates) > 1  # the reranker saw more than was read
    closed = ask(pipeline, Knobs(mode="closed_book"))
    assert closed.answer.mode == "closed_book" and closed.candidates == ()
    unranked = ask(pipeline, Knobs(top_k=1, rerank=False))
    assert unranked.candidates == tuple(h.chunk.id for h in unranked.answer.hits)


def test_the_oracle_reads_the_evidence_whatever_a_search_finds(pipeline: Pipeline) -> None:
    result = ask(pipeline, Knobs(oracle=True), text="Кто такие слоны?")
    assert all(GROWS in h.chunk.text for h in result.answer.hits) and result.answer.hits
    nothing = arms.answer(pipeline, EvidenceIndex(pipeline.library), unanswerable(), Knobs(oracle=True), 0)
    assert nothing.answer.hits  # no passage holds the evidence: what a search finds is read


def test_the_oracle_never_searches_for_evidence_that_the_library_does_not_hold(pipeline: Pipeline) -> None:
    asked = question(evidence=(Evidence("notes/en/kv-cache.md", "This sentence stands in none of the notes."),))
    result = arms.answer(pipeline, EvidenceIndex(pipeline.library), asked, Knobs(oracle=True), 0)
    assert result.answer.status == "abstained" and not result.answer.hits and not result.candidates


@pytest.mark.parametrize("control", ["always_refuse", "copy_first_sentence", "shuffled_citations"])
def test_controls_behave_as_theory_says(pipeline: Pipeline, control: Control) -> None:
    result = ask(pipeline, Knobs(control=control))
    answer = result.answer
    for sentence in answer.sentences:
        for cited in sentence.citations:
            assert pipeline.document(cited.document_id).text[cited.start : cited.end] == cited.quote
    if control == "always_refuse":
        assert answer.status == "abstained" and not answer.sentences and answer.reason
    elif control == "copy_first_sentence":
        assert answer.hits[0].chunk.text.startswith(answer.sentences[0].citations[0].quote)
        assert judge(question(), answer).supported
    else:
        plain = ask(pipeline, Knobs()).answer
        assert [s.text for s in answer.sentences] == [s.text for s in plain.sentences]


def test_shuffled_citations_fall_on_any_sentence_read_and_depend_on_the_seed_alone(pipeline: Pipeline) -> None:
    def places(seed: int) -> list[tuple[str, int]]:
        sentences = ask(pipeline, Knobs(control="shuffled_citations"), seed).answer.sentences
        return [(c.document_id, c.start) for sentence in sentences for c in sentence.citations]

    assert places(1) == places(1)
    assert len({tuple(places(seed)) for seed in range(10)}) > 2


def test_hits_that_are_given_are_read_in_place_of_a_search(pipeline: Pipeline) -> None:
    request = pipeline.prepare("What does a KV cache store?")
    (first, *_) = pipeline.search(request)
    assert pipeline.ask(request, [first]).hits == (first,)
    assert pipeline.ask(request, []).status == "abstained"
