"""One resumable training loop for every stage of the decoder.

A checkpoint holds the weights' float32 masters, AdamW's moments and the step; batches are drawn anew from the seed
and the step, so a resumed run sees the batches that an undisturbed one would. Ctrl-C writes a checkpoint first. The
mean losses go to the log and, as one JSON line each, beside the checkpoint.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import torch

from generator.model import READER, Decoder
from generator.training.batches import Batch, Collator, Composer, passage_length, shuffled_batches
from generator.training.claims import ClaimMaker
from generator.training.cloze import CLOZE
from generator.training.examples import Example
from generator.training.loss import losses
from retrieval.training.mixed import MasterAdamW, cosine_rate

Stage = Literal["cloze", "read", "write", "align"]
READING: tuple[Stage, ...] = ("cloze", "read")  # these train the reader, the others the decoder over it
T = TypeVar("T")
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


class StepLoss(Protocol):
    """What a step gives: a scalar to go down, and figures for the log."""

    @property
    def total(self) -> torch.Tensor:
        """What is trained on."""

    @property
    def shown(self) -> dict[str, float]:
        """By name, those that this step has."""


def optimizer_for(model: Decoder, settings: LoopSettings, stage: Stage) -> MasterAdamW:
    """The reader's or the decoder's parameters; a lower rate for the layers that come from the embedder."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(READER) is (stage in READING))
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
    """Run a stage on examples.

    weights[i]: how often example i is drawn, relative to others. claims: what the share `composition.verified` of the
    batches is made of.
    """
    device = next(model.parameters()).device
    batch_at = drawn(examples, weights, settings, passage_length)

    def loss_at(step: int) -> StepLoss:
        rng = _rng(settings, BLOCK * settings.steps + step)
        return losses(model, _batch(batch_at(step), stage, composer, collator, claims, rng), device)

    run_steps(
        model, loss_at, settings, stage, checkpoint,
        resume=resume, report=report, on_milestone=on_milestone, milestones=milestones,
    )


def run_steps(
    model: Decoder,
    loss_at: Callable[[int], StepLoss],
    settings: LoopSettings,
    stage: Stage,
    checkpoint: Path,
    *,
    resume: bool,
    report: Callable[[str], None],
    on_milestone: Callable[[int], None] | None = None,
    milestones: Sequence[int] = (),
) -> None:
    """The loop itself: `loss_at(step)` has to depend on the step and the model alone."""
    optimizer = optimizer_for(model, settings, stage)
    first = 0
    if resume and checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        optimizer.load_state_dict(state["optimizer"])
        first = int(state["step"])
        report(f"resumed at step {first} of {settings.steps}")
    curve = checkpoint.with_name(f"{checkpoint.name.split('.')[0]}.losses.jsonl")
    meter = _Meter(report, settings.steps, first, settings.batch_size, curve)
    saved_at = time.monotonic()
    step = first
    try:
        while step < settings.steps:
            result = loss_at(step)
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


def drawn(
    items: Sequence[T], weights: Sequence[float], settings: LoopSettings, length: Callable[[T], int]
) -> Callable[[int], list[T]]:
    """The batch of each step, of items of like `length`: the same whichever step is asked for first."""
    blocks: dict[int, list[list[T]]] = {}

    def at(step: int) -> list[T]:
        block = step - step % BLOCK
        if block not in blocks:
            blocks.clear()
            rng = _rng(settings, block)
            blocks[block] = list(shuffled_batches(items, weights, settings.batch_size, BLOCK, rng, length))
        return blocks[block][step - block]

    return at


def _batch(
    part: Sequence[Example], stage: Stage, composer: Composer, collator: Collator, claims: ClaimMaker | None,
    rng: random.Random,
) -> Batch:
    """What one step learns from: claims to verify, or prompts to read or to write from."""
    answerable = [example for example in part if example.answerable and not example.source.startswith(CLOZE)]
    if claims is not None and answerable and rng.random() < composer.composition.verified:
        return collator.for_verifying([claims.draw(example, rng) for example in answerable])
    distractors, letters = composer.composition.draw_distractors(rng), composer.composition.draw_letters(rng)
    composed = [composer.compose(example, distractors, rng, letters) for example in part]
    return collator.for_reading(composed) if stage in READING else collator.for_writing(composed)


def _rng(settings: LoopSettings, number: int) -> random.Random:
    return random.Random(settings.seed * 1_000_003 + number)


def _save(path: Path, optimizer: MasterAdamW, step: int) -> None:
    part = path.with_suffix(".part")
    torch.save({"optimizer": optimizer.state_dict(), "step": step}, part)
    part.replace(path)


class _Meter:
    """Means of the losses since the last line, over the steps that had them; every 50 steps a line with rate and
    remaining time, and one of JSON in `curve`, from which a resumed run takes what it will repeat."""

    def __init__(
        self, report: Callable[[str], None], steps: int, first: int, batch_size: int, curve: Path
    ) -> None:
        self.report, self.steps, self.first, self.batch_size = report, steps, first, batch_size
        self.started = time.monotonic()
        self.values: dict[str, list[float]] = {}
        self.curve = curve
        before = curve.read_text(encoding="utf-8").splitlines() if first and curve.is_file() else []
        kept = [line for line in before if json.loads(line)["step"] <= first]
        curve.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def update(self, step: int, result: StepLoss) -> None:
        for name, value in result.shown.items():
            self.values.setdefault(name, []).append(value)
        if step % 50 == 0 or step == self.steps:
            seconds = time.monotonic() - self.started
            done = step - self.first
            means = {name: round(sum(row) / len(row), 4) for name, row in self.values.items()}
            self.report(
                f"step {step}/{self.steps} " + " ".join(f"{name} {mean:.3f}" for name, mean in means.items())
                + f" {done * self.batch_size / seconds:.1f} examples/s {seconds / done * (self.steps - step) / 60:.0f}"
                " min left"
            )
            with self.curve.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, **means}) + "\n")
            self.values = {}
