"""What is fitted follows from the questions: weights, margins and thresholds on hand-made probes."""

from __future__ import annotations

import dataclasses
import random

import pytest

from api.evaluate import threshold_scores as scores
from api.evaluate import thresholds as fit
from corpus.format import Evidence, Language, Question
from corpus.records import NOWHERE
from generator.answerer import Probe
from generator.decisions import SENTENCE, Decisions
from generator.engine import Verdict
from generator.evidence import Candidate
from generator.grounding import Draft
from generator.options import AnswerOptions
from generator.proposals import Offer, Proposal
from tests.generator.test_answerer import DOCUMENTS, answerer, hits

GOLD, OTHER = "Keys are stored.", "It is slow here."
PASSAGE = f"{GOLD} {OTHER}"
INTERVALS = ((0, len(GOLD)), (len(GOLD) + 1, len(PASSAGE)))


def question(number: int, answerable: bool = True) -> Question:
    unit = f"u{number % 20}"
    return Question(
        id=f"{unit}-{number}-en", pair=f"{unit}-{number}", unit=unit, language="en",
        kind="fact" if answerable else "unanswerable", question="What is stored?", answer="Keys." if answerable else "",
        gold=("Keys",) if answerable else (), gold_all=(),
        evidence=(Evidence("notes/en/a.md", GOLD),) if answerable else (), fault=None if answerable else "near_miss",
        split="dev", place=NOWHERE,
    )


def row(number: int, rng: random.Random, *, answerable: bool = True, own_right: bool = True) -> fit.Probed:
    """The gold sentence has a higher cosine; the verifier knows whether the decoder's words are right."""
    cosines = (rng.gauss(2.0 if answerable else -2.0, 0.5), rng.gauss(-2.0, 0.5))
    candidates = [
        Candidate(0, interval, (0.0, 0.0, 0.0, 0.0, cosine), interval)
        for interval, cosine in zip(INTERVALS, cosines, strict=True)
    ]
    written = "Keys are stored." if own_right else "It is slow."
    draft = Draft(written, 0, INTERVALS[:1], 1.0, True, -0.1 if own_right else -2.0)
    verdict = Verdict(1.0, rng.gauss(2.0 if own_right else -2.0, 0.5))
    offers = tuple(Offer(candidate, (Proposal(((draft, verdict),)),)) for candidate in candidates)
    return fit.Probed(question(number, answerable), Probe((PASSAGE,), candidates, offers))


def rows(count: int = 80) -> list[fit.Probed]:
    rng = random.Random(4)
    answerable = [row(n, rng, own_right=n % 2 == 0) for n in range(count)]
    return answerable + [row(n, rng, answerable=False, own_right=False) for n in range(count // 2)]


def test_what_tells_the_right_sentence_is_found_and_used() -> None:
    found = rows()
    fitted = fit.fit_sentences(found, Decisions())
    assert fitted.sentence[SENTENCE.index("cosine")] > 0.5
    judged = scores.cross_fitted(found, Decisions(), fit.fit_sentences)
    assert len(judged) == len(found)
    answerable = [one.right for one in judged if one.question.answerable]
    assert sum(answerable) / len(answerable) > 0.95
    for values in ([one.confidence for one in judged], [one.answerable for one in judged]):
        sure = [value for one, value in zip(judged, values, strict=True) if one.question.answerable]
        unsure = [value for one, value in zip(judged, values, strict=True) if not one.question.answerable]
        assert min(sure) > max(unsure) - 0.2 and sum(sure) / len(sure) > sum(unsure) / len(unsure) + 0.4


def test_confidence_and_abstention_can_be_fitted_without_anything_written() -> None:
    found = [dataclasses.replace(one, probe=dataclasses.replace(one.probe, offers=())) for one in rows()]
    before = Decisions(sentence=(0.0, 0.0, 0.0, 0.0, 1.0), own=0.07)
    typical = {row.question.id for row in found}
    fitted = fit.choose_thresholds(found, fit.fit_abstention(found, before), typical)
    assert (fitted.ranking, fitted.sentence, fitted.also, fitted.draft, fitted.own) == (
        before.ranking, before.sentence, before.also, before.draft, before.own
    )
    assert fitted.confidence != before.confidence and fitted.answerable != before.answerable
    lines = scores.summary(scores.cross_fitted(found, before, fit.fit_abstention), fitted.default)
    assert len(lines) == 1 and "answered 1.000" in lines[0] and "refused 0.9" in lines[0]


def test_the_decoders_words_are_shown_where_they_are_right() -> None:
    found = rows()
    typical = {row.question.id for row in found}
    decisions = fit.choose_thresholds(found, fit.fit_sentences(found, Decisions()), typical)
    answerable = [one for one in found if one.question.answerable]
    own = [
        (fit.shown(one, decisions, decisions.own).quoted == 0, one.probe.offers[0].proposals[0].text)
        for one in answerable
    ]
    right = [alone for alone, text in own if "Keys" in text]
    wrong = [alone for alone, text in own if "Keys" not in text]
    assert sum(right) / len(right) > 0.9 and sum(wrong) / len(wrong) < 0.1
    assert 0.0 < decisions.default < 1.0
    assert [point.coverage for point in decisions.curve] == sorted((p.coverage for p in decisions.curve), reverse=True)


def test_no_language_and_neither_side_is_given_up_for_the_others() -> None:
    shifts: tuple[tuple[Language, float], ...] = (("en", 0.1), ("ru", 0.0))
    asked = [
        fit.Standing(dataclasses.replace(question(number, answerable), language=language), confidence, answerable)
        for language, shift in shifts
        for answerable, confidences in ((True, (0.3, 0.5, 0.7, 0.9)), (False, (0.1, 0.3, 0.5, 0.7)))
        for number, confidence in enumerate(value + shift for value in confidences)
    ]
    assert fit.least_share(asked, 0.55) == 0.5
    assert fit.least_share(asked, 0.45) == 0.5  # English: 3 of 4 answered, 2 of 4 abstained from
    assert fit.least_share(asked, 0.0) == fit.least_share(asked, 1.1) == 0.0
    assert fit.least_share([each for each in asked if each.question.language == "ru"], 0.4) == 0.5
    assert fit.handled(asked, 0.45) == 5 / 8


def test_the_default_gives_up_no_right_answers_for_an_even_share() -> None:
    good = [fit.Standing(question(n), 0.1 + n / 1000, True) for n in range(90)]
    bad = [fit.Standing(question(n, False), 0.15, False) for n in range(10)]
    # Below 0.1 all that can be answered is; evenly shared, half of it would be given up to refuse half of the others.
    assert fit.choose_default([*good, *bad]) <= 0.1
    apart = [fit.Standing(question(n), 0.9, True) for n in range(9)] + [fit.Standing(question(9, False), 0.5, False)]
    assert 0.5 < fit.choose_default(apart) <= 0.9



@pytest.mark.parametrize("seed", range(4))
def test_what_is_fitted_is_what_is_shown(seed: int) -> None:
    one, options = answerer(also=0.01), AnswerOptions(temperature=2.0, seed=seed)
    asked = "What does the KV cache store?"
    probe = one.probe(asked, hits(), options=options, document_of=DOCUMENTS.__getitem__)
    answer = one.answer(asked, hits(), mode="rag", options=options, document_of=DOCUMENTS.__getitem__)
    told = [sentence.text for sentence in answer.sentences]
    fitted = fit.shown(fit.Probed(question(1), probe), one.decisions, one.decisions.own).text
    assert told and "".join(" ".join(told).replace(".", "").split()) == "".join(fitted.replace(".", "").split())


def test_a_further_sentence_is_bought_by_match() -> None:
    def asked(number: int, gold_first: bool) -> fit.Probed:
        found = [
            Candidate(0, interval, (value, 0.0, 0.0, 0.0, 0.0), interval)
            for interval, value in zip(INTERVALS if gold_first else INTERVALS[::-1], (1.0, 0.0), strict=True)
        ]
        return fit.Probed(question(number), Probe((PASSAGE,), found, ()))

    decisions = Decisions(sentence=(1.0, 0.0, 0.0, 0.0, 0.0))
    # The second of two such sentences has a share of 0.27.
    assert fit.choose_also([asked(n, gold_first=True) for n in range(10)], decisions) > 0.27
    assert fit.choose_also([asked(n, gold_first=n % 2 == 0) for n in range(10)], decisions) < 0.27
