"""Losses: the reader's (relevance, span, evidence, support) or the decoder's (some right action), means per example.

Decoder: -log of the summed probability of all right actions (marginal pointer loss; Gulcehre et al. 2016, arXiv
1603.08148, See et al. 2017, arXiv 1704.04368). Span: cross-entropy of start and end within the gold passage
(Devlin et al. 2019, arXiv 1810.04805). Evidence: whether each piece belongs to a gold sentence, and which of all
sentences of the prompt is one, by the mean over its pieces: that mean is what sentences are chosen by.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F

from generator.model import Decoder, Memory
from generator.training.batches import Batch
from generator.training.targets import ReadingTargets, TargetBatch

# Of the loss that chooses among sentences, beside the one that judges pieces.
SENTENCE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Losses:
    """Scalars: each mean over what it applies to."""

    decode: torch.Tensor
    span: torch.Tensor
    evidence: torch.Tensor
    relevance: torch.Tensor
    support: torch.Tensor

    @property
    def total(self) -> torch.Tensor:
        """The sum that is trained on."""
        return self.decode + 0.5 * self.span + 0.5 * self.evidence + self.relevance + self.support

    @property
    def shown(self) -> dict[str, float]:
        """Those that the batch had targets for."""
        values = {field.name: float(getattr(self, field.name).detach()) for field in fields(self)}
        return {name: value for name, value in values.items() if value}


def step_losses(scores: torch.Tensor, targets: TargetBatch) -> torch.Tensor:
    """-log p(any right action) [B, T] of each step; scores [B, T, V + M]. Meaningless where `targets.mask` is False."""
    right = scores.masked_fill(~targets.allowed, -1e9).logsumexp(-1)
    return scores.logsumexp(-1) - right


def decode_loss(scores: torch.Tensor, targets: TargetBatch) -> torch.Tensor:
    """Mean over real steps of -log p(any right action); scores [B, T, V + M]."""
    loss = step_losses(scores, targets)
    return loss[targets.mask].mean() if bool(targets.mask.any()) else scores.sum() * 0.0


def log_probabilities(scores: torch.Tensor, targets: TargetBatch) -> torch.Tensor:
    """log p [B] of whole answers: the sum over their steps; 0 where there is nothing to write."""
    return -step_losses(scores, targets).masked_fill(~targets.mask, 0.0).sum(-1)


def reading_losses(memory: Memory, targets: ReadingTargets) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(span, evidence, relevance)."""
    zero = memory.states.float().sum() * 0.0
    if memory.relevance.shape[1] == 0:
        return zero, zero, zero
    real = targets.relevant >= 0
    relevance = F.binary_cross_entropy_with_logits(memory.relevance[real], targets.relevant[real].float())
    span = zero
    if bool((targets.start >= 0).any()):
        start, end = memory.start.flatten(1), memory.end.flatten(1)
        span = 0.5 * (
            F.cross_entropy(start, targets.start, ignore_index=-100)
            + F.cross_entropy(end, targets.end, ignore_index=-100)
        )
    inside = memory.evidence > -1e3
    evidence = zero
    if bool(inside.any()):
        evidence = F.binary_cross_entropy_with_logits(memory.evidence[inside], targets.evidence[inside].float())
        evidence = evidence + SENTENCE_SHARE * sentence_loss(memory.evidence, targets)
    return span, evidence, relevance


def sentence_loss(evidence: torch.Tensor, targets: ReadingTargets) -> torch.Tensor:
    """-log of the gold sentences' share of the softmax over all sentences of a prompt, each by its mean piece; mean
    over the prompts that have gold and more than that. evidence [B, P, Sp]."""
    numbers = targets.sentences.flatten(1)
    inside = (numbers >= 0).float()
    count = int(numbers.max()) + 1
    at = numbers.clamp_min(0)
    zeros = evidence.new_zeros(len(numbers), max(1, count))
    sizes = zeros.scatter_add(1, at, inside)
    means = zeros.scatter_add(1, at, evidence.flatten(1) * inside) / sizes.clamp_min(1.0)
    gold = zeros.scatter_add(1, at, targets.evidence.flatten(1) * inside) / sizes.clamp_min(1.0) > 0.5
    real = sizes > 0
    usable = gold.any(1) & (real & ~gold).any(1)
    if not bool(usable.any()):
        return evidence.sum() * 0.0
    means = means.masked_fill(~real, -1e9)[usable]
    return (means.logsumexp(1) - means.masked_fill(~gold[usable], -1e9).logsumexp(1)).mean()


def support_loss(scores: torch.Tensor, held: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of scores [B, 1, 2] where held [B, 2] is not -1."""
    known = held >= 0
    return F.binary_cross_entropy_with_logits(scores[:, 0][known], held[known].float())


def losses(model: Decoder, batch: Batch, device: torch.device) -> Losses:
    """The losses that the batch has targets for; the others are 0. Where only writing is taught, the reader's
    states are taken as they are."""
    zero = torch.zeros((), device=device)
    if batch.claims is not None:
        support = support_loss(model.verify(batch.memory.to(device)), batch.claims.to(device))
        return Losses(zero, zero, zero, zero, support)
    if batch.targets is None:
        assert batch.reading is not None
        memory = model.read(batch.memory.to(device))
        return Losses(zero, *reading_losses(memory, batch.reading.to(device)), zero)
    with torch.no_grad():
        memory = model.read(batch.memory.to(device))
    targets = batch.targets.to(device)
    scores = model.scores(
        memory, model.prepare(memory, cached=False), targets.ids, targets.cases, targets.positions
    )
    return Losses(decode_loss(scores, targets), zero, zero, zero, zero)
