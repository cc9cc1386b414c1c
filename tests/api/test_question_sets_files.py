"""Sets that bring files along: these go the way of a user's files into a library of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import ConfigError
from api.pipeline import Pipeline
from api.question_sets import formats, library
from api.question_sets.question_set import QuestionSet


def test_files_are_searched_and_the_home_is_left_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    note, page = tmp_path / "note.md", tmp_path / "page.html"
    note.write_text("# Kettles\n\nThe kettle holds **1.7 litres**.\n", encoding="utf-8")
    page.write_text("<html><body><h1>Toasters</h1><p>It takes two slices.</p></body></html>", encoding="utf-8")
    files = QuestionSet((), files=(note, page))
    before = pipeline.count_documents()
    with library.searched(pipeline, files) as own:
        texts = [own.document(info.id).text for info in own.documents()]
        home = own.config.home
    assert sorted("1.7 litres" in text for text in texts) == [False, True] and pipeline.count_documents() == before
    assert library.home_of(pipeline.config.home, files) == home
    note.write_text("# Kettles\n\nThe kettle holds two litres.\n", encoding="utf-8")
    assert library.home_of(pipeline.config.home, files) != home


def test_a_file_that_cannot_be_read_is_said(pipeline: Pipeline, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    with pytest.raises(ConfigError, match=r"broken\.pdf"), library.searched(pipeline, QuestionSet((), files=(broken,))):
        pass


@pytest.mark.parametrize("name", ["files", "files-test"])
def test_the_shipped_ones_load(name: str) -> None:
    loaded = formats.load(name)
    assert loaded.brings_texts and {question.language for question in loaded.questions} == {"en", "ru"}
