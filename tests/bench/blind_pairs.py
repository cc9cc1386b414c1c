"""The decoder's own words beside the sentence that the reader likes best: which of the two would a reader rather have?

    lectern evaluate writing --data DIR --limit 50 --save SAVED.jsonl
    python -m tests.bench.blind_pairs draw DIR SAVED.jsonl OUT.jsonl     100 pairs, by a fixed seed
    python -m tests.bench.blind_pairs summary FILE.jsonl

A row holds a question, the passage that answers it, and two answers, "a" and "b", in an order drawn for each; whose
they are stands in no field, it follows from the seed. A marker adds "preferred": "a", "b" or "neither". Questions
where both say the same, or the decoder nothing, are not drawn. Preferences are counted by source, with the sign test
over those that prefer one (Dixon & Mood 1946). The last reading is in marks/: who is preferred, by id, without
the texts, which belong to sets that this repository holds no copy of.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from api.evaluate.baselines import BEST
from api.evaluate.company import load
from api.evaluate.writing import OWN

SEED, COUNT = 2026, 100
Row = dict[str, Any]


def decoder_first(question: str) -> bool:
    """Whether the decoder's words are "a" of the pair of question `question` (its id)."""
    return random.Random(f"{SEED}:{question}").random() < 0.5


def drawn(saved: Sequence[Row], passages: dict[str, str], count: int = COUNT) -> list[Row]:
    """`count` pairs out of what `evaluate writing` saved, about equally many of each source; passages: by question
    id, the one that answers."""
    usable: dict[str, list[Row]] = {}
    for row in saved:
        own, best = (row["answers"][name]["text"] for name in (OWN, BEST))
        if own and best and own.rstrip(".") != best.rstrip("."):
            usable.setdefault(row["source"], []).append(row)
    rng = random.Random(SEED)
    chosen = []
    for number, rows in enumerate(usable.values()):
        share = (count - len(chosen)) // (len(usable) - number)
        chosen += rng.sample(rows, min(share, len(rows)))
    rng.shuffle(chosen)
    pairs = []
    for row in chosen:
        texts = [row["answers"][name]["text"] for name in (OWN, BEST)]
        if not decoder_first(row["id"]):
            texts.reverse()
        pairs.append({
            "id": row["id"], "source": row["source"], "question": row["question"], "passage": passages[row["id"]],
            "a": texts[0], "b": texts[1],
        })
    return pairs


def summary(rows: Sequence[Row]) -> list[str]:
    """Preferences counted, for all and by source."""
    groups: dict[str, list[str]] = {"all": []}
    for row in rows:
        if (side := row.get("preferred")) in ("a", "b", "neither"):
            decoder = "neither" if side == "neither" else "decoder" if (side == "a") == decoder_first(row["id"]) \
                else "sentence"
            groups["all"].append(decoder)
            groups.setdefault(row["source"], []).append(decoder)
    lines = []
    for name, sides in groups.items():
        counts = Counter(sides)
        told = counts["decoder"] + counts["sentence"]
        p = binomtest(counts["decoder"], told).pvalue if told else 1.0
        lines.append(
            f"{name}: {len(sides)} pairs: the decoder's words preferred in {counts['decoder']}, the sentence in "
            f"{counts['sentence']}, neither in {counts['neither']}; p = {p:.3f}"
        )
    return lines


def main() -> None:
    """Draw or count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("draw", "summary"))
    parser.add_argument("paths", type=Path, nargs="+")
    given = parser.parse_args()
    if len(given.paths) != {"draw": 3, "summary": 1}[given.what]:
        parser.error(f"{given.what}: see the usage above")
    if given.what == "summary":
        print("\n".join(summary(_read(given.paths[0]))))
        return
    passages = {one.example.id: one.example.passages[0].text for one in load(given.paths[0])}
    rows = drawn(_read(given.paths[1]), passages)
    given.paths[2].write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
