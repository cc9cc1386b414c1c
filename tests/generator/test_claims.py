"""Wrong claims differ from right ones by their fault alone; their losses are what the definitions say."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from generator.memory import Passage, Prompt
from generator.training.batches import Collator, Composer, Composition
from generator.training.claims import FAULTS, ClaimMaker, denied, with_name, with_number
from generator.training.loss import losses, sentence_loss, support_loss
from generator.training.targets import ReadingTargets
from tests.generator.test_training import EXAMPLES, example
from tests.generator.tiny import OTHER, tiny_engine

TEXT = "Ada met Babbage in 1833. Lord Byron left in 1816, and Ada was eight weeks old. She wrote 7 notes."


def test_a_number_or_a_name_becomes_another() -> None:
    rng = random.Random(1)
    for _ in range(30):
        number = with_number("Ada met Babbage in 1833.", TEXT, rng)
        assert number is not None and number != "Ada met Babbage in 1833." and number.startswith("Ada met Babbage in ")
        name = with_name("Then Ada met Babbage.", TEXT, rng)
        assert name in ("Then Byron met Babbage.", "Then Ada met Byron.")
    assert with_number("No figure.", TEXT, rng) is None
    assert with_name("nothing here", TEXT, rng) is None


@pytest.mark.parametrize(
    ("language", "sentence", "wrong"),
    [
        ("en", "It is slow.", "It is not slow."), ("en", "It is not slow.", "It is slow."),
        ("en", "It cannot run.", "It can run."), ("en", "It isn't slow.", "It is slow."), ("en", "Runs fast.", None),
        ("ru", "Кэш хранит ключи.", "Кэш не хранит ключи."), ("ru", "Он не хранит ключи.", "Он хранит ключи."),
        ("ru", "Быстрый кэш.", None),
    ],
)
def test_a_sentence_is_denied(language: str, sentence: str, wrong: str | None) -> None:
    assert denied(sentence, language, random.Random(1)) == wrong


def test_claims_say_what_holds_of_them() -> None:
    rng = random.Random(2)
    second = example("d", question="How much did it take?", answer="It took 3.5 GB.", span=(45, 48))
    maker = ClaimMaker([*EXAMPLES, second], {"a": (OTHER,)})
    right = maker.right(EXAMPLES[0], rng)
    assert right.supported and right.answers and right.fault is None
    for fault in FAULTS:
        claim = maker.wrong(EXAMPLES[0], fault, rng)
        if fault in ("number", "name", "negation"):
            assert claim is None  # the sentence lends itself to none of them
            continue
        assert claim is not None and claim.fault == fault and claim.prompt.claim
        assert claim.supported is (fault in ("neighbour", "irrelevant"))
        assert claim.answers is (False if claim.supported else None)
        assert (claim.prompt.passages[0] == OTHER) is (fault == "elsewhere")
    assert "3.5" in maker.wrong(EXAMPLES[0], "irrelevant", rng).prompt.claim  # type: ignore[union-attr]
    drawn = [maker.draw(EXAMPLES[0], rng) for _ in range(200)]
    assert 0.3 < sum(claim.fault is None for claim in drawn) / len(drawn) < 0.5


def test_the_sentence_loss_is_that_of_its_definition() -> None:
    torch.manual_seed(1)
    evidence = torch.randn(2, 2, 5)
    numbers = torch.tensor([[[0, 0, 1, 1, -1], [2, 2, 2, 3, -1]], [[0, 0, 0, -1, -1], [1, 1, -1, -1, -1]]])
    gold = torch.tensor([[[0, 0, 1, 1, 0], [0, 0, 0, 0, 0]], [[0.0] * 5, [0.0] * 5]])
    none = torch.zeros(2, dtype=torch.long)
    found = sentence_loss(evidence, ReadingTargets(none, none, none, gold, numbers))
    means = torch.stack([
        evidence[0, 0, :2].mean(), evidence[0, 0, 2:4].mean(), evidence[0, 1, :3].mean(), evidence[0, 1, 3]
    ])  # the second prompt has no gold sentence
    assert float(found) == pytest.approx(float(-means.log_softmax(0)[1]), abs=1e-5)


def test_pieces_know_their_sentence() -> None:
    engine = tiny_engine()
    collator = Collator(engine.encoder, engine.vocabulary, 60)
    composed = Composer(EXAMPLES, Composition(closed_book=0.0, unanswerable=0.0)).compose(
        EXAMPLES[0], 1, random.Random(1)
    )
    reading = collator.for_reading([composed]).reading
    assert reading is not None
    inside = reading.sentences[0][reading.sentences[0] >= 0]
    assert inside.tolist() == sorted(inside.tolist()) and int(inside.max()) == 4  # three sentences and two
    gold = reading.sentences[0][reading.evidence[0] > 0]
    assert len(set(gold.tolist())) == 1


def test_what_does_not_matter_is_not_learned_from() -> None:
    scores = torch.randn(2, 1, 2, requires_grad=True)
    support_loss(scores, torch.tensor([[1, 0], [0, -1]])).backward()  # type: ignore[no-untyped-call]
    assert scores.grad is not None and float(scores.grad[1, 0, 1]) == 0.0 != float(scores.grad[1, 0, 0])


def test_a_batch_of_claims_is_verified_as_one_by_one() -> None:
    engine = tiny_engine()
    passages = [Passage("A", TEXT), OTHER]
    claims = [("Ada met Babbage in 1833.", passages[0]), ("A token.", passages[1])]
    together = engine.verify("Who met whom?", claims)
    for claim, verdict in zip(claims, together, strict=True):
        (alone,) = engine.verify("Who met whom?", [claim])
        assert (verdict.supported, verdict.answers) == pytest.approx((alone.supported, alone.answers), abs=1e-4)
    assert engine.verify("Who?", []) == []


def test_claims_teach_the_support_head() -> None:
    engine = tiny_engine()
    maker = ClaimMaker(EXAMPLES, {"a": (OTHER,)})
    claims = [maker.draw(EXAMPLES[0], random.Random(n)) for n in range(4)]
    batch = Collator(engine.encoder, engine.vocabulary, 60).for_verifying(claims)
    result = losses(engine.model, batch, torch.device("cpu"))
    assert float(result.support.detach()) == float(result.total.detach()) > 0.0
    gradient = torch.autograd.grad(result.total, engine.model.support_head.weight)[0]
    assert float(gradient.abs().sum()) > 0.0


def test_a_claim_follows_the_question() -> None:
    encoder = tiny_engine().encoder
    without, with_claim = encoder.question("Who?"), encoder.question("Who?", "Ada met Babbage.")
    assert with_claim[: len(without)] == without and len(with_claim) > len(without)
    assert encoder.batch([replace(Prompt("Who?"), claim="")]).question_ids.tolist() == [[id_ for id_, _ in without]]
