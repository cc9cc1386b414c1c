"""Collections are loaded whole, ranked without loss, and held-back questions are not the trained ones."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from api.errors import ConfigError
from api.evaluate import passages
from tests.fakes import HashEncoder


def test_reading_questions_are_dev_ones_among_all_passages() -> None:
    loaded = passages.load("reading-ru", Path())
    assert len(loaded.passages) > 300 and loaded.language == "ru"
    assert all(len(query.gains) == 1 and next(iter(query.gains)) in loaded.passages for query in loaded.queries)


def test_a_sentence_and_its_translation_stand_once(tmp_path: Path) -> None:
    folder = tmp_path / "parallel"
    folder.mkdir()
    rows = [
        {"en": f"This is a sentence of some nine words, number {n}.",
         "ru": f"Это предложение из девяти примерно слов, его номер {n}.", "source": "news"}
        for n in (1, 2, 2, 3)
    ]
    with lzma.open(folder / "en_ru_research_only.jsonl.xz", "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    there, back = passages.load("news-ru", tmp_path), passages.load("news-en", tmp_path)
    assert len(there.queries) == len(back.queries) == 3
    assert set(there.passages.values()) == {query.text for query in back.queries}


def test_bm25_finds_what_stands_there_and_every_ranking_is_measured() -> None:
    texts = {"a": "zebras eat grass", "b": "a cache stores keys", "c": "tokens are pieces of words"}
    loaded = passages.Collection(texts, [passages.Query("what do zebras eat", {"a": 1.0}, "a")], "en")
    found = passages.measure(loaded, {"x": HashEncoder()})
    assert set(found) == {"bm25", "x", "x + bm25"}
    assert found["bm25"][0]["accuracy@1"] == 1.0


def test_unknown_collections_and_missing_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give one of"):
        passages.load("nothing", tmp_path)
    with pytest.raises(ConfigError, match="--data"):
        passages.load("squadshifts", tmp_path)
