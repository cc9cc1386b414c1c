"""How much it tells that a sentence has the kind of thing that is asked for: the weights of `generator/asked.py`.

    python -m tests.bench.bench_asked

For the train questions of the reading sets whose first words tell a kind: the share of the sentences that answer, and
of the others of their passages, that have it, some number instead, or neither; and the logarithm of the ratio.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import get_args

from corpus.format import LANGUAGES, load_reading
from generator.asked import WEIGHTS, Kind, Sign, asked_kind, sign


def main() -> None:
    """Print the table."""
    found: Counter[tuple[str, Kind, bool, Sign]] = Counter()
    for passage in load_reading(split="train"):
        for question in passage.questions:
            kind = asked_kind(question.question)
            if kind is not None and question.answer is not None:
                for number, sentence in enumerate(passage.sentences):
                    found[passage.language, kind, number in question.evidence, sign(kind, sentence)] += 1
    print("kind      has        in use     en answers others  ratio     ru answers others  ratio")
    for kind in get_args(Kind):
        for each in get_args(Sign):
            cells = []
            for language in LANGUAGES:
                whole = [sum(found[language, kind, side, one] for one in get_args(Sign)) for side in (True, False)]
                if not min(whole) or not found[language, kind, False, each]:
                    continue
                answers, others = (
                    (found[language, kind, side, each] + 0.5) / (n + 1)
                    for side, n in zip((True, False), whole, strict=True)
                )
                cells.append(f"{answers:7.3f} {others:7.3f} {math.log(answers / others):+6.2f} of {whole[0]:4}")
            if cells:
                print(f"{kind:9} {each:9} {WEIGHTS[kind][each]:+6.1f}    " + "   ".join(cells))


if __name__ == "__main__":
    main()
