"""The file that accepted questions go to, one line each, written at once: whatever stops the user keeps them."""

from __future__ import annotations

import json
from pathlib import Path

from api.errors import ConfigError
from api.experiments.drafts.drafting import Draft
from corpus.format import load_question_file, parse_pair
from corpus.records import Place


class QuestionFile:
    """A file in the corpus's question format, to which lines are added. It is made with the first one.

    Raises CorpusError, with the line, if it exists and breaks the format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ids: dict[str, int] = {}  # of pairs -> line
        if path.exists():
            if not path.is_file():
                raise ConfigError(f"{path} is a folder: give the name of a file with --out")
            self.ids = {question.pair: question.place.line for question in load_question_file(path)}

    def add(self, draft: Draft) -> None:
        """Write a draft as a line. Raises CorpusError if the format refuses it; OSError."""
        record = draft.record()
        parse_pair(record, Place(self.path, len(self.ids) + 1))
        line = json.dumps(record, ensure_ascii=False) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            if file.tell() and not self._ends_in_newline():
                file.write(b"\n")
            file.write(line.encode("utf-8"))
        self.ids[draft.id] = len(self.ids) + 1

    def _ends_in_newline(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) == b"\n"
