"""The verifier's features by hand, its weights' properties, and that it stands in for the head wherever it is."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from generator.checkpoint import SHIPPED
from generator.engine import Engine, PieceScores, Reading, Verdict
from generator.memory import Passage
from generator.training.claims import FAULTS, ClaimMaker, claims_of
from generator.training.verifier import claim_rows, cross_fitted, fit_verifier, fold_of
from generator.verifier import ANSWERS, SUPPORTED, Verifier, features
from tests.generator.test_training import EXAMPLES, example
from tests.generator.tiny import OTHER, PASSAGE, tiny_engine

ENGLISH = Passage("Ada", "Ada Lovelace met Charles Babbage in 1833. She wrote 7 notes on his engine.")
RUSSIAN = Passage("Ада", "Ада Лавлейс встретила Чарльза Бэббиджа в 1833 году. Она написала 7 заметок о его машине.")
TWINS = [
    (
        ENGLISH, "Ada Lovelace met Charles Babbage in 1833.",
        ["Ada Lovelace met Charles Babbage in 1838.", "Ada Lovelace met Charles Dickens in 1833.",
         "Ada Lovelace never met Charles Babbage in 1833."],
    ),
    (
        RUSSIAN, "Ада Лавлейс встретила Чарльза Бэббиджа в 1833 году.",
        ["Ада Лавлейс встретила Чарльза Бэббиджа в 1838 году.", "Ада Лавлейс встретила Чарльза Диккенса в 1833 году.",
         "Ада Лавлейс не встретила Чарльза Бэббиджа в 1833 году."],
    ),
]  # fmt: skip


def reading_of(passage: Passage, evidence: str, span: str) -> Reading:
    """One piece a character: log-odds 2 in the sentence `evidence`, -3 elsewhere."""
    first, start = passage.text.index(evidence), passage.text.index(span)
    pieces = tuple(
        PieceScores(n, n + 1, 2.0 if first <= n < first + len(evidence) else -3.0, 0.0, 0.0)
        for n in range(len(passage.text))
    )
    return Reading((1.0,), (pieces,), (0, start, start + len(span), 0.0))


def shipped() -> Verifier:
    found = Verifier.load(SHIPPED)
    assert found is not None
    return found


@pytest.mark.parametrize(("passage", "right", "wrong"), TWINS, ids=["en", "ru"])
def test_a_changed_number_or_name_and_a_denial_lower_support(passage: Passage, right: str, wrong: list[str]) -> None:
    reading, head, verifier = reading_of(passage, right, "1833"), Verdict(1.0, 1.0), shipped()
    copied = verifier.combined(head, "", right, passage, reading).supported
    assert copied > 0.0
    for claim in wrong:
        assert verifier.combined(head, "", claim, passage, reading).supported < min(0.0, copied)


@pytest.mark.parametrize(("passage", "right", "wrong"), TWINS, ids=["en", "ru"])
def test_a_sentence_copied_from_elsewhere_is_unsupported(passage: Passage, right: str, wrong: list[str]) -> None:
    reading = reading_of(OTHER, OTHER.text, "token")
    for claim in (right, *wrong, passage.text):
        assert shipped().combined(Verdict(1.0, 1.0), "", claim, OTHER, reading).supported < 0.0


def test_the_sentence_that_the_reader_found_answers() -> None:
    reading, verifier = reading_of(ENGLISH, "She wrote 7 notes on his engine.", "7 notes"), shipped()
    question, head = "How many notes did she write?", Verdict(1.0, 0.0)
    right = verifier.combined(head, question, "She wrote 7 notes on his engine.", ENGLISH, reading)
    other = verifier.combined(head, question, "Ada Lovelace met Charles Babbage in 1833.", ENGLISH, reading)
    assert right.answers > 0.0 > other.answers and other.supported > 0.0


def test_features_are_those_of_their_definition() -> None:
    reading = reading_of(ENGLISH, "Ada Lovelace met Charles Babbage in 1833.", "in 1833")
    head, question = Verdict(0.5, 90.0), "When did Babbage write notes?"
    supported, answers = features(head, question, "She never wrote 8 notes.", ENGLISH, reading)
    found = dict(zip(SUPPORTED, supported, strict=True))
    # wrote, 8, notes; "write" of the question is another stem than "wrote"
    assert found == pytest.approx({
        **dict.fromkeys(SUPPORTED, 0.0), "head": 0.5, "in_sentence": 2 / 3, "in_passage": 2 / 3, "numbers_missing": 1,
        "numbers_unknown": 1, "exchanged_numbers": 1, "exchanged_words": 1, "denied": 1, "negations": 1, "one": 1,
    })  # fmt: skip
    expected = {"head": 8, "question_words": 1 / 3, "evidence": -3, "evidence_lead": -5, "span_words": 0, "one": 1}
    assert dict(zip(ANSWERS, answers, strict=True)) == pytest.approx(expected)


def test_what_the_reader_did_not_see_is_no_evidence() -> None:
    reading = replace(reading_of(ENGLISH, "Ada", "Ada"), pieces=((),), span=None)
    _, answers = features(Verdict(0.0, 0.0), "Who?", "She wrote 7 notes.", ENGLISH, reading)
    assert answers == (0.0, 0.0, -12.0, 0.0, 0.0, 1.0)


def test_weights_are_loaded_as_saved(tmp_path: Path) -> None:
    assert Verifier.load(tmp_path) is None
    verifier = Verifier(tuple(float(n) for n in range(len(SUPPORTED))), tuple(float(n) for n in range(len(ANSWERS))))
    verifier.save(tmp_path)
    assert Verifier.load(tmp_path) == verifier
    assert verifier.fingerprint != replace(verifier, answers=verifier.answers[::-1]).fingerprint


def test_the_engine_asks_the_verifier_where_there_is_one() -> None:
    tiny = tiny_engine()
    only_head = Verifier((1.0, *[0.0] * (len(SUPPORTED) - 1)), (*[0.0] * (len(ANSWERS) - 1), 2.0))
    engine = Engine(tiny.model, tiny.vocabulary, tiny.encoder, combine=only_head.combined)
    claims = [("The KV cache stores keys.", PASSAGE), ("A token.", OTHER), ("A word.", PASSAGE)]
    heads = tiny.verify("What is stored?", claims)
    assert engine.verify_by_head("What is stored?", claims) == pytest.approx(heads)
    for verdict, head in zip(engine.verify("What is stored?", claims), heads, strict=True):
        assert (verdict.supported, verdict.answers) == pytest.approx((max(-8.0, min(8.0, head.supported)), 2.0))
    assert engine.verify("What is stored?", []) == []


def test_the_verifier_learns_what_is_wrong_with_claims() -> None:
    examples = []
    for n in range(24):
        answer = f"It has {n + 50} parts in all."
        passage = Passage("Engines", f"{answer} It was built by {'Ada' if n % 2 else 'Lord'} Byron in Rome.")
        examples.append(example(
            f"{n}", group=f"{n}", question="How many parts has it?", passages=(passage,), answer=answer,
            span=(7, 9), evidence=(((0, len(answer)),),),
        ))  # fmt: skip
    rows = claim_rows(tiny_engine(), list(claims_of(examples)))
    assert {row.claim.fault for row in rows} >= {None, "number", "neighbour"}
    judged = cross_fitted(rows)
    assert len(judged) == len(rows) and len({fold_of(row.example) for row in rows}) == 4
    for row, verdict in judged:
        if row.claim.fault in (None, "number"):
            assert (verdict.supported > 0.0) is (row.claim.fault is None)
    assert fit_verifier(rows) == fit_verifier(rows)


def test_each_example_gives_a_right_claim_and_one_of_each_fault() -> None:
    claims = list(claims_of(EXAMPLES))
    assert claims == list(claims_of(EXAMPLES))
    for one in EXAMPLES:
        faults = [claim.fault for other, claim in claims if other is one]
        assert len(faults) == len(set(faults)) and set(faults) <= {None, *FAULTS}
        assert (None in faults) is one.answerable
    assert ClaimMaker(EXAMPLES, {}).right(EXAMPLES[0], random.Random(1)).supported
