"""The corpus check.

A small made-up corpus that is right is written to a temporary folder; every test breaks one thing in it and
looks for the finding that names it. The corpus that ships is held to the same check.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from corpus.check import TABLES_BEGIN, TABLES_END, Report, check, main, tables
from corpus.format import CorpusError, load_questions, split_of
from corpus.text import cyrillic_share, jaccard, mixed_words, ngrams, shingles, similar_pairs

EN_FILLER = "The {} apprentice of the harbour office counted {} barrels and wrote the sum into ledger {}."
RU_FILLER = "Ученик {} из портовой конторы пересчитал {} бочек и записал итог в книгу под номером {}."
EN_FACTS = [
    "Ships carry ballast in the hold.",
    "Stones were the ballast of the Vasa.",
    "Tugs pull liners ashore.",
]
RU_FACTS = [
    "Суда берут балласт в трюм.",
    "Балластом «Васы» служил камень.",
    "Буксиры тянут лайнеры к берегу.",
]
MATERIAL = """[[material]]
id = "harbours"
title = "Harbours"
kind = "book"
authors = ["A. Mate"]
urls = ["https://example.org/harbours"]
access = "sold"
fetch = []
topics = ["harbours"]
languages = ["en"]
entry = "harbours"
"""

Corpus = Path
Record = dict[str, Any]
Edit = Callable[[Record], None]


def note(title: str, facts: list[str], filler: str, count: int) -> str:
    body = " ".join(filler.format(n, n + 7, n * 3 + 1) for n in range(count))
    sections = "\n\n".join(
        f"## Section {n}\n{text}" for n, text in enumerate([" ".join(facts), body, "End."])
    )
    return f"# {title}\n\n{sections}\n"


def side(language: str, question: str, answer: str, gold: str, quotes: list[str]) -> Record:
    evidence = [{"document": f"notes/{language}/ballast.md", "quote": quote} for quote in quotes]
    return {"question": question, "answer": answer, "gold": [gold], "evidence": evidence}


def silent(question: str) -> Record:
    return {"question": question, "answer": "", "gold": [], "evidence": []}


def pairs() -> list[Record]:
    where_en = ("Where is weight stowed at sea?", "All of the ballast lies in the hold of the ship.")
    where_ru = ("Куда на корабле кладут груз?", "Весь балласт перед самым выходом в море берут в трюм.")
    who_en = ("Who helps big vessels land?", "Large vessels are brought in by tugs that pull them.")
    who_ru = (
        "Кто помогает большим кораблям?",
        "Большим кораблям у причала помогают именно буксиры, и всегда.",
    )
    return [
        {
            "id": "ballast-01",
            "kind": "fact",
            "en": side("en", *where_en, "in the hold", EN_FACTS[:2]),
            "ru": side("ru", *where_ru, "в трюм", RU_FACTS[:2]),
        },
        {
            "id": "ballast-02",
            "kind": "fact",
            "en": side("en", *who_en, "tugs", EN_FACTS[2:]),
            "ru": side("ru", *who_ru, "буксиры", RU_FACTS[2:]),
        },
        {
            "id": "ballast-03",
            "kind": "unanswerable",
            "fault": "near_miss",
            "en": silent("How heavy was the anchor?"),
            "ru": silent("Сколько весил якорь шхуны?"),
        },
    ]


def passage(name: str = "en-sea-001") -> Record:
    sentences = [EN_FILLER.format(n, n + 2, n + 5) for n in range(7)]
    sentences[1] = "In 1911 exactly 1 lighthouse of the northern coast burned whale oil through every night."
    asked: list[Record] = []
    for n in (0, 2, 3, 4, 5, 6):
        full = f"Apprentice {n} counted {n + 2} barrels in all."
        asked.append(
            {"question": f"What did {n} count?", "answer": f"{n + 2} barrels", "full": full, "evidence": n}
        )
    full = "Exactly 1 lighthouse burned whale oil."
    asked.append({"question": "How many burned oil?", "answer": "1", "full": full, "evidence": 1})
    asked.append({"question": "What did the barrels hold?", "answer": None})
    title = f"Harbour {name}"
    return {"id": name, "title": title, "topic": "history", "sentences": sentences, "questions": asked}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_lines(path: Path, records: list[Record]) -> None:
    write(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    write(tmp_path / "notes/en/ballast.md", note("Ballast", EN_FACTS, EN_FILLER, 26))
    write(tmp_path / "notes/ru/ballast.md", note("Балласт", RU_FACTS, RU_FILLER, 26))
    write(tmp_path / "reading_list.toml", "")
    write_lines(tmp_path / "questions/ballast.jsonl", pairs())
    write_lines(tmp_path / "reading/en/sea.jsonl", [passage()])
    return tmp_path


def edit_pair(corpus: Corpus, number: int, edit: Edit) -> None:
    records = pairs()
    edit(records[number])
    write_lines(corpus / "questions/ballast.jsonl", records)


def edit_passage(corpus: Corpus, edit: Edit) -> None:
    record = passage()
    edit(record)
    write_lines(corpus / "reading/en/sea.jsonl", [record])


def complaints(report: Report) -> str:
    return "\n".join(map(str, report.errors))


def test_a_right_corpus_has_no_errors(corpus: Corpus) -> None:
    report = check(corpus)
    assert complaints(report) == ""
    assert len(report.questions) == 6
    assert len(report.passages) == 1


def test_the_shipped_corpus_passes_its_check() -> None:
    assert complaints(check()) == ""


def test_the_command_exits_with_one_on_errors(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(corpus)]) == 0
    (corpus / "notes/ru/ballast.md").unlink()
    assert main([str(corpus)]) == 1
    assert "there is no notes/ru/ballast.md" in capsys.readouterr().out
    assert main([str(corpus / "nowhere")]) == 2


def test_the_tables_of_the_data_card_are_renewed_between_the_markers(corpus: Corpus) -> None:
    card = corpus / "README.md"
    assert main([str(corpus), "--write-readme"]) == 1
    write(card, f"# Card\n\n{TABLES_BEGIN}\nold\n{TABLES_END}\n\nEnd.\n")
    assert main([str(corpus), "--write-readme"]) == 0
    text = card.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.startswith(f"# Card\n\n{TABLES_BEGIN}\n\n| documents |")
    assert text.endswith(f"|\n\n{TABLES_END}\n\nEnd.\n")


def test_every_question_is_counted_once_in_the_table(corpus: Corpus) -> None:
    rows = [line.split("|")[1:-1] for line in tables(check(corpus)) if line.startswith("| all |")]
    assert [int(row[-1]) for row in rows] == [6]


RUSSIAN_QUOTE = {"document": "notes/ru/ballast.md", "quote": RU_FACTS[0]}

PAIR_FAULTS: list[tuple[int, Edit, str]] = [
    (0, lambda r: r["en"]["evidence"][0].update(quote="Ships carry none."), "ballast-01-en: not in notes/en"),
    (0, lambda r: r["en"]["evidence"][0].update(document="notes/en/x.md"), "no document 'notes/en/x.md'"),
    (0, lambda r: r["en"]["evidence"].append(RUSSIAN_QUOTE), "notes/ru/ballast.md is of the other language"),
    (0, lambda r: r["en"]["evidence"].append(r["en"]["evidence"][0]), "the same quote twice"),
    (0, lambda r: r["en"].update(gold=["on deck"]), "gold 'on deck' is not in the evidence"),
    (0, lambda r: r["en"].update(gold=["Stones"]), "gold 'Stones' is not in the answer"),
    (0, lambda r: r["en"].update(question="Is weight in the hold?"), "gold 'in the hold' is in the question"),
    (0, lambda r: r["en"].update(gold=["in", "the", "hold", "carry"]), "4 gold strings"),
    (
        0,
        lambda r: r["en"].update(gold_all=[["hold"], ["stern"]]),
        "nothing of gold_all ['stern'] is in the answer",
    ),
    (0, lambda r: r["en"].update(answer="It lies in the hold, " + "on and on " * 30), "answer of"),
    (0, lambda r: r["en"].update(question="Куда кладут груз?"), "letters of the question are Cyrillic"),
    (0, lambda r: r["ru"].update(question="Where is weight?"), "letters of the question are Cyrillic"),
    (0, lambda r: r.pop("ru"), "ballast-01 has no ru"),
    (0, lambda r: r.update(kind="riddle"), "kind 'riddle' is none of"),
    (0, lambda r: r.update(id="cargo-01"), "id 'cargo-01' is not the file's name and two digits"),
    (1, lambda r: r.update(id="ballast-01"), "id 'ballast-01' is taken by ballast.jsonl:1"),
    (0, lambda r: r["en"].update(golden=["hold"]), "unknown field 'golden'"),
    (0, lambda r: r["en"].update(evidence=[]), "an answerable question needs an answer, gold and evidence"),
    (0, lambda r: r.update(fault="near_miss"), "fault 'near_miss' on a question that is answerable"),
    (
        1,
        lambda r: r["en"].update(question="Where is weight stowed at sea?"),
        "ballast-02-en is like ballast-01-en",
    ),
    (2, lambda r: r.update(fault="too_hard"), "needs a fault"),
    (2, lambda r: r["en"].update(answer="Two tons."), "has empty answer"),
]


@pytest.mark.parametrize(("number", "edit", "message"), PAIR_FAULTS)
def test_a_faulty_pair_is_found(corpus: Corpus, number: int, edit: Edit, message: str) -> None:
    edit_pair(corpus, number, edit)
    found = [line for line in complaints(check(corpus)).split("\n") if message in line]
    assert found
    assert all(line.startswith(f"{corpus}/questions/ballast.jsonl:") for line in found)


READING_FAULTS: list[tuple[Edit, str]] = [
    (lambda r: r["questions"][0].update(answer="9 barrels"), "answer '9 barrels' is not in sentence 0"),
    (lambda r: r["questions"][0].update(evidence=7), "evidence 7 is not a sentence number below 7"),
    (
        lambda r: r["questions"][0].update(full="The answer is to be sought elsewhere."),
        "does not hold '2 barrels'",
    ),
    (lambda r: r["questions"][0].update(full=r["sentences"][0]), "the full answer is the evidence sentence"),
    (lambda r: r["questions"][7].update(full="None of it."), 'has "answer": null and nothing else'),
    (lambda r: r["questions"][1].update(question="What did 0 count?"), "the same question twice"),
    (lambda r: r.update(sentences=r["sentences"][:5], questions=r["questions"][:4]), "5 sentences, not 6"),
    (lambda r: r.update(questions=r["questions"][:7]), "7 questions, not 8 to 10"),
    (lambda r: r["sentences"].extend(["And so on and on. " * 30]), "words, not 100 to 200"),
    (lambda r: r.update(title=""), "'title' is missing"),
]


@pytest.mark.parametrize(("edit", "message"), READING_FAULTS)
def test_a_faulty_passage_is_found(corpus: Corpus, edit: Edit, message: str) -> None:
    edit_passage(corpus, edit)
    assert message in complaints(check(corpus))


def test_passages_that_repeat_each_other_are_found(corpus: Corpus) -> None:
    write_lines(corpus / "reading/en/sea.jsonl", [passage("en-sea-001"), passage("en-sea-002")])
    assert "en-sea-002 is like en-sea-001" in complaints(check(corpus))


NOTE_FAULTS = [
    ("# Ballast\n\n## One\nWords.\n\n## Two\nWords.\n\n## Three\nWords.\n", "words, not 400 to 900"),
    ("Ballast\n", "the first line is not '# Title'"),
    ("# Ballast\n\n## One\nWords.\n", "1 sections, not 3 to 6"),
    ("# Балласт\n\nЭто русский текст.\n", "of the letters are Cyrillic"),
    ("# Ballast\r\n", "carriage returns"),
    ("# Ballast\n\nSee /home/someone/ballast.txt\n", "a path outside the repository"),
]


@pytest.mark.parametrize(("text", "message"), NOTE_FAULTS)
def test_a_faulty_note_is_found(corpus: Corpus, text: str, message: str) -> None:
    (corpus / "notes/en/ballast.md").write_bytes(text.encode())
    assert message in complaints(check(corpus))


def test_a_broken_line_names_file_and_line_and_the_rest_is_read(corpus: Corpus) -> None:
    path = corpus / "questions/ballast.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"id": \n', encoding="utf-8")
    report = check(corpus)
    assert f"{path}:4: not JSON" in complaints(report)
    assert len(report.questions) == 6
    with pytest.raises(CorpusError, match=r"ballast\.jsonl:4: not JSON"):
        load_questions(corpus)


def test_common_openings_are_found(corpus: Corpus) -> None:
    records = [{**pairs()[2], "id": f"ballast-{n:02d}"} for n in range(4, 7)]
    for n, record in enumerate(records):
        record["en"] = {**record["en"], "question": f"How heavy was the {'abc'[n] * 9} of vessel {n}{n}?"}
    write_lines(corpus / "questions/ballast.jsonl", [*pairs(), *records])
    assert "questions open with 'how heavy was the'" in complaints(check(corpus))


def test_questions_that_echo_their_evidence_are_found(corpus: Corpus) -> None:
    def echo(record: Record) -> None:
        record["en"].update(question="Do ships carry ballast of stones like Vasa?")

    edit_pair(corpus, 0, echo)
    path = corpus / "questions/ballast.jsonl"
    write(path, path.read_text(encoding="utf-8").split("\n")[0])
    assert "en: median overlap of question and evidence" in complaints(check(corpus))


def test_a_corpus_of_single_quotes_is_found(corpus: Corpus) -> None:
    write_lines(corpus / "questions/ballast.jsonl", [pairs()[1]])
    assert "en: 0% of the questions have two quotes or more" in complaints(check(corpus))


def test_near_duplicates_across_train_and_test_are_errors_and_within_a_split_warnings(corpus: Corpus) -> None:
    names = [f"unit{n}" for n in range(200)]
    train = [name for name in names if split_of(name) == "train"]
    test = next(name for name in names if split_of(name) == "test")
    questions = ["How heavy was the old iron anchor?", "How heavy was the old iron rudder?"]

    def report_of(units: list[str]) -> Report:
        for path in (corpus / "questions").glob("*.jsonl"):
            path.unlink()
        for unit, question in zip(units, questions, strict=True):
            record = {**pairs()[2], "id": f"{unit}-01"}
            record["en"] = {**record["en"], "question": question}
            record.pop("ru")
            write_lines(corpus / f"questions/{unit}.jsonl", [record])
        return check(corpus)

    first, second = sorted([train[0], test])
    found = complaints(report_of([first, second]))
    assert f"{second}-01-en is like {first}-01-en (0.73, {split_of(first)}/{split_of(second)})" in found
    report = report_of(train[:2])
    assert "is like" not in complaints(report)
    assert any("(0.73, train)" in str(finding) for finding in report.warnings)


def test_the_contamination_table_sees_a_copied_question(corpus: Corpus) -> None:
    names = [f"unit{n}" for n in range(200)]
    text = "How heavy was the old iron anchor of the Vasa in the year of her loss?"
    for split in ("train", "test"):
        unit = next(name for name in names if split_of(name) == split)
        record = {**pairs()[2], "id": f"{unit}-01"}
        record["en"] = {**record["en"], "question": text}
        write_lines(corpus / f"questions/{unit}.jsonl", [record])
    row = next(row for row in check(corpus).contamination if (row.language, row.split) == ("en", "test"))
    assert row.long_share > 0
    assert row.nearest == 1.0


def test_a_material_without_entry_and_an_entry_without_material_are_found(corpus: Corpus) -> None:
    write(corpus / "reading_list.toml", MATERIAL)
    write(corpus / "materials/en/piers.md", "# Piers\n")
    report = check(corpus)
    found = complaints(report)
    assert any("'harbours': there is no note on harbours" in str(finding) for finding in report.warnings)
    assert "material 'harbours' has no materials/ru/harbours.md" in found
    assert "material 'harbours' has no questions/harbours.jsonl" in found
    assert "piers.md: belongs to no material" in found


def test_similar_pairs_are_those_of_a_plain_double_loop() -> None:
    parts = product("abc", "xyz", ("sea", "port"), ("one", "two"))
    sets = [shingles(f"{a} {b} of the {c} {d}") for a, b, c, d in parts]
    for threshold in (0.3, 0.5, 0.6, 0.8):
        near = [(i, j) for j in range(len(sets)) for i in range(j) if jaccard(sets[i], sets[j]) >= threshold]
        assert {(i, j) for i, j, _ in similar_pairs(sets, threshold)} == set(near)


def test_scripts_and_ngrams() -> None:
    assert cyrillic_share("токен") == 1.0
    assert cyrillic_share("token 12") == 0.0
    assert mixed_words("модель tоken GPT-модель") == ["tоken"]
    assert ngrams(["a", "b", "c"], 2) == {("a", "b"), ("b", "c")}
    assert ngrams(["a"], 4) == {("a",)}
