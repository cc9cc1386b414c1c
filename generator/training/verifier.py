"""`lectern train verifier`: the weights of `generator.verifier`, fitted to claims about train passages.

Of every source a few answerable train questions are drawn; each gives its right claim and one wrong claim of each fault
(`claims.claims_of`). Support is learned from all of them, answering from those that are supported. Dev and test are
never read. The written claims of `corpus/claims` are left alone: the scoring verifier of experiments learns from them,
and shares no examples with what answers.

Scores are cross-fitted: each quarter of the groups (articles, sets, repositories) is judged by weights fitted to the
others. They flatter a little: the reader has seen the questions, if not beside these claims.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.rows import load_rows
from generator.decisions import weighted
from generator.engine import Engine, Verdict
from generator.memory import Prompt
from generator.training.claims import Claim, claims_of
from generator.training.corpus_examples import load_corpus_examples
from generator.training.documentation_examples import documentation_examples
from generator.training.examples import Example, load_reading_examples, shared_examples
from generator.training.fitting import fit_probability
from generator.verifier import Verifier, features

# Those whose answers somebody wrote as sentences.
SOURCES = (
    "new_wiki-written", "cross", "reading-en", "reading-ru", "reading-en-asked", "reading-ru-asked", "reading-cross",
    "notes-en", "notes-ru", "notes-cross", "docs-en", "docs-ru", "docs-cross", "corpus-en", "corpus-ru", "corpus-cross",
)
_FOLDS = 4


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim about a passage of `example`, what the head says of it, and its features (`verifier.features`)."""

    example: Example
    claim: Claim
    head: Verdict
    supported: tuple[float, ...]
    answers: tuple[float, ...]


def train_examples(data: Path, count_tokens: Callable[[str], int], per_source: int) -> list[Example]:
    """At most `per_source` answerable train examples of each source, drawn by a fixed seed."""
    written = {row.id: row.text for row in load_rows("answers")}
    translated = {row.id: row.text for row in load_rows("translations")}
    every = [example for example, is_dev in shared_examples(data, written, translated) if not is_dev]
    every += load_reading_examples("train") + load_corpus_examples("train", count_tokens)[0]
    every += documentation_examples(data, "train")
    rng = random.Random(23)
    chosen: list[Example] = []
    for source in SOURCES:
        own = [example for example in every if example.source == source and example.answerable]
        chosen += rng.sample(own, min(per_source, len(own)))
    return chosen


def claim_rows(
    engine: Engine, claims: Sequence[tuple[Example, Claim]], on_progress: Callable[[int, int], None] | None = None
) -> list[ClaimRow]:
    """What the head and the rules say of each claim. engine: remembers what it read, or a passage is read again for
    each of its claims."""
    rows = []
    for number, (example, claim) in enumerate(claims, start=1):
        question, (passage,) = claim.prompt.question, claim.prompt.passages
        (head,) = engine.verify_by_head(question, [(claim.prompt.claim, passage)])
        _, _, (reading,) = engine.read([Prompt(question, (passage,))])
        rows.append(ClaimRow(example, claim, head, *features(head, question, claim.prompt.claim, passage, reading)))
        if on_progress is not None:
            on_progress(number, len(claims))
    return rows


def fit_verifier(rows: Sequence[ClaimRow]) -> Verifier:
    """The two regressions. Raises ValueError where all claims are right, or all wrong."""
    asked = [row for row in rows if row.claim.answers is not None]
    return Verifier(
        fit_probability([row.supported for row in rows], [row.claim.supported for row in rows]),
        fit_probability([row.answers for row in asked], [bool(row.claim.answers) for row in asked]),
    )


def fold_of(example: Example) -> int:
    """The quarter that an example's group belongs to, by hash."""
    return hashlib.sha256(example.group.encode()).digest()[0] % _FOLDS


def cross_fitted(rows: Sequence[ClaimRow]) -> list[tuple[ClaimRow, Verdict]]:
    """Every claim with the verdict of weights fitted without its quarter."""
    judged = []
    for fold in range(_FOLDS):
        inside = [row for row in rows if fold_of(row.example) == fold]
        outside = [row for row in rows if fold_of(row.example) != fold]
        if inside:
            fitted = fit_verifier(outside)
            judged += [
                (row, Verdict(weighted(fitted.supported, row.supported), weighted(fitted.answers, row.answers)))
                for row in inside
            ]
    return judged


def training_claims(data: Path, count_tokens: Callable[[str], int], per_source: int) -> list[tuple[Example, Claim]]:
    """The claims to learn from, with the examples that they were made of."""
    return list(claims_of(train_examples(data, count_tokens, per_source)))
