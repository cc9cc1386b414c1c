"""Dev scores while training: can it read (span F1, evidence), and can it answer (Match) with a distractor beside."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from generator.engine import Engine
from generator.memory import Prompt
from generator.metrics import match, token_f1
from generator.sampling import SamplingOptions
from generator.training.batches import Composed, Composer
from generator.training.examples import Example


def gold_strings(example: Example) -> list[str]:
    """What a right answer has to contain: the literal span in its passage."""
    if example.span is None:
        return []
    return [example.passages[0].text[slice(*example.span)]]


def dev_prompts(examples: Sequence[Example], composer: Composer, seed: int = 5) -> list[tuple[Example, Composed]]:
    """The same prompts at every call, gold passage and one distractor, shuffled."""
    rng = random.Random(seed)
    return [(example, composer.compose(example, 1, rng)) for example in examples]


def dev_scores(
    engine: Engine, prompts: Sequence[tuple[Example, Composed]], batch_size: int = 16
) -> dict[str, dict[str, float]]:
    """Per source: span F1, Match of the answer, Match closed book, words per answer, relevance accuracy."""
    sums: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for start in range(0, len(prompts), batch_size):
        part = prompts[start : start + batch_size]
        given = [composed.prompt for _, composed in part]
        memory, sources, readings = engine.read(given)
        answers = engine.write(given, memory, sources, SamplingOptions())
        closed = engine.generate([Prompt(prompt.question) for prompt in given])
        for (example, composed), reading, answer, alone in zip(part, readings, answers, closed, strict=True):
            row = sums[example.source]
            for relevance, gold in zip(reading.relevance, composed.gold, strict=True):
                row["relevance"].append(float((relevance > 0) == bool(gold)))
            if not example.answerable or not composed.answer or example.span is None:
                continue
            wanted = gold_strings(example)
            assert reading.span is not None
            p, a, z, _ = reading.span
            row["span_f1"].append(token_f1(composed.prompt.passages[p].text[a:z], wanted))
            row["match"].append(float(match(answer.text, wanted)))
            row["closed"].append(float(match(alone.text, wanted)))
            row["words"].append(float(len(answer.text.split())))
            row["ended"].append(float(answer.ended))
    return {
        source: {name: round(sum(values) / len(values), 3) for name, values in row.items()}
        | {"n": float(len(row["match"]))}
        for source, row in sums.items()
    }
