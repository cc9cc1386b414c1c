"""Question sets that others have made, read from their own files: SQuAD, BEIR, RGB, HaluEval, RAGTruth.

Reading order: question_set (what a set is), records (reading files), one file for each format, formats (all of them by
name), library (a set's passages as a library of its own).
"""

from __future__ import annotations

from typing import Literal

# "lectern": the corpus's own; here, because naming a format need not load what reads it.
Format = Literal["lectern", "squad", "beir", "rgb", "halueval", "ragtruth"]
