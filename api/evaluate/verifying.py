"""How well the verifier tells right claims from wrong ones, per kind of fault (AUROC).

Right claims are written answers and evidence sentences of dev questions; wrong ones are made from them by rule
(`generator.training.claims`). Each wrong claim stands against a right one of the same question. `halueval_qa_small`
(Li et al. 2023, arXiv 2305.11747) gives right and invented short answers beside the knowledge they are about; the
verifier has not been trained on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.decisions import probability
from generator.engine import Engine, Verdict
from generator.memory import Passage
from generator.training.claims import FAULTS, claims_of
from generator.training.examples import Example
from retrieval.metrics import auroc
from retrieval.training.parallel import read_json_lines

HALUEVAL = "halueval_qa_small"


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim's score, 0..1, and what is known of it. language: of the passage. fault: None for a right one."""

    source: str
    language: str
    fault: str | None
    score: float


def score(verdict: Verdict) -> float:
    """That the claim is supported and answers, 0..1."""
    return probability(verdict.supported) * probability(verdict.answers)


def judge(
    engine: Engine, examples: Sequence[Example], on_progress: Callable[[int, int], None] | None = None
) -> list[Judged]:
    """Verify the claims made of `examples`."""
    claims = list(claims_of(examples))
    rows = []
    for number, (example, claim) in enumerate(claims, start=1):
        (verdict,) = engine.verify(claim.prompt.question, [(claim.prompt.claim, claim.prompt.passages[0])])
        rows.append(Judged(example.source, example.language, claim.fault, score(verdict)))
        if on_progress is not None:
            on_progress(number, len(claims))
    return rows


def judge_halueval(
    engine: Engine, data: Path, limit: int, on_progress: Callable[[int, int], None] | None = None
) -> list[Judged]:
    """Verify right and invented answers of the first `limit` rows."""
    rows = []
    records = list(read_json_lines(data / "halu" / f"{HALUEVAL}.jsonl.xz"))[:limit]
    for number, record in enumerate(records, start=1):
        passage = Passage("", str(record["knowledge"]))
        claims = [(str(record["right_answer"]), passage), (str(record["hallucinated_answer"]), passage)]
        right, wrong = engine.verify(str(record["question"]), claims)
        rows += [Judged(HALUEVAL, "en", None, score(right)), Judged(HALUEVAL, "en", "invented", score(wrong))]
        if on_progress is not None:
            on_progress(number, len(records))
    return rows


def aurocs(rows: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Group (source; language; all) -> fault -> AUROC of right claims against those with the fault; "overall": all."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        groups[row.source].append(row)
        if row.source != HALUEVAL:
            groups[f"passages in {row.language}"].append(row)
            groups["all"].append(row)
    found: dict[str, dict[str, float]] = {}
    for name, own in groups.items():
        right = [(row.score, True) for row in own if row.fault is None]
        values = {}
        for fault in (*FAULTS, "invented"):
            wrong = [(row.score, False) for row in own if row.fault == fault]
            if wrong:
                values[fault] = round(auroc(right + wrong), 3)
        every = [(row.score, False) for row in own if row.fault is not None]
        if right and every:
            found[name] = {**values, "overall": round(auroc(right + every), 3)}
    return found
