"""Files as people have them (manuals, rules, minutes, price lists, lectures), and questions on them.

    files/<split>/*.md, *.html, *.txt      the files; each split is a library of its own
    files/questions/<split>*.jsonl         questions, in the format of `corpus.format`; a document is a file name

Nothing of it is trained on. The loader says what is there; `tests/corpus/test_files.py` reads the files as the program
does and holds every quote to them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from corpus.format import ROOT, Question, load_question_file

FileSplit = Literal["dev", "test"]
FOLDER = "files"


def load_files(split: FileSplit, root: Path = ROOT) -> tuple[list[Path], list[Question]]:
    """The files of a split, by name, and the questions on them, each with its file (without suffix, in lower case) as
    unit. Raises CorpusError for what breaks the format."""
    paths = sorted(path for path in (root / FOLDER / split).iterdir() if path.is_file())
    questions = [
        replace(question, split=split)
        for path in sorted((root / FOLDER / "questions").glob(f"{split}*.jsonl"))
        for question in load_question_file(path)
    ]
    return paths, questions
