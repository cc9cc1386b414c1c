"""An answer as a sequence of actions: which vocabulary entry, which memory positions, and which copy is meant.

Every action with the right surface is right: a vocabulary entry or any memory position that shows the same piece
(at the beginning of a sentence in any case, because the first letter is made a capital afterwards). For the
decoder's *input* one copy has to be chosen: the position that goes on with the previous copy, or starts the longest
run that agrees with the answer, evidence before other text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from generator.memory import EVIDENCE, MemoryBatch, Source
from generator.pieces import SENTENCE_END, Case, pieces_of, token_of
from generator.vocabulary import END, Vocabulary


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of an answer. entries: vocabulary entries that write it; starts: a sentence begins here."""

    id: int
    case: Case
    entries: tuple[int, ...]
    starts: bool
    position: int


def _spelt(tokenizer: Tokenizer, id_: int, case: Case) -> list[tuple[int, Case]]:
    """The piece letter by letter, each with its case; empty if a letter is not in the tokenizer."""
    token = token_of(tokenizer, id_)
    letters = token.removeprefix("##")
    out = []
    for number, letter in enumerate(letters):
        name = f"##{letter}" if token.startswith("##") or number else letter
        letter_id = tokenizer.token_to_id(name)
        if letter_id is None:
            return []
        upper = case is Case.UPPER or (case is Case.CAPITAL and number == 0)
        out.append((letter_id, Case.CAPITAL if upper and letter.upper() != letter else Case.LOWER))
    return out


def _entries(vocabulary: Vocabulary, id_: int, case: Case, starts: bool) -> tuple[int, ...]:
    cases = (Case.LOWER, Case.CAPITAL) if starts and case in (Case.LOWER, Case.CAPITAL) else (case,)
    if len(cases) == 1 and case is Case.UPPER:
        cases = (Case.UPPER, Case.CAPITAL)  # a single letter cannot tell the two apart
    return tuple(vocabulary.index[(id_, c)] for c in cases if (id_, c) in vocabulary.index)


def align(
    tokenizer: Tokenizer, vocabulary: Vocabulary, sources: Sequence[Source | None], answer: str,
    gold_passage: int, max_steps: int,
) -> list[Step] | None:
    """The steps of `answer` against the memory `sources`; None if it is too long or cannot be written at all."""
    by_id: dict[int, list[int]] = defaultdict(list)
    for position, source in enumerate(sources):
        if source is not None:
            by_id[source.piece.id].append(position)
    wanted = [(piece.id, piece.case) for piece in pieces_of(tokenizer, answer)]
    starts = [n == 0 or token_of(tokenizer, wanted[n - 1][0]) in SENTENCE_END for n in range(len(wanted))]
    steps: list[Step] = []
    previous = -1
    for n, (id_, case) in enumerate(wanted):
        places = [p for p in by_id.get(id_, ()) if starts[n] or _case_at(sources, p) == case]
        entries = _entries(vocabulary, id_, case, starts[n])
        if not places and not entries:
            spelt = _spelt(tokenizer, id_, case)
            rows = [(i, c, _entries(vocabulary, i, c, starts[n] and k == 0)) for k, (i, c) in enumerate(spelt)]
            if not rows or not all(entries for _, _, entries in rows):
                return None
            steps += [Step(i, c, entries, starts[n] and k == 0, -1) for k, (i, c, entries) in enumerate(rows)]
            previous = -1
            continue
        position = _choose(places, sources, wanted, n, previous, gold_passage, bool(entries))
        steps.append(Step(id_, case, entries, starts[n], position))
        previous = position
    return steps if 0 < len(steps) < max_steps - 1 else None


def _case_at(sources: Sequence[Source | None], position: int) -> Case | None:
    source = sources[position]
    return None if source is None else source.piece.case


def _choose(
    places: list[int], sources: Sequence[Source | None], wanted: list[tuple[int, Case]], n: int, previous: int,
    gold_passage: int, in_vocabulary: bool,
) -> int:
    """The position that the copy at step n is taken to come from, or -1 for written from the vocabulary."""
    if previous >= 0 and previous + 1 in places:
        return previous + 1
    best, best_key = -1, (0, 0, 0)
    for place in places:
        run = 1
        while n + run < len(wanted) and place + run < len(sources):
            following = sources[place + run]
            if following is None or (following.piece.id, following.piece.case) != wanted[n + run]:
                break
            run += 1
        source = sources[place]
        assert source is not None
        key = (min(run, 8), int(source.kind == EVIDENCE), int(source.passage == gold_passage))
        if key > best_key:
            best, best_key = place, key
    # A lone common word is no copy: the vocabulary has it.
    return -1 if in_vocabulary and best_key[0] < 2 else best


@dataclass(frozen=True, slots=True)
class ReadingTargets:
    """relevant [B, P] 1 where the passage answers, -1 where there is no passage; start, end [B] flat positions in
    P * Sp or -100; evidence [B, P, Sp] 1 in gold sentences; sentences [B, P, Sp] number of the sentence among all of
    the prompt, -1 outside."""

    relevant: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    evidence: torch.Tensor
    sentences: torch.Tensor

    def to(self, device: torch.device) -> ReadingTargets:
        """The same on another device."""
        parts = (self.relevant, self.start, self.end, self.evidence, self.sentences)
        return ReadingTargets(*(value.to(device) for value in parts))


@dataclass(frozen=True, slots=True)
class TargetBatch:
    """Targets of a batch, padded to T steps, the last of each the end.

    ids, cases, positions [B, T + 1]: inputs, [CLS] first; allowed [B, T, V + M] True for every right action;
    mask [B, T] True at real steps.
    """

    ids: torch.Tensor
    cases: torch.Tensor
    positions: torch.Tensor
    allowed: torch.Tensor
    mask: torch.Tensor

    def to(self, device: torch.device) -> TargetBatch:
        """The same on another device."""
        parts = (self.ids, self.cases, self.positions, self.allowed, self.mask)
        return TargetBatch(*(value.to(device) for value in parts))


def target_batch(
    rows: Sequence[list[Step] | None], batch: MemoryBatch, vocabulary_size: int, begin_id: int, multiple: int = 1
) -> TargetBatch:
    """Tensors for aligned answers, T a multiple of `multiple`. An empty row is an abstention, the end alone; None has
    no steps and a mask of False."""
    B, M = batch.piece_ids.shape
    longest = max((len(row) + 1 for row in rows if row is not None), default=1)
    T = -(-longest // multiple) * multiple
    ids = torch.full((B, T), begin_id)
    cases = torch.zeros(B, T, dtype=torch.long)
    positions = torch.full((B, T), -1)
    allowed = torch.zeros(B, T, vocabulary_size + M, dtype=torch.bool)
    mask = torch.zeros(B, T, dtype=torch.bool)
    copyable = batch.kinds != 0
    for b, row in enumerate(rows):
        if row is None:
            continue
        mask[b, : len(row) + 1] = True
        allowed[b, len(row), END] = True
        for t, step in enumerate(row):
            if t + 1 < T:
                copied = batch.sources[b][step.position] if step.position >= 0 else None
                case = copied.piece.case if copied is not None else (Case.LOWER if step.starts else step.case)
                ids[b, t + 1], cases[b, t + 1], positions[b, t + 1] = step.id, int(case), step.position
            if step.entries:
                allowed[b, t, list(step.entries)] = True
            same = (batch.piece_ids[b] == step.id) & copyable[b]
            if not step.starts:
                same &= batch.piece_cases[b] == int(step.case)
            allowed[b, t, vocabulary_size:] = same
    return TargetBatch(ids, cases, positions, allowed, mask)
