"""One answer: its figures by hand, its cause, and arms that do what they are named for."""

from __future__ import annotations

import dataclasses
import math

import pytest

from api.evaluate.overlap import overlaps
from api.evaluate.questions import EvidenceIndex
from api.experiments import arms, metrics
from api.experiments.arms import Result
from api.experiments.causes import cause_of
from api.experiments.finding import does_search, judged_by_place
from api.experiments.knobs import Control, Knobs
from api.experiments.measures import counterparts, judge
from api.experiments.refusal import grounded_refusal
from api.pipeline import Pipeline
from corpus.format import Evidence
from tests.api.experiment_cases import GROWS, STORES, abstained, answered, citation, hit, question, unanswerable


def test_a_right_answer_with_the_right_citation_has_all_figures() -> None:
    judged = judge(question(), answered("It stores the keys and values.", citation()))
    assert (judged.outcome, judged.supported) == ("right", True)
    assert judged.values == pytest.approx({
        metrics.COVERAGE: 1, metrics.RIGHT: 1, metrics.REFUSED_ANSWERABLE: 0, metrics.F1: 1, metrics.WRONG: 0,
        metrics.WRONG_SUPPORTED: 0, metrics.WRONG_UNSUPPORTED: 0, metrics.CONFIDENCE: 0.8, metrics.IN_EVIDENCE: 1,
        metrics.CITATION_RECALL: 1, metrics.CITATION_PRECISION: 1, metrics.EXACT: 1,
        metrics.SUPPORTED: 1, metrics.CHANCE: 1,
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
    zeros = dict.fromkeys((metrics.COVERAGE, metrics.RIGHT, metrics.F1, metrics.EXACT), 0.0)
    assert judged.values == {**zeros, metrics.REFUSED_ANSWERABLE: 1}
    assert judge(unanswerable(), abstained()).values == {metrics.COVERAGE: 0, metrics.REFUSED_UNANSWERABLE: 1}
    assert judge(unanswerable(), answered(STORES, citation())).values[metrics.WRONG] == 1


def test_exact_match_is_of_the_whole_answer_but_for_case_punctuation_and_articles() -> None:
    # "It stores the keys and values." is the reference "It stores keys and values."; "Keys and values" a gold string.
    for text, exact in (("it stores the keys, and values", 1), ("Keys and values!", 1), ("Past keys and values.", 0)):
        assert judge(question(), answered(text, citation())).values[metrics.EXACT] == exact


def test_places_of_the_evidence_by_hand() -> None:
    hits = tuple(dataclasses.replace(hit(name), rank=rank) for rank, name in enumerate("abcdef", start=1))
    read = answered(STORES, citation(), hits=hits[::-1])  # in another order than they were found in
    found = judged_by_place(Result(read, (), None, ("a", "b", "x", "f")), {"b", "f"})
    # of the best five a..e one of two; the first at place 2; gains at places 2 and 4 over those at places 1 and 2
    assert found[metrics.RECALL] == 0.5 and found[metrics.MRR] == 0.5
    assert found[metrics.NDCG] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))
    nothing = judged_by_place(Result(read, (), None, ()), {"b"})  # it searched, and what it found is shown as nearest
    assert nothing[metrics.RECALL] == nothing[metrics.MRR] == nothing[metrics.NDCG] == 0
    assert judged_by_place(Result(read), ()) == {}


def test_places_are_of_arms_that_search() -> None:
    for knobs in (Knobs(), Knobs(control="shuffled_citations"), Knobs(query="hyde")):
        assert does_search(knobs)
    for knobs in (Knobs(mode="closed_book"), Knobs(oracle=True), Knobs(control="always_refuse")):
        assert not does_search(knobs)


def test_grounded_refusal_by_hand() -> None:
    # The sample output of the authors' program (declare-lab/trust-align, docs/concepts/metrics.md): ten questions,
    # seven answerable, five of these answered, all others refused. F1 of refusing 2·3 / (5 + 3), of answering
    # 2·5 / (5 + 7).
    answerable, shares = [True] * 7 + [False] * 3, [1.0] * 5 + [0.0] * 5
    found = grounded_refusal(answerable, shares, range(10))
    assert found is not None and found.mean == pytest.approx((0.75 + 10 / 12) / 2) == pytest.approx(0.7916666666)
    assert found.low <= found.mean <= found.high and (found.questions, found.clusters) == (10, 10)
    always, never = (grounded_refusal(answerable, [share] * 10, range(10)) for share in (1.0, 0.0))
    assert always is not None and always.mean == pytest.approx((0 + 14 / 17) / 2)
    assert never is not None and never.mean == pytest.approx((6 / 13 + 0) / 2)
    half = grounded_refusal([True, False], [0.5, 0.0], ["u", "u"])  # answered with one seed of two
    assert half is not None and half.mean == pytest.approx((2 * 0.5 / 1.5 + 2 / 2.5) / 2)
    assert grounded_refusal([True, True], [1.0, 0.0], ["u", "v"]) is None


RUSSIAN = "KV-кэш хранит ключи и значения прошлых токенов."
COUNTERPART = question(
    id="kv-cache-01-ru", language="ru", answer="Он хранит ключи и значения.", gold=("ключи и значения",),
    evidence=(Evidence("notes/ru/kv-cache.md", RUSSIAN),),
)  # fmt: skip


def test_an_answer_in_the_other_language_is_held_to_what_is_right_there() -> None:
    foreign = answered(RUSSIAN, citation(RUSSIAN))
    assert judge(question(), foreign).outcome == "wrong"
    found = judge(question(), foreign, counterpart=COUNTERPART)
    own = judge(COUNTERPART, foreign)
    chance = metrics.CHANCE  # the sentences that were read are in English: evidence of the one question alone
    assert {**found.values, chance: 0} == {**own.values, chance: 0} and found.supported == own.supported
    assert found.outcome == "right" and found.values[metrics.CITATION_PRECISION] == 1
    assert judge(COUNTERPART, answered(STORES, citation()), counterpart=question()).outcome == "right"
    assert judge(question(), answered("Слоны спят стоя."), counterpart=COUNTERPART).outcome == "wrong"
    carried = judge(question(), foreign, None, lambda _claim, text: "хранит" in text, COUNTERPART)
    assert carried.values[metrics.HALLUCINATED] == 0 and carried.values[metrics.SELF_KNOWLEDGE] == 1


def test_an_answer_in_the_questions_language_is_judged_by_that_alone() -> None:
    loose = question(id="x-01-ru", language="ru", gold=("GPU",), answer="GPU", evidence=COUNTERPART.evidence)
    for text in (STORES, "It runs on a GPU of the kind that people have at home.", "It stores keys and values."):
        answer = answered(text, citation())
        assert judge(question(), answer, counterpart=loose) == judge(question(), answer)
    assert judge(question(), abstained(), counterpart=loose) == judge(question(), abstained())
    assert judge(unanswerable(), answered(RUSSIAN), counterpart=unanswerable(language="ru")).outcome == "wrong"
    alone = question(id="y-01-en", pair="y-01")
    assert counterparts([question(), alone, COUNTERPART]) == {
        question().id: COUNTERPART, COUNTERPART.id: question()
    }  # fmt: skip


def test_citation_recall_counts_quotes_and_precision_counts_citations() -> None:
    both = question(evidence=(Evidence("a.md", STORES), Evidence("a.md", GROWS)))
    judged = judge(both, answered(STORES, citation(STORES), citation("Cats are no part of this document.")))
    assert judged.values[metrics.CITATION_RECALL] == 0.5 == judged.values[metrics.CITATION_PRECISION]


def test_citation_precision_by_chance_is_the_share_of_the_sentences_read_that_overlap_the_evidence() -> None:
    hits = (hit(text=f"{STORES} {GROWS} Cats sleep."), hit("other", "Dogs bark. They also run about all day long."))
    judged = judge(question(), answered(STORES, citation(GROWS), hits=hits))
    assert judged.values[metrics.CHANCE] == 1 / 5 and judged.values[metrics.CITATION_PRECISION] == 0
    assert metrics.CHANCE not in judge(question(), answered(STORES, hits=hits)).values  # nothing is cited


def test_shuffled_citations_are_as_often_right_as_chance_has_it(pipeline: Pipeline) -> None:
    asked = question(question="What does its memory grow with?", evidence=(Evidence("notes/en/kv-cache.md", GROWS),))
    drawn = [
        judge(asked, ask(pipeline, Knobs(control="shuffled_citations"), seed).answer).values
        for seed in range(100)
    ]
    chance = drawn[0][metrics.CHANCE]
    mean = sum(values[metrics.CITATION_PRECISION] for values in drawn) / len(drawn)
    # one citation or two in each of 100 answers: within three standard errors
    assert 0 < chance < 1 and abs(mean - chance) < 3 * math.sqrt(chance * (1 - chance) / 100)


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
    assert result.ranking is not None and len(result.ranking) > 1  # and its own ranking goes on below what was read
    assert result.ranking[0] == result.answer.hits[0].chunk.id and closed.ranking is None
    assert ask(pipeline, Knobs(oracle=True)).ranking is None
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
