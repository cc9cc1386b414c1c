"""One answer while it is being written: the actions taken so far, the text they make, and what may come next."""

from __future__ import annotations

import torch

from generator.constraints import Constraints
from generator.pieces import Assembler
from generator.sampling import SamplingOptions, choose, penalise
from generator.vocabulary import END
from generator.written import Generated, Written


class Row:
    """The state of one prompt while its answer is written. barred: by the constraints; else any action is free."""

    def __init__(self, constraints: Constraints, options: SamplingOptions, *, barred: bool = True) -> None:
        self.constraints, self.options, self.barred = constraints, options, barred
        self.vocabulary, self.sources = constraints.vocabulary, constraints.sources
        self.assembler = Assembler()
        self.random = torch.Generator().manual_seed(options.seed)
        self.actions: list[int] = []
        self.pieces: list[Written] = []
        self.ended = False

    @property
    def generated(self) -> Generated:
        """The answer so far."""
        return Generated(self.assembler.text, tuple(self.pieces), self.ended)

    def choose(self, scores: torch.Tensor) -> None:
        """Choose one action from scores [V + M] and write it down."""
        log_probabilities = scores.log_softmax(-1)
        if self.barred:
            scores = scores + self.constraints.bars(self.actions)
        taken = torch.tensor(sorted(set(self.actions)), dtype=torch.long)
        action = choose(penalise(scores, taken, self.options.repetition_penalty), self.options, self.random)
        if action == END:
            self.ended = True
            return
        V = len(self.vocabulary)
        source = self.sources[action - V] if action >= V else None
        going_on = bool(self.actions) and source is not None and self.actions[-1] == action - 1 >= V
        before = len(self.assembler.text)
        self.assembler.add(
            self.constraints.surface(action),
            continues=source.piece.continues if source is not None else self.vocabulary.continues[action],
            gap=source.gap if going_on and source is not None else None,
        )
        self.actions.append(action)
        self.pieces.append(Written(before, len(self.assembler.text), source, float(log_probabilities[action])))

    def inputs(self, begin_id: int) -> tuple[int, int, int]:
        """(piece id, case, position) of the last action, [CLS] before the first."""
        if not self.actions:
            return begin_id, 0, -1
        action, V = self.actions[-1], len(self.vocabulary)
        if action < V:
            id_, case = self.vocabulary.entries[action]
            return id_, int(case), -1
        source = self.sources[action - V]
        assert source is not None
        return source.piece.id, int(source.piece.case), action - V
