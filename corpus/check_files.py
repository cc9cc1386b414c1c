"""The check of `files/`: questions that can be read, have ids of their own and rest on files that are there.

Whether a quote stands in its file depends on how the program reads it: `tests/corpus/test_files.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from corpus.files import FOLDER, FileSplit, load_files
from corpus.findings import Finding, error, from_exception
from corpus.format import LANGUAGES
from corpus.records import CorpusError

# By language and split: files that are asked about, questions, and those without an answer.
Counts = Mapping[tuple[str, str], tuple[int, int, int]]


def check_files(root: Path) -> tuple[Counts, list[Finding]]:
    """(counts, findings); nothing where the corpus has no files."""
    counts: dict[tuple[str, str], tuple[int, int, int]] = {}
    findings: list[Finding] = []
    for split in get_args(FileSplit) if (root / FOLDER).is_dir() else ():
        try:
            paths, questions = load_files(split, root)
        except CorpusError as exception:
            findings.append(from_exception(exception))
            continue
        there = {path.name for path in paths}
        times = Counter(question.id for question in questions)
        for question in questions:
            if times[question.id] > 1:
                findings.append(error(question.place, f"{times[question.id]} questions are {question.id}"))
            for name in {evidence.document for evidence in question.evidence} - there:
                findings.append(error(question.place, f"no file {name} in {FOLDER}/{split}"))
        for code in LANGUAGES:
            own = [question for question in questions if question.language == code]
            units, empty = {question.unit for question in own}, sum(not question.answerable for question in own)
            counts[code, split] = (len(units), len(own), empty)
    return counts, findings
