"""Dev scores while training: can it read (span F1, evidence), and can it answer (Match) with a distractor beside."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence

import torch

from generator.engine import Engine, Reading
from generator.memory import Prompt
from generator.metrics import match, token_f1
from generator.training.batches import Collator, Composed, Composer
from generator.training.examples import Example
from generator.training.loss import log_probabilities
from ingest.sentences import split_sentences


def dev_prompts(examples: Sequence[Example], composer: Composer, seed: int = 5) -> list[tuple[Example, Composed]]:
    """The same prompts at every call, gold passage and one distractor, shuffled."""
    rng = random.Random(seed)
    return [(example, composer.compose(example, 1, rng)) for example in examples]


def evidence_found(reading: Reading, composed: Composed) -> bool:
    """Whether the sentence with the highest mean evidence score, of all passages, is a gold one."""
    best, gold = float("-inf"), False
    for p, passage in enumerate(composed.prompt.passages):
        for a, z in split_sentences(passage.text):
            scores = [row.evidence for row in reading.pieces[p] if a <= row.start < z]
            if scores and sum(scores) / len(scores) > best:
                best = sum(scores) / len(scores)
                gold = any(min(z, end) - max(a, start) > 0.5 * (z - a) for start, end in composed.gold[p])
    return gold


def dev_scores(
    engine: Engine, prompts: Sequence[tuple[Example, Composed]], *, write: bool, batch_size: int = 16
) -> dict[str, dict[str, float]]:
    """Per source: span F1, evidence sentence found, relevance accuracy, gold passage above the other; with `write`
    also Match of what is written from the gold sentences, Match closed book, words per answer, bits per byte of the
    written answers."""
    sums: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for start in range(0, len(prompts), batch_size):
        part = prompts[start : start + batch_size]
        given = [composed.prompt for _, composed in part]
        _, _, readings = engine.read(given)
        for (example, composed), reading in zip(part, readings, strict=True):
            row = sums[example.source]
            for relevance, gold in zip(reading.relevance, composed.gold, strict=True):
                row["relevance"].append(float((relevance > 0) == bool(gold)))
            if not example.answerable or example.span is None:
                continue
            assert reading.span is not None
            p, a, z, _ = reading.span
            row["span_f1"].append(token_f1(composed.prompt.passages[p].text[a:z], example.gold))
            row["evidence"].append(float(evidence_found(reading, composed)))
            best = max(range(len(composed.gold)), key=lambda n: reading.relevance[n])
            row["gold_first"].append(float(bool(composed.gold[best])))
        if not write:
            continue
        answers = engine.generate([composed.focused.prompt for _, composed in part])
        closed = engine.generate([Prompt(prompt.question) for prompt in given])
        for (example, _), answer, alone in zip(part, answers, closed, strict=True):
            if example.answerable and example.span is not None:
                row = sums[example.source]
                row["match"].append(float(match(answer.text, example.gold)))
                row["closed"].append(float(match(alone.text, example.gold)))
                row["words"].append(float(len(answer.text.split())))
                row["ended"].append(float(answer.ended))
    bits = bits_per_byte(engine, prompts, batch_size) if write else {}
    return {
        source: {name: round(sum(values) / len(values), 3) for name, values in row.items()}
        | ({"bits_per_byte": round(bits[source], 3)} if source in bits else {})
        | {"n": float(len(row["span_f1"]))}
        for source, row in sums.items()
    }


@torch.inference_mode()
def bits_per_byte(
    engine: Engine, prompts: Sequence[tuple[Example, Composed]], batch_size: int = 16
) -> dict[str, float]:
    """Per source: bits that the decoder needs for the written answers, their end included, by their bytes in UTF-8;
    answers that it cannot write are left out."""
    collator = Collator(engine.encoder, engine.vocabulary, engine.model.config.max_steps)
    bits: dict[str, float] = defaultdict(float)
    size: dict[str, int] = defaultdict(int)
    for start in range(0, len(prompts), batch_size):
        part = prompts[start : start + batch_size]
        batch = collator.for_writing([composed.focused for _, composed in part])
        assert batch.targets is not None
        memory, targets = engine.model.read(batch.memory.to(engine.device)), batch.targets.to(engine.device)
        prepared = engine.model.prepare(memory, cached=False)
        scores = engine.model.scores(memory, prepared, targets.ids, targets.cases, targets.positions)
        written = targets.mask.any(1).tolist()
        for (example, composed), there, log_p in zip(
            part, written, log_probabilities(scores, targets).tolist(), strict=True
        ):
            if there:
                bits[example.source] -= log_p / math.log(2.0)
                size[example.source] += len(composed.answer.encode())
    return {source: bits[source] / size[source] for source in bits}
