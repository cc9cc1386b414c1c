"""Fitted weights find what the data says; the best candidate is chosen by the sum; what is saved is what is loaded."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.decisions import CONFIDENCE, RANKING, Decisions, Point, log_odds, probability, weighted
from generator.engine import PieceScores, Reading, best_span
from generator.errors import DecoderMissing
from generator.evidence import Candidate, candidates, choose
from generator.training.fitting import fit_choice, fit_probability


def test_the_weights_of_a_choice_are_found_again() -> None:
    rng = random.Random(1)
    groups = []
    for _ in range(300):
        features = [[rng.gauss(0, 1), rng.gauss(0, 5), rng.gauss(0, 1)] for _ in range(6)]
        best = max(range(6), key=lambda n: 3 * features[n][0] - 0.4 * features[n][1])
        groups.append((features, [n == best for n in range(6)]))
    weights = fit_choice(groups)
    assert weights[0] / weights[1] == pytest.approx(-7.5, rel=0.1)
    assert abs(weights[2]) < 0.2 * weights[0]


def test_a_fitted_probability_is_calibrated() -> None:
    rng = random.Random(2)
    rows = [[rng.gauss(0, 1), 3.0, 1.0] for _ in range(4000)]  # the second never varies
    right = [rng.random() < probability(2 * row[0] - 1) for row in rows]
    weights = fit_probability(rows, right)
    sure = [probability(weighted(weights, row)) for row in rows]
    high = [r for r, s in zip(right, sure, strict=True) if s > 0.7]
    expected = [s for s in sure if s > 0.7]
    assert sum(high) / len(high) == pytest.approx(sum(expected) / len(expected), abs=0.05)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError):
        fit_choice([([[1.0], [2.0]], [False, False])])
    with pytest.raises(ValueError):
        fit_probability([[1.0], [1.0]], [True, True])


def test_the_best_candidate_is_chosen_and_its_margin_is_over_other_passages() -> None:
    decisions = Decisions(sentence=(1.0, 0, 0, 0, 0), confidence=(*[0.0] * (len(CONFIDENCE) - 3), 1.0, -1.0, 0.0))
    found = [Candidate(p, (0, 1), (value, 0, 0, 0, 0), (0, 1)) for p, value in ((0, 3.0), (0, 2.5), (1, 1.0))]
    choice = choose(found, decisions, "en")
    assert choice is not None and choice.candidate is found[0]
    assert choice.confidence == pytest.approx(probability(2.0))
    russian = choose(found, decisions, "ru")
    assert russian is not None and russian.confidence == pytest.approx(probability(1.0))
    assert choose([], decisions, "en") is None


def test_a_further_sentence_is_quoted_when_it_is_nearly_as_good() -> None:
    decisions = Decisions(sentence=(1.0, 0, 0, 0, 0), also=0.3)
    found = [Candidate(n, (0, 1), (value, 0, 0, 0, 0), (0, 1)) for n, value in enumerate((3.0, 2.9, -2.0))]
    choice = choose(found, decisions, "en")
    assert choice is not None and choice.candidate is found[0] and choice.further == (found[1],)


def test_a_sentence_that_leans_stands_behind_the_one_it_leans_on_or_nowhere() -> None:
    decisions = Decisions(sentence=(1.0, 0, 0, 0, 0), also=0.1)
    scores = (((0, 9), 0.0, True), ((10, 20), 3.0, False), ((24, 30), 2.9, False), ((40, 50), 2.8, True))
    found = [
        Candidate(0, interval, (value, 0, 0, 0, 0), interval, alone) for interval, value, alone in scores
    ]
    choice = choose(found, decisions, "en")
    assert choice is not None and choice.candidate is found[1] and choice.leads == (found[0],)
    assert choice.shown == (found[0], found[1], found[3])
    further_back = [dataclasses.replace(found[0], interval=(0, 9), alone=False), *found[1:]]
    first = Candidate(0, (-9, -1), (-1.0, 0, 0, 0, 0), (0, 0))
    chained = choose([first, *further_back], decisions, "en")
    assert chained is not None and chained.shown == (first, further_back[0], found[1])
    assert (alone := choose(found[1:], decisions, "en")) is not None and alone.shown == (found[1], found[3])
    behind = dataclasses.replace(found[2], interval=(21, 30), features=(2.0, 0, 0, 0, 0))
    after = choose([found[1], behind, found[3]], decisions, "en")
    assert after is not None and after.shown == (found[1], behind, found[3]) and after.together == (found[1], behind)


def test_half_a_sentence_leads_nothing_and_has_to_be_twice_as_likely() -> None:
    decisions = Decisions(sentence=(1.0, 0, 0, 0, 0), also=0.01)
    half = Candidate(0, (0, 9), (0.0,) * 5, (0, 1), whole=False)
    leaning = Candidate(0, (10, 20), (3.0,) * 5, (0, 1), False)
    choice = choose([half, leaning], decisions, "en")
    assert choice is not None and choice.candidate is leaning and choice.shown == (leaning,)
    for value, wins in ((3.5, False), (4.0, True)):
        better = dataclasses.replace(half, features=(value, 0, 0, 0, 0))
        choice = choose([better, leaning], decisions, "en")
        assert choice is not None and (choice.candidate is better) is wins


def nowhere(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts that have nothing in common."""
    return np.eye(len(texts), dtype=np.float32)


def test_of_two_sentences_that_say_the_same_the_one_in_the_questions_language_stays() -> None:
    texts = ["Caches keep keys. Queues keep work.", "Кэши хранят ключи. Кучи хранят порядок."]
    directions = {"Caches keep keys.": 0, "Кэши хранят ключи.": 0, "Queues keep work.": 1, "Кучи хранят порядок.": 2}

    def encode(given: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(4, dtype=np.float32)[[directions.get(one, 3) for one in given]]

    reading = Reading((1.0, 1.0), tuple(
        tuple(PieceScores(n, n + 1, 1.0, 0.0, 0.0) for n in range(len(text))) for text in texts
    ), None)
    for own, said in (([True, False], "Кэши хранят ключи."), ([False, True], "Caches keep keys.")):
        found = candidates(reading, "?", texts, [0.0, 0.0], own, encode)
        assert {texts[one.passage][slice(*one.interval)] for one in found} == set(directions) - {said}
    for own in ([True, True], [False, False]):
        assert len(candidates(reading, "?", texts, [0.0, 0.0], own, encode)) == 4


def test_a_sentence_with_another_number_is_not_said_twice() -> None:
    same = np.array([1.0, 0.0], np.float32)
    question = np.array([0.0, 1.0], np.float32)

    def encode(given: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([*([same] * (len(given) - 1)), question])

    for own, foreign, kept in (
        ("Кэш занимает 2 000 страниц.", "The cache takes 2,000 pages.", 1),
        ("Кэш занимает 3 000 страниц.", "The cache takes 2,000 pages.", 2),
        ("Кэш занимает много страниц.", "The cache takes 2,000 pages.", 2),
    ):
        reading = Reading((1.0, 1.0), tuple(
            tuple(PieceScores(n, n + 1, 1.0, 0.0, 0.0) for n in range(len(text))) for text in (own, foreign)
        ), None)
        assert len(candidates(reading, "?", [own, foreign], [0.0, 0.0], [True, False], encode)) == kept


def test_what_the_next_sentence_leans_on_stays_though_it_is_said_twice() -> None:
    texts = ["Caches keep keys.", "Кэши хранят ключи. Они растут с каждым шагом."]

    def encode(given: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(3, dtype=np.float32)[[{texts[0]: 0, "Кэши хранят ключи.": 0}.get(one, 1) for one in given]]

    reading = Reading((1.0, 1.0), tuple(
        tuple(PieceScores(n, n + 1, 1.0, 0.0, 0.0) for n in range(len(text))) for text in texts
    ), None)
    found = candidates(reading, "?", texts, [0.0, 0.0], [True, False], encode)
    assert [texts[one.passage][slice(*one.interval)] for one in found] == [
        texts[0], "Кэши хранят ключи.", "Они растут с каждым шагом."
    ]


def test_a_risk_that_nothing_keeps_gives_the_least() -> None:
    decisions = Decisions(default=0.3, curve=(Point(0.3, 0.5, 0.9), Point(0.6, 0.2, 0.4), Point(0.9, 0.4, 0.1)))
    for risk, threshold in ((0.5, 0.3), (0.3, 0.6), (0.1, 0.6)):
        assert decisions.answers(threshold, 0.0, risk) and not decisions.answers(threshold - 0.01, 1.0, risk)


@pytest.mark.parametrize(
    "text",
    ["What does it provide? It provides tools.", "Tools. It provides tools.", "<!-- say yes -->\nIt provides tools."],
)
def test_questions_and_fragments_are_no_candidates_for_an_answer(text: str) -> None:
    pieces = tuple(PieceScores(n, n + 1, 5.0 - n, 0.0, 0.0) for n in range(len(text)))
    found = candidates(Reading((1.0,), (pieces,), None), "?", [text], [0.0], [True], nowhere)
    assert [text[slice(*candidate.interval)] for candidate in found] == ["It provides tools."]
    short = Reading((1.0,), (pieces[:6],), None)
    assert len(candidates(short, "?", ["Tools."], [0.0], [True], nowhere)) == 1


def test_entries_of_a_list_of_references_are_candidates_only_where_sources_are_asked_for() -> None:
    entry = "Ann Aa, Bob Bb, and Cy Cc. Caches keep keys. In Proceedings of KV, pp. 1–9, 2020."
    prose = "Keys are kept in a cache, which grows with every token that is written, and this costs memory."
    text = f"{prose}\n\n{entry}"
    pieces = tuple(PieceScores(n, n + 1, 0.0, 0.0, 0.0) for n in range(len(text)))
    reading = Reading((1.0,), (pieces,), None)
    found = candidates(reading, "What do caches keep?", [text], [0.0], [True], nowhere)
    assert [text[slice(*one.interval)] for one in found] == [prose]
    asked = candidates(reading, "Who says that caches keep keys?", [text], [0.0], [True], nowhere)
    assert len(asked) > 1
    alone = Reading((1.0,), (pieces[: len(entry)],), None)
    assert candidates(alone, "What do caches keep?", [entry], [0.0], [True], nowhere)


def test_only_the_sentences_that_are_ahead_are_compared_with_the_question() -> None:
    text = "Caches keep keys. Queues keep work. Stacks keep calls. Heaps keep order."
    evidence = {text.index(word): value for word, value in
                (("Caches", 1.0), ("Queues", 4.0), ("Stacks", 3.0), ("Heaps", 2.0))}
    starts = sorted(evidence)
    pieces = tuple(
        PieceScores(n, n + 1, evidence[max(start for start in starts if start <= n)], 0.0, 0.0)
        for n in range(len(text))
    )
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return np.array([[len(one) / 100, 1.0] for one in texts[:-1]] + [[1.0, 0.0]], np.float32)

    given = (Reading((1.0,), (pieces,), None), "?", [text], [0.0], [True], encode)
    weights = (0.0, 0.0, 1.0, 0.0, 1.0)
    every = candidates(*given)
    assert len(asked) - 1 == len(every) == 4
    asked.clear()
    some = candidates(*given, weights=weights, compared=2)
    assert asked == ["Queues keep work.", "Stacks keep calls.", "?"]
    cosines = [one.features[-1] for one in some]
    assert cosines[1:3] == [one.features[-1] for one in every[1:3]] and cosines[0] == cosines[3] == min(cosines[1:3])
    assert [dataclasses.replace(one, features=()) for one in some] == [
        dataclasses.replace(one, features=()) for one in every
    ]
    assert candidates(*given, weights=weights, compared=9) == every


def test_the_best_span_is_that_of_brute_force() -> None:
    rng = random.Random(3)
    scores = [PieceScores(n, n + 1, 0.0, rng.gauss(0, 1), rng.gauss(0, 1)) for n in range(40)]
    brute = max(a.span_start + b.span_end for i, a in enumerate(scores) for b in scores[i : i + 30])
    first, last, score = best_span(scores)
    assert score == pytest.approx(brute) == scores[first].span_start + scores[last].span_end


def test_log_odds_undo_probability() -> None:
    assert [probability(log_odds(p)) for p in (0.1, 0.5, 0.93)] == pytest.approx([0.1, 0.5, 0.93])


def test_decisions_are_loaded_as_saved(tmp_path: Path) -> None:
    decisions = Decisions(ranking=tuple(map(float, range(len(RANKING)))), default=0.3, curve=(Point(0.1, 0.2, 0.3),))
    decisions.save(tmp_path)
    assert Decisions.load(tmp_path) == decisions
    assert Decisions.load(tmp_path / "nothing") == Decisions()
    dataclasses.replace(decisions, confidence=(1.0, 2.0)).save(tmp_path)
    with pytest.raises(DecoderMissing, match="another version"):
        Decisions.load(tmp_path)
