"""What is counted of an answer, over how many questions, and how that is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.errors import ConfigError
from api.evaluate import table
from api.evaluate.answers import Judged, calibrations, judge, judge_lifted, measure
from api.evaluate.table import Row
from api.pipeline import Pipeline
from corpus.format import Evidence
from generator.answer import Answer
from generator.answerer import Answerer
from generator.decisions import Decisions
from tests.api.experiment_cases import GROWS, STORES, abstained, answered, citation, question, unanswerable
from tests.fakes import HashEncoder
from tests.generator.tiny import tiny_engine

COMPARES = question(
    kind="compare", gold_all=(("keys",), ("layers",)), evidence=(Evidence("a.md", STORES), Evidence("a.md", GROWS))
)


def judged(asked: object, answer: Answer) -> Judged:
    return Judged(Row(asked, judge(asked, answer, None)), answer, None)  # type: ignore[arg-type]


def test_both_sides_are_cited_when_every_quote_is() -> None:
    one, both = answered(STORES, citation()), answered(STORES, citation(), citation(GROWS))
    assert judge(COMPARES, one, None)["both sides cited"] == 0
    assert judge(COMPARES, both, None)["both sides cited"] == 1
    assert "both sides cited" not in judge(COMPARES, abstained(), None)
    assert "both sides cited" not in judge(question(), both, None)


def test_a_sentence_is_to_the_point_if_its_quote_is_evidence_or_holds_the_gold() -> None:
    def share(*quotes: str) -> float:
        sentences = [s for quote in quotes for s in answered("Said.", citation(quote)).sentences]
        return judge(COMPARES, replace(answered("Said."), sentences=tuple(sentences)), None)["to the point"]

    assert share(STORES) == share(STORES, GROWS) == share("All keys there are.") == 1
    assert share(STORES, "It was cold.") == 0.5 and share("It was cold.") == 0
    assert "to the point" not in judge(COMPARES, abstained(), None)


def test_baselines_have_no_figures_where_nobody_knows_the_answer() -> None:
    texts = {"best span": "keys and values"}
    assert judge_lifted(question(), texts) == {"best span match": 1, "best span words": 3}
    assert judge_lifted(unanswerable(), texts) == {}


def test_baselines_are_lifted_from_what_the_answer_was_made_of(pipeline: Pipeline) -> None:
    with pytest.raises(ConfigError, match="another model"):
        list(measure(pipeline, [question()], closed_book=False, options={}, lifted=True))
    one = Answerer(tiny_engine(), Decisions(default=0.0), "0" * 16, HashEncoder().encode)
    mine = pipeline.written_by(one)
    (found,) = measure(mine, [question()], closed_book=False, options={"rerank": False}, lifted=True)
    read = " ".join(" ".join(hit.chunk.text for hit in found.answer.hits).split())
    assert read and found.row.values["nearest sentence words"] > 0
    assert {"nearest sentence match", "best span match", "best sentence match"} <= found.row.values.keys()


def test_confidence_is_held_against_answers_that_were_given_and_can_be_judged() -> None:
    right, wrong = answered(STORES, citation(), confidence=0.9), answered(GROWS, citation(), confidence=0.3)
    rows = [
        judged(question(), right), judged(question(), wrong), judged(unanswerable(), wrong),
        judged(question(), abstained()), judged(question(gold=()), right),
        judged(question(), answered(STORES, confidence=None)), judged(question(language="ru"), right),
    ]
    found = calibrations(rows)
    assert {language: figures.answers for language, figures in found.items()} == {"en": 3, "ru": 1}
    assert found["en"].auroc == 1 and found["en"].ece == pytest.approx((0.1 + 2 * 0.3) / 3)
    assert calibrations([judged(question(), abstained())]) == {}


def test_a_table_says_how_many_were_asked_and_over_how_many_a_figure_is() -> None:
    rows = [
        *(judged(question(unit=unit), answered(STORES, citation())) for unit in "abcde"),
        judged(question(unit="f"), abstained()), judged(unanswerable(unit="g"), abstained()),
    ]
    groups = table.estimates([row.row for row in rows], lambda one: one.language)
    asked = table.sizes([row.row for row in rows], lambda one: one.language)
    header, line = table.lines(groups, asked)
    cells = dict(zip(header, line, strict=True))
    assert cells["asked"] == "7" and cells["match"].endswith("] (6)")
    assert cells["wrong of answered"] == f"0.000 ({table.NO_INTERVAL}) (5)"
    _, short = table.lines(groups, asked, intervals=False)
    assert dict(zip(header, short, strict=True))["match"] == "0.833 (6)"
    assert table.cell(groups["en"]["match"], 6, intervals=False) == "0.833"
