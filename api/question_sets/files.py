"""The files of the corpus as question sets: "files" (dev) and "files-test".

Notes and reading passages are prose, and what users bring often is not: manuals, rules in numbered clauses, price
lists, minutes, pages of the web with their navigation. These files are read by the program's own parsers, so that a
question is missed where these fail, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.question_sets.question_set import QuestionSet
from corpus.files import FileSplit, load_files

SPLITS: Mapping[str, FileSplit] = {"files": "dev", "files-test": "test"}


def load(name: str) -> QuestionSet:
    """The set called `name`, one of SPLITS."""
    paths, questions = load_files(SPLITS[name])
    return QuestionSet(tuple(questions), files=tuple(paths))
