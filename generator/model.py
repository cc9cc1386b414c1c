"""The model: a reader's top over the embedder's token states, and a decoder that writes by copying from them.

    question, passages --(word rows and the first `frozen_layers` of the embedder, each text alone)--> token states
    --(trained joint layers, started from the embedder's others, question with each passage)--> memory
    memory --> heads: relevance of a passage, answer span, evidence; with a claim after the question: support
    memory --(cross-attention; Fusion-in-Decoder: Izacard & Grave 2021, arXiv 2007.01282)--> decoder
    decoder --> one softmax over the small vocabulary and all memory positions (See et al. 2017, arXiv 1704.04368)

The pointer starts from the reader's scores, and it knows where the last copy came from: going on with a copied run
is one learned weight. The loss (training/loss.py) asks only that some action with the right surface is taken.

Shapes: B batch, P passages, Sq/Sp question/passage tokens, M = Sq + P * Sp memory positions, E embedder width,
T answer steps, C decoder width, V vocabulary.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields

import torch
from torch import nn
from torch.nn import functional

from generator.cache import KVCache
from generator.layers import Block, RMSNorm
from generator.memory import EVIDENCE, NOTHING, MemoryBatch
from generator.pieces import CASES
from generator.vocabulary import Vocabulary
from retrieval.bert import Bert, hidden_by
from retrieval.bilingual import word_table


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Sizes. frozen_layers: of the embedder, run on each text alone; joint_layers: trained, question with passage.

    Frozen layers save a third of the time of training (Cao et al. 2020, arXiv 2005.00697) and cost span F1: see the
    card.
    """

    frozen_layers: int = 0
    joint_layers: int = 6
    memory_width: int = 384
    width: int = 256
    layers: int = 2
    heads: int = 8
    groups: int = 2
    head_width: int = 32
    hidden: int = 512
    pointer_width: int = 128
    rope_base: float = 10_000.0
    max_steps: int = 96


# While training, pairs are computed in so many groups of like length, lengths rounded up to ROUNDED, from
# FEWEST_TO_GROUP pairs on.
GROUPS, FEWEST_TO_GROUP, ROUNDED = 3, 12, 16
# Parameters of the reader, by the beginning of their names; all others write.
READER = ("joint.", "segment", "span_head.", "evidence_head.", "relevance_head.", "support_head.")


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder reads.

    states [B, M, E]; copyable [B, M] True where a piece may be copied from; features [B, M, 4] float32: start, end,
    evidence and relevance scores (0 at the question); relevance [B, P]; start, end, evidence [B, P, Sp] float32,
    -1e4 outside the passage's text.
    """

    states: torch.Tensor
    mask: torch.Tensor
    copyable: torch.Tensor
    features: torch.Tensor
    relevance: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    evidence: torch.Tensor
    piece_ids: torch.Tensor
    piece_cases: torch.Tensor

    def repeated(self, times: int) -> Memory:
        """The memory of one prompt as that of a batch of `times` such prompts; nothing is copied."""
        return Memory(*(getattr(self, field.name).expand(times, *getattr(self, field.name).shape[1:])
                        for field in fields(self)))


@dataclass(slots=True)
class Prepared:
    """What is computed once per question: per layer the memory's keys and values; the pointer's keys [B, M, Q]; rows
    [V, E] that score the vocabulary; a cache per layer, None when all steps are given at once."""

    cross: list[tuple[torch.Tensor, torch.Tensor]]
    pointer_keys: torch.Tensor
    rows: torch.Tensor
    caches: list[KVCache] | None


class Decoder(nn.Module):
    """Reader's top and decoder in one module; the embedder's network is passed in and never trained."""

    vocabulary_ids: torch.Tensor
    vocabulary_cases: torch.Tensor

    def __init__(self, config: DecoderConfig, network: Bert, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config = config
        E, C = config.memory_width, config.width
        # Not a submodule: its weights ship with the embedder, and `parameters()` must not list them.
        self._lower = [network]
        first = config.frozen_layers
        self.joint = nn.ModuleList(
            copy.deepcopy(layer) for layer in network.encoder.layer[first : first + config.joint_layers]
        )
        self.segment = nn.Parameter(torch.zeros(2, E))
        self.span_head = nn.Linear(E, 2)
        self.evidence_head = nn.Linear(E, 1)
        self.relevance_head = nn.Linear(E, 1)
        self.support_head = nn.Linear(E, 2)
        self.input = nn.Linear(E, C, bias=False)
        self.copied_state = nn.Linear(E, C, bias=False)
        self.case_in = nn.Embedding(CASES, C)
        self.copied_flag = nn.Parameter(torch.zeros(C))
        self.blocks = nn.ModuleList(
            Block(C, E, config.heads, config.groups, config.head_width, config.hidden, config.rope_base)
            for _ in range(config.layers)
        )
        self.norm = RMSNorm(C)
        self.output = nn.Linear(C, E, bias=False)
        self.case_out = nn.Embedding(CASES, E)
        self.output_bias = nn.Parameter(torch.zeros(len(vocabulary)))
        self.pointer_query = nn.Linear(C, config.pointer_width, bias=False)
        self.pointer_key = nn.Linear(E, config.pointer_width, bias=False)
        self.pointer_features = nn.Linear(C, 6)  # weights of the 4 features, of going on, and a bias for copying
        self.register_buffer(
            "vocabulary_ids", torch.tensor([id_ for id_, _ in vocabulary.entries]), persistent=False
        )
        self.register_buffer(
            "vocabulary_cases", torch.tensor([int(case) for _, case in vocabulary.entries]), persistent=False
        )
        self._initialise()

    def _initialise(self) -> None:
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear) and not name.startswith("joint."):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.case_in.weight, std=0.02)
        nn.init.normal_(self.case_out.weight, std=0.02)
        with torch.no_grad():
            # Start as a reader would: copy on where the copying is, begin where the evidence is.
            self.pointer_features.bias.copy_(torch.tensor([0.3, 0.0, 0.3, 0.3, 3.0, 0.0]))

    @property
    def network(self) -> Bert:
        """The embedder's network (frozen)."""
        return self._lower[0]

    @property
    def word_table(self) -> torch.Tensor:
        """The embedder's word rows [W, E], shared by reader and decoder."""
        return word_table(self.network)

    # Reading -----------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def lower_states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Frozen states [N, S, E] of texts read alone: ids, mask [N, S]."""
        states: torch.Tensor = self.network.embeddings(ids)
        bias = hidden_by(mask, states.dtype)
        for layer in self.network.encoder.layer[: self.config.frozen_layers]:
            states = layer(states, bias)
        return states

    def _joint_states(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Trained upper layers over [N, S, E]."""
        bias = hidden_by(mask, states.dtype)
        for layer in self.joint:
            states = layer(states, bias)
        return states

    def read(self, batch: MemoryBatch) -> Memory:
        """Memory and reader scores of a batch of prompts."""
        return self.memory(batch, self.pair_states(batch))

    def pair_states(self, batch: MemoryBatch) -> torch.Tensor:
        """States [B * P, Sq + Sp, E] of the question read with each passage; [B, Sq, E] without passages.

        While training, pairs of like length are computed together, so that short passages are not padded to the longest
        (a sixth to a third more passages a second on two cores). Who serves sorts passages beforehand (`reranker.py`).
        """
        B, P, Sp = batch.passage_ids.shape
        question = self.lower_states(batch.question_ids, batch.question_mask) + self.segment[0]
        if P == 0:
            return self._joint_states(question, batch.question_mask)
        ids, mask = batch.passage_ids.reshape(B * P, Sp), batch.passage_mask.reshape(B * P, Sp)
        question = question.repeat_interleave(P, dim=0)
        question_mask = batch.question_mask.repeat_interleave(P, dim=0)
        if not torch.is_grad_enabled() or B * P < FEWEST_TO_GROUP:
            return self._pairs(question, question_mask, ids, mask)
        lengths = mask.sum(1)
        order = lengths.argsort()
        parts = []
        for some in order.chunk(GROUPS):
            # Rounded up as the encoder rounds: on a CPU every new shape of a product costs a compilation.
            longest = min(Sp, max(1, -(-int(lengths[some].max()) // ROUNDED)) * ROUNDED)
            states = self._pairs(question[some], question_mask[some], ids[some, :longest], mask[some, :longest])
            parts.append(functional.pad(states, (0, 0, 0, Sp - longest)))
        return torch.cat(parts)[order.argsort()]

    def _pairs(
        self, question: torch.Tensor, question_mask: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """States [N, Sq + S, E] of questions' lower states [N, Sq, E] read with the passages ids, mask [N, S]."""
        pair = torch.cat([question, self.lower_states(ids, mask) + self.segment[1]], dim=1)
        return self._joint_states(pair, torch.cat([question_mask, mask], dim=1))

    def verify(self, batch: MemoryBatch) -> torch.Tensor:
        """Log-odds [B, P, 2], float32, that each passage supports the claim of its prompt, and that the claim answers
        the question."""
        B, P, _ = batch.passage_ids.shape
        first = self.pair_states(batch)[:, batch.question_ids.shape[1]]
        scores: torch.Tensor = self.support_head(first).float()
        return scores.view(B, P, 2)

    def memory(self, batch: MemoryBatch, joint: torch.Tensor) -> Memory:
        """Memory and reader scores from what `pair_states` gave for the batch."""
        B, P, Sp = batch.passage_ids.shape
        Sq = batch.question_ids.shape[1]
        E = joint.shape[-1]
        if P == 0:
            none = joint.new_zeros(B, 0, 0, dtype=torch.float32)
            return self._memory(batch, joint, batch.question_mask, none.view(B, 0), none, none, none)
        # The question was read once with each passage: its memory is the mean over the passages that are there. Where
        # there are none (closed book beside other prompts) it was read alone, beside a passage that is all padding.
        real = batch.passage_mask[:, :, 0].bool()
        real[:, 0] |= ~real.any(1)
        share = (real / real.sum(1, keepdim=True)).to(joint.dtype)
        together = torch.einsum("bpse,bp->bse", joint[:, :Sq].reshape(B, P, Sq, E), share)
        text = joint[:, Sq:].reshape(B, P, Sp, E)
        states = torch.cat([together, text.reshape(B, P * Sp, E)], dim=1)
        mask = torch.cat([batch.question_mask, batch.passage_mask.reshape(B, P * Sp)], dim=1)
        outside = batch.kinds[:, Sq:].reshape(B, P, Sp) != EVIDENCE
        span = self.span_head(text).float()
        start = span[..., 0].masked_fill(outside, -1e4)
        end = span[..., 1].masked_fill(outside, -1e4)
        evidence = self.evidence_head(text).float().squeeze(-1).masked_fill(outside, -1e4)
        relevance = self.relevance_head(text[:, :, 0]).float().squeeze(-1)
        relevance = relevance.masked_fill(batch.passage_mask[:, :, 0] == 0, -1e4)
        return self._memory(batch, states, mask, relevance, start, end, evidence)

    def _memory(
        self, batch: MemoryBatch, states: torch.Tensor, mask: torch.Tensor, relevance: torch.Tensor,
        start: torch.Tensor, end: torch.Tensor, evidence: torch.Tensor,
    ) -> Memory:
        B, M, _ = states.shape
        Sq = batch.question_ids.shape[1]
        features = states.new_zeros(B, M, 4, dtype=torch.float32)
        if Sq < M:
            P, Sp = start.shape[1:]
            per_token = torch.stack([start, end, evidence, relevance[..., None].expand(B, P, Sp)], dim=-1)
            # Detached: the span losses alone decide what the reader's scores mean.
            features[:, Sq:] = per_token.detach().clamp(-12.0, 12.0).view(B, P * Sp, 4)
        return Memory(
            states, mask.bool(), batch.kinds != NOTHING, features, relevance, start, end, evidence,
            batch.piece_ids, batch.piece_cases,
        )

    # Writing -----------------------------------------------------------------------------------------------------

    def prepare(self, memory: Memory, *, cached: bool) -> Prepared:
        """What is computed once per question. cached: steps will be given one by one."""
        caches = None
        if cached:
            c = self.config
            caches = [
                KVCache(memory.states.shape[0], c.groups, c.max_steps, c.head_width, memory.states)
                for _ in self.blocks
            ]
        cross = [block.cross_attention.prepare(memory.states) for block in self.blocks]  # type: ignore[union-attr, operator]
        rows = self.word_table[self.vocabulary_ids] + self.case_out(self.vocabulary_cases)
        return Prepared(cross, self.pointer_key(memory.states), rows, caches)

    def scores(
        self, memory: Memory, prepared: Prepared, ids: torch.Tensor, cases: torch.Tensor, positions: torch.Tensor
    ) -> torch.Tensor:
        """Unnormalised scores [B, T, V + M] of the next action after each given one, float32.

        ids, cases [B, T]: the pieces taken so far ([CLS] first); positions [B, T]: where each was copied from, -1
        for those written from the vocabulary. With a cache only the newest steps are given.
        """
        B, T = ids.shape
        copied = positions >= 0
        x = self.input(self.word_table[ids]) + self.case_in(cases)
        at = positions.clamp_min(0)
        state = memory.states.gather(1, at.unsqueeze(-1).expand(B, T, memory.states.shape[-1]))
        x = x + (self.copied_state(state) + self.copied_flag) * copied.unsqueeze(-1).to(x.dtype)
        for number, block in enumerate(self.blocks):
            cache = None if prepared.caches is None else prepared.caches[number]
            x = block(x, prepared.cross[number], memory.mask, cache)
        x = self.norm(x)
        words = (self.output(x) @ prepared.rows.T).float() + self.output_bias.float()
        pointer = (self.pointer_query(x) @ prepared.pointer_keys.transpose(1, 2)).float()
        pointer = pointer * self.config.pointer_width**-0.5
        weights = self.pointer_features(x).float()
        pointer = pointer + weights[..., :4] @ memory.features.transpose(1, 2) + weights[..., 5:]
        going_on = torch.arange(memory.states.shape[1], device=ids.device) == (positions + 1).unsqueeze(-1)
        pointer = pointer + weights[..., 4:5] * (going_on & copied.unsqueeze(-1)).float()
        pointer = pointer.masked_fill(~memory.copyable.unsqueeze(1), -1e4)
        return torch.cat([words, pointer], dim=-1)
