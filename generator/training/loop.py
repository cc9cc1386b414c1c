"""One resumable training loop for every stage of the decoder.

A checkpoint holds the weights' float32 masters, AdamW's moments and the step; batches are drawn anew from the seed
and the step, so a resumed run sees the batches that an undisturbed one would. Ctrl-C writes a checkpoint first.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import torch

from generator.model import READER, Decoder
from generator.training.batches import Batch, Collator, Composer, shuffled_batches
from generator.training.claims import ClaimMaker
from generator.training.examples import Example
from generator.training.loss import Losses, losses
from retrieval.training.mixed import MasterAdamW, cosine_rate

Stage = Literal["read", "write"]
# Batches are drawn for this many steps at a time, so that a resumed run draws the same ones.
BLOCK = 200


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """steps of `batch_size` examples; joint_rate: peak rate of the layers that start trained; new_rate: of the
    others."""

    steps: int
    batch_size: int = 12
    joint_rate: float = 1.5e-4
    new_rate: float = 1e-3
    warmup_steps: int = 200
    seed: int = 29
    checkpoint_seconds: float = 300.0


def optimizer_for(model: Decoder, settings: LoopSettings, stage: Stage) -> MasterAdamW:
    """The reader's or the decoder's parameters; a lower rate for the layers that come from the embedder."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(READER) is (stage == "read"))
    own = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    joint = [p for n, p in own if n.startswith("joint.")]
    fresh = [p for n, p in own if not n.startswith("joint.")]
    groups = [{"params": joint, "lr": settings.joint_rate}, {"params": fresh, "lr": settings.new_rate}]
    return MasterAdamW([group for group in groups if group["params"]])


def train(
    model: Decoder,
    composer: Composer,
    collator: Collator,
    examples: Sequence[Example],
    weights: Sequence[float],
    settings: LoopSettings,
    stage: Stage,
    checkpoint: Path,
    *,
    resume: bool,
    report: Callable[[str], None],
    on_milestone: Callable[[int], None] | None = None,
    milestones: Sequence[int] = (),
    claims: ClaimMaker | None = None,
) -> None:
    """Run a stage: "read" trains the reader, "write" the decoder over it.

    weights[i]: how often example i is drawn, relative to others. claims: what the share `composition.verified` of the
    batches is made of.
    """
    device = next(model.parameters()).device
    optimizer = optimizer_for(model, settings, stage)
    first = 0
    if resume and checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        optimizer.load_state_dict(state["optimizer"])
        first = int(state["step"])
        report(f"resumed at step {first} of {settings.steps}")
    meter = _Meter(report, settings.steps, first, settings.batch_size)
    saved_at = time.monotonic()
    step = first
    try:
        while step < settings.steps:
            block = step - step % BLOCK
            drawn = shuffled_batches(examples, weights, settings.batch_size, BLOCK, _rng(settings, block))
            for part in list(drawn)[step - block : settings.steps - block]:
                rng = _rng(settings, BLOCK * settings.steps + step)
                result = losses(model, _batch(part, stage, composer, collator, claims, rng), device)
                result.total.backward()  # type: ignore[no-untyped-call]
                optimizer.step(cosine_rate(step, settings.steps, settings.warmup_steps))
                step += 1
                meter.update(step, result)
                if step in milestones and on_milestone is not None:
                    on_milestone(step)
                if time.monotonic() - saved_at > settings.checkpoint_seconds:
                    _save(checkpoint, optimizer, step)
                    saved_at = time.monotonic()
    except KeyboardInterrupt:
        _save(checkpoint, optimizer, step)
        report(f"stopped at step {step}; go on with --resume")
        raise
    _save(checkpoint, optimizer, step)


def _batch(
    part: Sequence[Example], stage: Stage, composer: Composer, collator: Collator, claims: ClaimMaker | None,
    rng: random.Random,
) -> Batch:
    """What one step learns from: claims to verify, or prompts to read or to write from."""
    answerable = [example for example in part if example.answerable]
    if claims is not None and answerable and rng.random() < composer.composition.verified:
        return collator.for_verifying([claims.draw(example, rng) for example in answerable])
    distractors = composer.composition.draw_distractors(rng)
    composed = [composer.compose(example, distractors, rng) for example in part]
    return collator.for_reading(composed) if stage == "read" else collator.for_writing(composed)


def _rng(settings: LoopSettings, number: int) -> random.Random:
    return random.Random(settings.seed * 1_000_003 + number)


def _save(path: Path, optimizer: MasterAdamW, step: int) -> None:
    part = path.with_suffix(".part")
    torch.save({"optimizer": optimizer.state_dict(), "step": step}, part)
    part.replace(path)


class _Meter:
    """Means of the losses since the last line, over the steps that had them; printed every 50 steps with rate and
    remaining time."""

    def __init__(self, report: Callable[[str], None], steps: int, first: int, batch_size: int) -> None:
        self.report, self.steps, self.first, self.batch_size = report, steps, first, batch_size
        self.started = time.monotonic()
        self.values: dict[str, list[float]] = {}

    def update(self, step: int, result: Losses) -> None:
        for field in fields(result):
            value = float(getattr(result, field.name).detach())
            if value:
                self.values.setdefault(field.name, []).append(value)
        if step % 50 == 0:
            seconds = time.monotonic() - self.started
            done = step - self.first
            means = " ".join(f"{name} {sum(row) / len(row):.3f}" for name, row in self.values.items())
            self.report(
                f"step {step}/{self.steps} {means} {done * self.batch_size / seconds:.1f} examples/s "
                f"{seconds / done * (self.steps - step) / 60:.0f} min left"
            )
            self.values = {}
