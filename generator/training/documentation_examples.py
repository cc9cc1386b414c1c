"""Examples from the questions on passages of documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from corpus.format import Split
from generator.memory import Passage
from generator.training.examples import Example
from retrieval.training.documentation import documentation_passages


def documentation_examples(data: Path, split: Split) -> Iterator[Example]:
    """One example a question, and one more, with "@" in its id, where it was also asked in the other language.

    Raises ValueError if the data folder holds other texts than the questions were written on.
    """
    for passage, title, text in documentation_passages(data, split):
        for question in passage.questions:
            # Repositories are groups: their pages are hard to tell apart.
            group = f"{passage.language}:{passage.row.split(':')[0]}"
            answerable = question.evidence is not None
            example = Example(
                question.id, f"docs-{passage.language}", group, passage.language, question.question,
                (Passage(title, text),), question.full or "", question.span,
                ((question.evidence,),) if question.evidence is not None else ((),), answerable,
            )
            yield example
            if question.other is not None:
                yield replace(example, id=f"{example.id}@", source="docs-cross", question=question.other)
