"""Answers to be marked against their source, and what the marks say.

    python -m tests.bench.marked_answers draw HOME OUT.jsonl         100 answers to test questions, by a fixed seed
    python -m tests.bench.marked_answers ask HOME QUESTIONS.jsonl OUT.jsonl    answers to questions of one's own
    python -m tests.bench.marked_answers summary FILE.jsonl

A row holds the question, the answer with its citations, and what was expected. A marker adds "mark" ("correct",
"partly" or "wrong"; an abstention is correct where nothing answers), "readable" and, where pages are expected,
"page_right" (true or false), a second one "second" for some of them. The marks of the last reading are in marks/.
Agreement is Cohen's kappa (Cohen 1960). HOME is a library with the documents in it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sklearn.metrics import cohen_kappa_score

from api.config import RunConfig
from api.pipeline import Pipeline
from corpus.format import load_questions
from generator.answer import Answer

SEED, COUNT = 2026, 100
MARKS = ("correct", "partly", "wrong")
Row = dict[str, Any]


def drawn() -> list[Row]:
    """COUNT test questions, as many in each language, with what is expected."""
    rng = random.Random(SEED)
    rows = []
    for language in ("en", "ru"):
        own = load_questions(language=language, split="test")
        for question in rng.sample(own, COUNT // 2):
            rows.append({
                "id": question.id, "language": language, "kind": question.kind, "question": question.question,
                "expected": question.answer or "(the documents do not answer)",
                "evidence": [evidence.quote for evidence in question.evidence],
            })
    return rows


def answered(rows: Iterable[Row], home: Path) -> list[Row]:
    """The rows with the answers of the shipped settings."""
    found = []
    with Pipeline(RunConfig(home=home)) as pipeline:
        for row in rows:
            answer = pipeline.ask(pipeline.prepare(row["question"]))
            found.append({**row, **shown(answer)})
            print(f"{len(found)} {answer.status}: {answer.text[:100]}", flush=True)
    return found


def shown(answer: Answer) -> Row:
    """What a reader sees of an answer."""
    citations = {c.number: c for sentence in answer.sentences for c in sentence.citations}
    return {
        "status": answer.status, "reason": answer.reason, "answer": answer.text, "confidence": answer.confidence,
        "quoted": any(s.origin == "quotation" and not s.further for s in answer.sentences), "model": answer.model,
        "citations": [
            {"number": n, "title": c.title, "page": c.page, "quote": c.quote} for n, c in sorted(citations.items())
        ],
    }


def summary(rows: list[Row]) -> list[str]:
    """The marks counted, for all, by language and by whether there was an answer to give."""
    marked = [row for row in rows if row.get("mark") in MARKS]
    groups: dict[str, list[Row]] = {"all": marked}
    for row in marked:
        groups.setdefault(str(row["language"]), []).append(row)
        groups.setdefault("unanswerable" if row["kind"] == "unanswerable" else "answerable", []).append(row)
        groups.setdefault(str(row["status"]), []).append(row)
    lines = []
    for name, own in groups.items():
        counts = Counter(row["mark"] for row in own)
        readable = sum(bool(row.get("readable")) for row in own)
        marks = ", ".join(f"{counts[mark]} {mark}" for mark in MARKS)
        lines.append(f"{name}: {len(own)} answers: {marks}; {readable} readable")
    paged = [row["page_right"] for row in marked if row.get("page_right") is not None]
    if paged:
        lines.append(f"with a page to cite: {len(paged)}, the right one cited {sum(paged)}")
    twice = [(row["mark"], row["second"]) for row in marked if row.get("second") in MARKS]
    if twice:
        same = sum(first == second for first, second in twice) / len(twice)
        kappa = cohen_kappa_score(*zip(*twice, strict=True), labels=list(MARKS))
        lines.append(f"marked twice: {len(twice)}, the same {same:.2f}, kappa {kappa:.2f}")
    return lines


def main() -> None:
    """Draw, ask or count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("draw", "ask", "summary"))
    parser.add_argument("paths", type=Path, nargs="+")
    given = parser.parse_args()
    if len(given.paths) != {"draw": 2, "ask": 3, "summary": 1}[given.what]:
        parser.error(f"{given.what}: see the usage above")
    if given.what == "summary":
        print("\n".join(summary(_read(given.paths[0]))))
        return
    rows = drawn() if given.what == "draw" else _read(given.paths[1])
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in answered(rows, given.paths[0]))
    given.paths[-1].write_text(text, encoding="utf-8")


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
