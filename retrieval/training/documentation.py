"""Passages of documentation that questions were written on, with their texts from the data folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from corpus.documentation import DocumentationPassage, load_documentation, passage_hash
from corpus.format import Split
from retrieval.training.parallel import read_json_lines

_OPEN = re.compile(r"Apache|MIT|BSD|CC-BY-3\.0|CC-BY-4\.0|CC-BY-SA|public domain")


def is_open(licence: str) -> bool:
    """Whether a licence, as rows of the data folder name it, lets anybody use a text, for training too."""
    return _OPEN.match(licence) is not None


def title_or_nothing(title: str) -> str:
    """The title of a row, without those that are mere file names."""
    return "" if title.endswith((".xml", ".md", ".mdx", ".ipynb", ".txt", ".rst")) else title


def documentation_passages(data: Path, split: Split) -> Iterator[tuple[DocumentationPassage, str, str]]:
    """(passage, title, text) of a split. A title that is a mere file name is left out.

    Raises ValueError if a row of the data folder is not what the questions were written on.
    """
    wanted = load_documentation(split=split)
    for name in dict.fromkeys(passage.set for passage in wanted):
        own = [passage for passage in wanted if passage.set == name]
        needed = {passage.row for passage in own}
        rows = {
            str(row["id"]): (str(row["title"]), str(row["text"]))
            for row in read_json_lines(data / "text" / f"{name}.jsonl.xz")
            if row["id"] in needed
        }
        for passage in own:
            title, text = rows.get(passage.row, ("", ""))
            text = text[passage.start : passage.end]
            if passage_hash(text) != passage.sha256:
                raise ValueError(
                    f"{passage.place.path}:{passage.place.line}: {name} in {data} has another text at row {passage.row}"
                )
            yield passage, title_or_nothing(title), text
