"""Direct preference optimisation of the decoder, and the arm that it has to beat.

    preference = -log sigmoid(beta ((log p(chosen) - log p0(chosen)) - (log p(rejected) - log p0(rejected))))

(Rafailov et al. 2023, arXiv 2305.18290), p0 the starting weights. The log-probability of a text is the sum over its
pieces of that of all right actions, as in `loss.decode_loss`: a word may be written or copied from any place that shows
it. DPO alone may lower both probabilities as long as the rejected one falls faster (Pal et al. 2024, arXiv 2402.13228):
a share of the chosen text's own loss, its mean over pieces, holds it up (Pang et al. 2024, arXiv 2404.19733). Without
rejected texts that loss is all there is: fine-tuning on the best of n samples.

Shapes: B pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from generator.memory import MemoryBatch, Prompt
from generator.model import Decoder, Memory, Prepared
from generator.training.batches import Collator
from generator.training.loss import decode_loss, log_probabilities
from generator.training.targets import TargetBatch


@dataclass(frozen=True, slots=True)
class Lesson:
    """A prompt with a text to prefer and one to avoid (None: there is only what to prefer), each with the passage that
    it was copied from. reference: log-probability of both under the starting weights."""

    prompt: Prompt
    chosen: tuple[str, int]
    rejected: tuple[str, int] | None = None
    reference: tuple[float, float] = (0.0, 0.0)

    @property
    def length(self) -> int:
        """Letters to read."""
        return sum(len(passage.text) for passage in self.prompt.passages)


@dataclass(frozen=True, slots=True)
class LessonBatch:
    """Tensors of a batch of lessons, all with a rejected text or all without. reference [B, 2] float32."""

    memory: MemoryBatch
    chosen: TargetBatch
    rejected: TargetBatch | None
    reference: torch.Tensor


@dataclass(frozen=True, slots=True)
class PreferenceLosses:
    """total: what is trained on; the others for the log. likelihood: of the chosen, mean over pieces. margin: by how
    much, in nats and on average, a pair is further apart than under the starting weights; apart: share of the pairs
    that are."""

    total: torch.Tensor
    likelihood: torch.Tensor
    preference: torch.Tensor | None = None
    margin: torch.Tensor | None = None
    apart: torch.Tensor | None = None

    @property
    def shown(self) -> dict[str, float]:
        """Those that this batch has."""
        parts = {
            "preference": self.preference, "likelihood": self.likelihood, "margin": self.margin, "apart": self.apart,
        }
        return {name: float(value.detach()) for name, value in parts.items() if value is not None}


def lesson_batch(collator: Collator, lessons: Sequence[Lesson]) -> LessonBatch:
    """Memory and both texts' targets. Raises ValueError if only some lessons have a rejected text."""
    memory = collator.encoder.batch([lesson.prompt for lesson in lessons])
    rejected = [lesson.rejected for lesson in lessons if lesson.rejected is not None]
    if rejected and len(rejected) != len(lessons):
        raise ValueError("lessons with and without a rejected text do not go into one batch")
    return LessonBatch(
        memory,
        collator.targets(memory, [lesson.chosen for lesson in lessons]),
        collator.targets(memory, rejected) if rejected else None,
        torch.tensor([lesson.reference for lesson in lessons]),
    )


def preference_loss(
    chosen: torch.Tensor, rejected: torch.Tensor, reference: torch.Tensor, beta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(loss, margin), each [B], from log-probabilities [B] and those under the starting weights [B, 2]."""
    margin = (chosen - reference[:, 0]) - (rejected - reference[:, 1])
    return -F.logsigmoid(beta * margin), margin


def lesson_losses(
    model: Decoder, batch: LessonBatch, device: torch.device, beta: float, likelihood: float
) -> PreferenceLosses:
    """The loss of a batch: preference plus `likelihood` times that of the chosen texts; the latter alone where there
    are no rejected ones. The reader's states are taken as they are."""
    memory, prepared = _read(model, batch.memory, device)
    targets = batch.chosen.to(device)
    scores = model.scores(memory, prepared, targets.ids, targets.cases, targets.positions)
    own = decode_loss(scores, targets)
    if batch.rejected is None:
        return PreferenceLosses(own, own)
    chosen = log_probabilities(scores, targets)
    rejected = _log_probabilities(model, memory, prepared, batch.rejected, device)
    each, margin = preference_loss(chosen, rejected, batch.reference.to(device), beta)
    loss = each.mean()
    return PreferenceLosses(loss + likelihood * own, own, loss, margin.mean(), (margin > 0).float().mean())


@torch.no_grad()
def reference_of(model: Decoder, batch: LessonBatch, device: torch.device) -> list[tuple[float, float]]:
    """Log-probabilities of (chosen, rejected) under the model as it is; 0 where there is no rejected text."""
    memory, prepared = _read(model, batch.memory, device)
    chosen = _log_probabilities(model, memory, prepared, batch.chosen, device)
    rejected = torch.zeros_like(chosen)
    if batch.rejected is not None:
        rejected = _log_probabilities(model, memory, prepared, batch.rejected, device)
    return list(zip(chosen.tolist(), rejected.tolist(), strict=True))


def _read(model: Decoder, batch: MemoryBatch, device: torch.device) -> tuple[Memory, Prepared]:
    with torch.no_grad():
        memory = model.read(batch.to(device))
    return memory, model.prepare(memory, cached=False)


def _log_probabilities(
    model: Decoder, memory: Memory, prepared: Prepared, targets: TargetBatch, device: torch.device
) -> torch.Tensor:
    targets = targets.to(device)
    scores = model.scores(memory, prepared, targets.ids, targets.cases, targets.positions)
    return log_probabilities(scores, targets)
