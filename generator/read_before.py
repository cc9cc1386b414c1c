"""What the reader has read lately, by question and passage: the answer is written from passages that the reranker has
just read, and reading is most of the work.

A passage's states depend on the question and on nothing else in its batch, so they may be taken from any batch.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import torch

from generator.memory import MemoryBatch, Passage, Prompt


class ReadBefore:
    """States of the last `kept` pairs of question and passage (0.3 MB each at most in bf16). Threads may share it."""

    def __init__(self, kept: int = 64) -> None:
        self._kept = kept
        self._states: OrderedDict[tuple[str, Passage], tuple[torch.Tensor, torch.Tensor]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, prompt: Prompt, batch: MemoryBatch) -> torch.Tensor | None:
        """What `Decoder.pair_states` gives for the batch of this one prompt, [P, Sq + Sp, E] but for padding, which is
        0; None unless every passage is known."""
        with self._lock:
            rows = [self._states.get((prompt.question, passage)) for passage in prompt.passages]
        known = [row for row in rows if row is not None]
        if not known or len(known) < len(rows):
            return None
        Sq = batch.question_ids.shape[1]
        joint = known[0][0].new_zeros(len(known), Sq + batch.passage_ids.shape[2], known[0][0].shape[-1])
        for p, (question, passage) in enumerate(known):
            joint[p, : len(question)] = question
            joint[p, Sq : Sq + len(passage)] = passage
        return joint

    def keep(self, prompt: Prompt, batch: MemoryBatch, joint: torch.Tensor) -> None:
        """Remember states [P, Sq + Sp, E] of the batch of this one prompt."""
        Sq = batch.question_ids.shape[1]
        asked = int(batch.question_mask[0].sum())
        lengths = batch.passage_mask[0].sum(-1).tolist()
        with self._lock:
            for p, (passage, length) in enumerate(zip(prompt.passages, lengths, strict=True)):
                key = (prompt.question, passage)
                self._states[key] = joint[p, :asked].clone(), joint[p, Sq : Sq + length].clone()
                self._states.move_to_end(key)
            while len(self._states) > self._kept:
                self._states.popitem(last=False)
