"""The rows written for shared sets and the glossary: what ships is clean, and each fault is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from corpus.check_rows import check_rows
from corpus.format import load_reading
from corpus.records import ROOT, CorpusError
from corpus.rows import load_glossary, load_rows


def messages(root: Path) -> list[str]:
    return [finding.message for finding in check_rows(root)[1]]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_what_ships_is_clean_and_is_there() -> None:
    sizes, findings = check_rows(Path(__file__).parents[2] / "corpus")
    assert not findings
    assert sizes["answers"] > 1900 and sizes["translations"] > 1900 and sizes["glossary"] > 3000


def test_a_row_that_comes_twice_or_in_the_wrong_language_is_found(tmp_path: Path) -> None:
    write(
        tmp_path / "reading" / "answers" / "a.jsonl",
        '{"row": "1", "full": "It fell in 1453."}\n{"row": "1", "full": "Город пал в этом году."}\n',
    )
    write(tmp_path / "reading" / "translations" / "a.jsonl", '{"row": "1", "question_ru": "When did it fall?"}\n')
    found = " ".join(messages(tmp_path))
    assert "comes twice" in found and "language of answers" in found and "language of translations" in found


def test_what_is_asked_otherwise_belongs_to_a_question_of_the_train_split_and_has_other_words(tmp_path: Path) -> None:
    passages = [passage for passage in load_reading() if passage.language == "en"]
    train = next(passage for passage in passages if passage.split == "train")
    dev = next(passage for passage in passages if passage.split == "dev")
    shutil.copytree(ROOT / "reading" / "en", tmp_path / "reading" / "en")
    first, second = train.questions[:2]
    rows = [(first.id, "Put quite otherwise?"), (second.id, second.question), (dev.questions[0].id, "And this?"),
            ("en-none-01", "Whose is this?")]
    write(
        tmp_path / "reading" / "asked" / "a.jsonl",
        "".join(json.dumps({"row": row, "asked": asked}) + "\n" for row, asked in rows),
    )
    found = messages(tmp_path)
    assert len(found) == 3
    assert any("in the words of" in line for line in found) and any("not in the train split" in line for line in found)
    assert any("no reading question 'en-none-01'" in line for line in found)


@pytest.mark.parametrize("line", ["token\tтокен", "token\tтокен\tword", "\tтокен\tterm"])
def test_a_glossary_line_of_another_shape_names_its_line(tmp_path: Path, line: str) -> None:
    write(tmp_path / "glossary.tsv", f"# english, russian, kind\nattention\tвнимание\tterm\n{line}\n")
    with pytest.raises(CorpusError, match=r"glossary\.tsv:3"):
        load_glossary(tmp_path)
    assert len(messages(tmp_path)) == 1


def test_an_unknown_field_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "reading" / "answers" / "a.jsonl", '{"row": "1", "ful": "It fell."}\n')
    with pytest.raises(CorpusError, match="ful"):
        load_rows("answers", tmp_path)
