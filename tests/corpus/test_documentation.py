"""Questions on documentation: what is broken is named by file and line; texts are found by row, interval and hash."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from corpus.documentation import load_documentation, passage_hash
from corpus.records import CorpusError
from generator.training.documentation_examples import documentation_examples
from retrieval.training.pairs import documentation_pairs

TEXT = "Intro. The cache stores keys. It needs memory."
PASSAGE = TEXT[7:]
ROW: dict[str, Any] = {
    "set": "llm_docs", "row": "a+b:c.md", "start": 7, "end": len(TEXT), "sha256": passage_hash(PASSAGE),
    "questions": [
        {"question": "What is kept?", "kind": "fact", "evidence": [0, 22], "span": [17, 21],
         "full": "Keys are kept.", "other": "Что хранится?"},
        {"question": "Since when?", "kind": "unanswerable"},
    ],
}  # fmt: skip


def write(root: Path, *rows: dict[str, Any]) -> Path:
    folder = root / "reading" / "documentation"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "en.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return root


def test_a_passage_is_loaded_as_written(tmp_path: Path) -> None:
    (passage,) = load_documentation(write(tmp_path, ROW))
    assert passage.language == "en" and len({question.id for question in passage.questions}) == 2
    answer, nothing = passage.questions
    assert answer.span is not None and PASSAGE[slice(*answer.span)] == "keys"
    assert nothing.evidence is None and nothing.full is None
    assert load_documentation(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": 9, "end": 9}, "growing"), ({"questions": []}, "empty"), ({"extra": 1}, "unknown field 'extra'"),
        ({"questions": [{"question": "Q?", "kind": "odd"}]}, "kind 'odd'"),
        ({"questions": [{**ROW["questions"][0], "span": [17, 40]}]}, "does not lie"),
        ({"questions": [{**ROW["questions"][1], "full": "x"}]}, "unknown field 'full'"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError, match="en.jsonl:2: .*") as caught:
        load_documentation(write(tmp_path, ROW, {**ROW, **change}))
    assert message in str(caught.value)


def test_texts_come_from_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    (data / "text").mkdir(parents=True)
    with lzma.open(data / "text" / "llm_docs.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"id": "a+b:c.md", "title": "Caches", "text": TEXT}) + "\n")
    rows = load_documentation(write(tmp_path / "corpus", ROW))
    monkeypatch.setattr("retrieval.training.documentation.load_documentation", lambda **_: rows)
    examples = list(documentation_examples(data, "train"))
    assert [e.source for e in examples] == ["docs-en", "docs-cross", "docs-en"]
    first = examples[0]
    assert first.span is not None and first.passages[0].text[slice(*first.span)] == "keys"
    assert first.passages[0].title == "Caches" and first.answerable and not examples[2].answerable
    pairs = list(documentation_pairs(data, "train"))
    assert [pair.cross for pair in pairs] == [False, True] and pairs[0].passage.endswith(PASSAGE)
    rows = load_documentation(write(tmp_path / "corpus", {**ROW, "start": 6}))
    with pytest.raises(ValueError, match="another text at row"):
        list(documentation_examples(data, "train"))


def test_the_shipped_questions_load() -> None:
    passages = load_documentation()
    assert len({question.id for p in passages for question in p.questions}) == sum(len(p.questions) for p in passages)
    assert {passage.split for passage in passages} == {"train", "dev"}
