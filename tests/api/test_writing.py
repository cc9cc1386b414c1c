"""The decoder as a writer: who stands beside whom in a prompt, what is counted, and that there is one way to answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli.start import run as lectern
from api.errors import ConfigError
from api.evaluate import company, writing
from api.evaluate.baselines import BEST, CHOSEN, NEAREST, SPAN, baselines
from api.evaluate.given import given
from generator.answerer import Answerer
from generator.decisions import Decisions
from generator.evidence import Candidate, Choice, Finding
from generator.memory import Passage
from generator.passages import passage_of
from generator.training.examples import Example
from tests.fakes import HashEncoder
from tests.generator.tiny import tiny_engine

ANIMALS = ("zebra", "otter", "heron", "badger", "lizard", "falcon", "walrus")


def example(animal: str, **changes: object) -> Example:
    """What does it eat? Its passage says so; two passages share a sentence with the zebra's."""
    shared = "All of them sleep at night." if animal in ("zebra", "otter") else f"A {animal} sleeps by day."
    first = f"The {animal} eats {animal}berries and sleeps."
    text = f"{first} {shared}"
    start = text.index(f"{animal}berries")
    values: dict[str, object] = {
        "id": f"q-{animal}", "source": "new_wiki", "group": f"g{ANIMALS.index(animal) % 3}", "language": "en",
        "question": f"What does the {animal} eat, as it sleeps?", "passages": (Passage(animal.title(), text),),
        "answer": first, "span": (start, start + len(animal) + 7), "evidence": (((0, len(first)),),), "written": True,
    }
    return Example(**{**values, **changes})  # type: ignore[arg-type]


EXAMPLES = [example(animal) for animal in ANIMALS]


def answerer(own: float) -> Answerer:
    return Answerer(tiny_engine(), Decisions(own=own), "0" * 16, HashEncoder().encode)


def test_the_gold_passage_stands_once_among_others_that_do_not_answer() -> None:
    for asked in company.in_company(EXAMPLES):
        gold = asked.example.passages[0]
        assert asked.passages.count(gold) == 1 and len(asked.passages) == company.DISTRACTORS + 1
        others = [passage for passage in asked.passages if passage != gold]
        answer = gold.text[slice(*asked.example.span)]  # type: ignore[misc]
        assert not any(answer in passage.text for passage in others)
        assert sum("All of them" in passage.text for passage in asked.passages) <= 1
    places = [asked.passages.index(asked.example.passages[0]) for asked in company.in_company(EXAMPLES)]
    assert len(set(places)) > 1


def test_a_question_has_the_same_prompt_whatever_the_limit() -> None:
    every = company.in_company(EXAMPLES)
    few = company.in_company(EXAMPLES, 3)
    assert len(few) == 3 and all(asked in every for asked in few)


def test_questions_without_an_answer_lend_their_passages_only() -> None:
    silent = example("walrus", answer="", span=None, evidence=((),))
    asked = company.in_company([*EXAMPLES[:4], silent])
    assert [one.example for one in asked] == EXAMPLES[:4]
    assert any(silent.passages[0] in one.passages for one in asked)


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--data"):
        company.load(tmp_path)


def test_what_is_given_is_read_as_it_is() -> None:
    passages = [example(animal).passages[0] for animal in ANIMALS[:3]]
    hits, documents = given(passages, "ru")
    for passage, hit in zip(passages, hits, strict=True):
        document = documents[hit.chunk.document_id]
        assert document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text and document.language == "ru"
        assert passage_of(document.title, hit.chunk.headings, hit.chunk.text) == passage


def test_baselines_are_lifted_from_the_passages() -> None:
    def candidate(start: int, end: int, cosine: float) -> Candidate:
        return Candidate(0, (start, end), (0.0, 0.0, 0.0, 0.0, cosine), (start, end))

    text = "It is red.\nIt is\nblue. It is green."
    one, two, three = candidate(0, 10, 0.1), candidate(11, 22, 0.9), candidate(23, 35, 0.5)
    found = Finding((text,), [one, two, three], Choice(one, (three,), (), 0.5), (0, 6, 9))
    assert baselines(found) == {
        NEAREST: "It is blue.", SPAN: "red", BEST: "It is red.", CHOSEN: "It is red. It is green."
    }
    assert set(baselines(Finding((), [], None, None)).values()) == {""}


def test_quotations_in_use_are_the_sentences_that_were_chosen() -> None:
    rows = writing.measure(answerer(own=1.1), company.in_company(EXAMPLES, 3))
    for row in rows:
        assert tuple(row.texts) == tuple(row.values) == writing.WRITERS
        assert row.texts[writing.USED] == row.texts[CHOSEN] and row.values[writing.USED][writing.QUOTED] == 1
        assert row.texts[CHOSEN].startswith(row.texts[BEST]) and row.texts[BEST]
        if row.values[writing.USED][writing.MATCH]:
            assert row.values[writing.USED][writing.CITED] == 1
        assert writing.CITED not in row.values[writing.CLOSED] and writing.QUOTED not in row.values[writing.OWN]
        for writer, text in row.texts.items():
            assert row.values[writer][writing.ANSWERED] == float(bool(text))
            assert row.values[writer].get(writing.WORDS, 0) == len(text.split())


def written(name: str, own: str, best: str) -> writing.Written:
    texts = {writer: "" for writer in writing.WRITERS} | {writing.OWN: own, BEST: best, CHOSEN: best}
    gold = ["zebraberries"]
    return writing.Written(
        example("zebra", id=name, group=name), texts, {w: writing._judged(text, gold) for w, text in texts.items()}
    )


def test_differences_are_paired_and_words_are_compared_where_both_answer() -> None:
    rows = [
        written("a", "Zebraberries.", "The zebra eats zebraberries."), written("b", "", "It eats zebraberries."),
        written("c", "Some zebraberries.", "It sleeps."), written("d", "Some grass.", "It sleeps."),
    ]
    found = writing.figures(rows)["new_wiki"]
    assert (found.questions, found.groups, found.language) == (4, 4, "en")
    own, best = found.estimates[writing.OWN], found.estimates[BEST]
    assert own[writing.MATCH].mean == best[writing.MATCH].mean == 0.5
    assert own[writing.ANSWERED].mean == 0.75 and own[writing.WORDS].questions == 3
    compared = found.compared[writing.OWN, BEST]
    assert compared.match.mean == 0 and compared.match.low < 0 < compared.match.high
    assert compared.words == pytest.approx((1 + 2 + 2) / (4 + 2 + 2))
    assert found.compared[writing.USED, BEST].words is None


def test_the_command_prints_every_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(company, "load", lambda _data, limit: company.in_company(EXAMPLES, limit))
    monkeypatch.setattr("retrieval.embedder.load_embedder", lambda **_: HashEncoder())
    monkeypatch.setattr("generator.answerer.load_answerer", lambda _embedder, **_: answerer(own=0.0))
    saved = tmp_path / "rows.jsonl"
    arguments = ["evaluate", "writing", "--data", str(tmp_path), "--limit", "2", "--save", str(saved)]
    assert lectern([*arguments, "--json"]) == 0
    figures = json.loads(capfd.readouterr().out)["by_source"]["new_wiki"]
    assert tuple(figures["answers"]) == writing.WRITERS and figures["questions"] == 2
    assert {"match", "low", "high", "p", "words_ratio"} == set(figures["differences"]["own words less best sentence"])
    assert [set(json.loads(line)["answers"]) for line in saved.read_text().splitlines()] == [set(writing.WRITERS)] * 2
    assert lectern(arguments) == 0
    shown = capfd.readouterr().out
    assert all(writer in shown for writer in writing.WRITERS) and "own words less best sentence: match" in shown
