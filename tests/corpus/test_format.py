"""The corpus loaders: what they return, and that every broken file is one line that names file and line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from corpus.format import (
    LANGUAGES,
    SPLITS,
    CorpusError,
    find_span,
    load_question_file,
    load_questions,
    load_reading,
    load_reading_list,
    split_of,
    split_of_passage,
    unit_of,
)

QUOTE = {"document": "notes/en/sails.md", "quote": "Sails are of linen."}
SIDE = {
    "question": "What is it sewn of?",
    "answer": "A sail is sewn of linen.",
    "gold": ["linen"],
    "evidence": [QUOTE],
}
SILENT = {"question": "Сколько стоит парус?", "answer": "", "gold": [], "evidence": []}
PASSAGE: dict[str, Any] = {
    "id": "en-sails-01",
    "title": "Sails",
    "topic": "technology",
    "sentences": ["In 1911 a ship had 1 sail.", "Linen rots when wet."],
    "questions": [
        {"question": "How many?", "answer": "1", "full": "It had 1 sail.", "evidence": 0},
        {"question": "What rots?", "answer": "Linen", "full": "Linen rots.", "evidence": 1},
        {"question": "Who sewed it?", "answer": None},
    ],
}
MATERIAL = """[[material]]
id = "sails"
title = "Sails"
kind = "book"
authors = ["A. Mate"]
urls = ["https://example.org/sails"]
access = "open"
fetch = [{ url = "https://example.org/sails.zip", include = ["*.md"] }]
topics = ["sails"]
languages = ["en"]
entry = "sails"
"""


def write_lines(path: Path, *records: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8"
    )


def test_a_pair_becomes_two_questions_that_share_pair_unit_and_split(tmp_path: Path) -> None:
    pair = {"id": "sails-01", "kind": "unanswerable", "fault": "near_miss", "en": SILENT, "ru": SILENT}
    write_lines(
        tmp_path / "questions/sails.jsonl", pair, {"id": "sails-02", "kind": "fact", "en": SIDE, "ru": SIDE}
    )
    questions = load_questions(tmp_path)
    assert [q.id for q in questions] == ["sails-01-en", "sails-01-ru", "sails-02-en", "sails-02-ru"]
    assert [q.answerable for q in questions] == [False, False, True, True]
    assert {(q.unit, q.split) for q in questions} == {("sails", split_of("sails"))}
    assert [q.pair for q in load_questions(tmp_path, language="ru")] == ["sails-01", "sails-02"]
    assert sorted(len(load_questions(tmp_path, split)) for split in SPLITS) == [0, 0, 4]


def test_a_users_own_file_may_have_one_language_and_any_id(tmp_path: Path) -> None:
    write_lines(tmp_path / "mine.jsonl", {"id": "first", "kind": "fact", "en": SIDE})
    (question,) = load_question_file(tmp_path / "mine.jsonl")
    assert (question.id, question.pair, question.unit, question.language) == (
        "first-en",
        "first",
        "mine",
        "en",
    )
    assert question.evidence[0].quote == QUOTE["quote"]


def test_a_missing_file_or_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"absent\.jsonl: No such file"):
        load_question_file(tmp_path / "absent.jsonl")
    with pytest.raises(CorpusError, match=r"reading: no such folder"):
        load_reading(tmp_path)


@pytest.mark.parametrize(
    "text", ['{"id": ', "[1, 2]", '{"id": "x-01"}', '{"id": "x-01", "kind": "fact"}', "\xff"]
)
def test_a_broken_line_names_file_and_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text("\n\n" + text + "\n", encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        load_question_file(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert "\n" not in str(caught.value)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes("é".encode("latin-1"))
    with pytest.raises(CorpusError, match="not UTF-8 at byte 0"):
        load_question_file(tmp_path / "latin.jsonl")


def test_reading_offsets_cut_out_the_answer(tmp_path: Path) -> None:
    write_lines(tmp_path / "reading/en/sails.jsonl", PASSAGE)
    (passage,) = load_reading(tmp_path, language="en")
    number, what, nothing = passage.questions
    assert passage.text == "In 1911 a ship had 1 sail. Linen rots when wet."
    assert (number.start, number.end) == (19, 20)
    assert passage.text[what.start : what.end] == "Linen"
    assert (number.evidence, what.evidence, nothing.evidence) == ((0,), (1,), ())
    assert (nothing.answer, nothing.full, nothing.start, nothing.end) == (None,) * 4
    assert load_reading(tmp_path, language="ru") == []
    assert [p.id for p in load_reading(tmp_path, split=passage.split)] == ["en-sails-01"]


def test_an_answer_may_rest_on_two_sentences(tmp_path: Path) -> None:
    asked = {"question": "When did what rot?", "answer": "Linen", "full": "Linen rots.", "evidence": [1, 0]}
    write_lines(tmp_path / "reading/en/sails.jsonl", {**PASSAGE, "questions": [asked]})
    (passage,) = load_reading(tmp_path)
    (question,) = passage.questions
    assert question.evidence == (1, 0)
    assert passage.text[question.start : question.end] == "Linen"


@pytest.mark.parametrize("evidence", [2, -1, True, "1", None, [], [1], [1, 1], [1, 2], [1, True]])
def test_evidence_is_a_sentence_or_several_different_ones(tmp_path: Path, evidence: Any) -> None:
    asked = {"question": "What rots?", "answer": "Linen", "full": "Linen rots.", "evidence": evidence}
    write_lines(tmp_path / "reading/en/sails.jsonl", {**PASSAGE, "questions": [asked]})
    with pytest.raises(CorpusError, match=r"sails\.jsonl:1: en-sails-01-01: evidence"):
        load_reading(tmp_path)


def test_a_span_is_sought_at_word_boundaries_first() -> None:
    assert find_span("In 1911 exactly 1 lighthouse", "1") == 16
    assert find_span("Слово «токен» короткое", "токен") == 7
    assert find_span("tokenizer", "token") == 0
    assert find_span("token", "chunk") is None


def test_splits_come_from_the_name_alone_and_near_their_shares() -> None:
    drawn = Counter(split_of(f"unit-{n}") for n in range(4000))
    for split, share in (("train", 0.45), ("dev", 0.25), ("test", 0.30)):
        assert drawn[split] / 4000 == pytest.approx(share, abs=0.03)
    read = Counter(split_of_passage(f"passage-{n}") for n in range(4000))
    assert set(read) == {"train", "dev"}
    assert read["train"] / 4000 == pytest.approx(0.88, abs=0.02)


def test_the_split_rule_does_not_move() -> None:
    """Drawn once and held: another rule would carry questions over from train to test."""
    assert [split_of(f"unit-{n}") for n in range(1, 6)] == ["test", "dev", "train", "test", "train"]


def test_the_unit_is_the_id_without_its_number() -> None:
    assert unit_of("kv-cache-01", "other") == "kv-cache"
    assert unit_of("general-2-11", "other") == "general-2"
    assert unit_of("free", "other") == "other"


def test_a_material_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "reading_list.toml"
    path.write_text(MATERIAL, encoding="utf-8")
    (material,) = load_reading_list(path)
    assert (material.id, material.entry, material.access) == ("sails", "sails", "open")
    assert material.fetch[0].include == ("*.md",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"book"', '"song"', "reading_list.toml:1: 'song' is none of"),
        ('"open"', '"lent"', "reading_list.toml:1: 'lent' is none of"),
        ("https://example.org/sails.zip", "ftp://example.org", "does not begin with https://"),
        ('["sails"]', "[]", "have to name something"),
        ("title =", "name =", "unknown field 'name'"),
        ("include", "glob", "unknown field 'glob'"),
        ('"open"\nfetch = [{', '"open"\nfetch = []\n# [{', "needs something to fetch"),
        ('"book"', "book", "reading_list.toml:4: not TOML"),
        ("[[material]]", MATERIAL + "\n[[material]]", "reading_list.toml:13: id 'sails' is there twice"),
    ],
)
def test_a_faulty_material_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "reading_list.toml"
    path.write_text(MATERIAL.replace(old, new), encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        load_reading_list(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_languages_are_the_two_of_the_project() -> None:
    assert LANGUAGES == ("en", "ru")
