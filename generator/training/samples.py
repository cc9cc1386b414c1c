"""The decoder's own answers to training prompts, drawn without any bar: what the third stage learns from.

A prompt is the gold passage among near misses; a share lost its gold passage, so that abstaining is right. Nothing is
barred while sampling: with the bars no answer could hold a number that its source has not, and there would be nothing
ungrounded to learn from. Samples go to a JSON-lines file, a batch at a time: what a stopped run has drawn stays.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generator.engine import Engine
from generator.errors import CheckpointError
from generator.memory import PromptEncoder, Source
from generator.sampling import SamplingOptions
from generator.training.batches import Composed, Composer
from generator.training.examples import Example
from generator.written import Generated, Written


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """prompts: how many; each: samples of each; max_pieces: what is longer has not ended and is not learned from."""

    prompts: int = 2400
    each: int = 6
    temperature: float = 1.0
    max_pieces: int = 62
    batch_size: int = 16
    seed: int = 41


@dataclass(frozen=True, slots=True)
class Posed:
    """A prompt with its truth. gold: strings of which a right answer has to contain one; none: abstaining is right."""

    id: str
    composed: Composed
    gold: tuple[str, ...]

    @property
    def length(self) -> int:
        """Letters of all passages, for batches of like length."""
        return sum(len(passage.text) for passage in self.composed.prompt.passages)


def pose(
    examples: Sequence[Example], weights: Mapping[str, float], composer: Composer, settings: SampleSettings
) -> list[Posed]:
    """At most `settings.prompts` different examples that have an answer to compare with, drawn by the weight of their
    source without replacement (Efraimidis & Spirakis 2006), in batches of like length."""
    rng = random.Random(settings.seed)
    usable = [example for example in examples if example.answerable and example.span is not None]
    keys = {id(example): rng.random() ** (1.0 / weights[example.source]) for example in usable}
    chosen = sorted(usable, key=lambda example: keys[id(example)], reverse=True)[: settings.prompts]
    posed = []
    for example in chosen:
        composed = composer.compose(example, composer.composition.draw_distractors(rng), rng)
        posed.append(Posed(example.id, composed, tuple(example.gold) if composed.answer else ()))
    posed.sort(key=lambda item: (len(item.composed.prompt.passages), item.length))
    parts = [posed[n : n + settings.batch_size] for n in range(0, len(posed), settings.batch_size)]
    # Only the last part can be short, and it has to stay last: batches are counted from the beginning.
    last = parts.pop() if parts and len(parts[-1]) < settings.batch_size else []
    rng.shuffle(parts)
    return [item for part in [*parts, last] for item in part]


def draw_samples(
    engine: Engine, posed: Sequence[Posed], settings: SampleSettings, path: Path, weights: str,
    report: Callable[[str], None], *, resume: bool = False,
) -> None:
    """Bring `path` to `settings.each` samples for every prompt.

    weights: fingerprint of the decoder. A file of the same weights, prompts and settings is gone on with; any other is
    begun anew, or with `resume`, where steps were taken from it, raises CheckpointError.
    """
    header = {"format": 1, "weights": weights, "prompts": _fingerprint(posed), "settings": asdict(settings)}
    done = _complete(path, header, settings.batch_size, len(posed))
    if done is None and resume:
        raise CheckpointError(
            f"{path} was drawn by other weights or with other options: give the same ones, or leave out --resume"
        )
    if not done:
        if path.is_file() and done is None:
            report(f"samples: begun anew, {path} was drawn by other weights or with other options")
        done = 0
        path.write_text(json.dumps(header) + "\n", encoding="utf-8")
    elif done < len(posed):
        report(f"samples: goes on at prompt {done} of {len(posed)}")
    started, first = time.monotonic(), done
    while done < len(posed):
        part = posed[done : done + settings.batch_size]
        prompts = [item.composed.prompt for item in part]
        memory, sources, _ = engine.read(prompts)
        drawn = [
            engine.write(
                prompts, memory, sources,
                SamplingOptions(temperature=settings.temperature, seed=settings.seed + (done + 1) * 1_000 + number),
                settings.max_pieces, constrained=False,
            )
            for number in range(settings.each)
        ]
        with path.open("a", encoding="utf-8") as file:
            for item, answers in zip(part, zip(*drawn, strict=True), strict=True):
                row = {"id": item.id, "samples": [_packed(answer) for answer in answers]}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        done += len(part)
        if (done // settings.batch_size) % 10 == 0 or done == len(posed):
            seconds = time.monotonic() - started
            rate = (done - first) / seconds
            left = (len(posed) - done) / rate / 60
            report(f"samples: {done}/{len(posed)} prompts, {rate:.1f} a second, {left:.0f} min left")


def read_samples(
    path: Path, posed: Sequence[Posed], encoder: PromptEncoder
) -> Iterator[tuple[list[Source | None], list[Generated]]]:
    """What `draw_samples` wrote for each of `posed`, after what stands in the prompt's memory.

    Raises CheckpointError if the file is of other prompts.
    """
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][1:]
    if [row["id"] for row in rows] != [item.id for item in posed]:
        raise CheckpointError(f"{path} holds samples of other prompts: remove it to draw them anew")
    for row, item in zip(rows, posed, strict=True):
        (sources,) = encoder.batch([item.composed.prompt]).sources
        at = {(s.passage, s.kind, s.piece.start): s for s in sources if s is not None}
        yield sources, [_unpacked(sample, at) for sample in row["samples"]]


def _fingerprint(posed: Sequence[Posed]) -> str:
    told = [(item.id, asdict(item.composed.prompt), item.gold) for item in posed]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _complete(path: Path, header: dict[str, Any], batch_size: int, prompts: int) -> int | None:
    """How many prompts of whole batches `path` holds under this header, None if it has another; what follows them is
    cut off."""
    if not path.is_file():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    if not lines or not lines[0].endswith(b"\n"):
        return 0
    if json.loads(lines[0]) != header:
        return None
    rows = [line for line in lines[1:] if line.endswith(b"\n")]
    whole = rows if len(rows) == prompts else rows[: len(rows) - len(rows) % batch_size]
    path.write_bytes(lines[0] + b"".join(whole))
    return len(whole)


def _packed(answer: Generated) -> dict[str, Any]:
    """Pieces as [start, end, log-probability] and, where copied, passage, kind and offset of the source."""
    pieces = [
        [p.start, p.end, round(p.log_probability, 4)]
        + ([] if p.source is None else [p.source.passage, p.source.kind, p.source.piece.start])
        for p in answer.pieces
    ]
    return {"text": answer.text, "ended": answer.ended, "pieces": pieces}


def _unpacked(sample: dict[str, Any], at: Mapping[tuple[int, int, int], Source]) -> Generated:
    pieces = tuple(
        Written(start, end, at[(source[0], source[1], source[2])] if source else None, log_probability)
        for start, end, log_probability, *source in sample["pieces"]
    )
    return Generated(sample["text"], pieces, bool(sample["ended"]))
