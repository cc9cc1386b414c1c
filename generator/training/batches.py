"""Examples become batches: distractors are drawn, passages shuffled, memory and targets built.

How a prompt is composed (all by the run's random generator): a share of examples is closed book; the others get the
gold passage and distractors: near misses of a search, others of the same group, any; answerable examples sometimes
lose their gold passage and become unanswerable ones; in some passages an instruction is planted; in some batches
passages are cut down to a few sentences.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

import torch

from generator.memory import EVIDENCE, MemoryBatch, Passage, Prompt, PromptEncoder, Source
from generator.pieces import special_id
from generator.training.claims import Claim
from generator.training.cropping import crop
from generator.training.examples import Example, Interval
from generator.training.planting import QUESTION, plant
from generator.training.targets import ReadingTargets, Step, TargetBatch, align, target_batch
from generator.vocabulary import Vocabulary
from ingest.sentences import split_sentences

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Composition:
    """Shares of how prompts are composed.

    mined: share of distractors that are near misses of a search, where there are any. distractors[n]: share of
    *batches* whose prompts get n passages beside the gold one; by batch, because a batch costs as much as its largest
    prompt. verified: share of batches that are claims to verify (`claims.ClaimMaker`). planted: share of prompts one of
    whose passages holds an instruction (`planting.plant`). cropped: share of batches, of those that are no claims,
    whose passages are cut to some number of letters between these, three quarters of it in Russian, whose pieces are
    shorter (`cropping.crop`).
    focused: prompts have their gold sentences as focus, as prompts to write from have those that the reader chose.
    """

    closed_book: float = 0.15
    unanswerable: float = 0.12
    distractors: tuple[float, ...] = (0.6, 0.4)
    mined: float = 0.6
    verified: float = 0.0
    planted: float = 0.0
    cropped: float = 0.0
    letters: tuple[int, int] = (250, 650)
    focused: bool = False
    max_steps: int = 64

    def draw_distractors(self, rng: random.Random) -> int:
        """How many distractors the prompts of the next batch get."""
        return rng.choices(range(len(self.distractors)), weights=self.distractors)[0]

    def draw_letters(self, rng: random.Random) -> int | None:
        """To how many letters the passages of the next batch are cut; None: they are read whole."""
        return rng.randint(*self.letters) if rng.random() < self.cropped else None


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt with its truth: gold[p] are the evidence intervals of passage p (empty: distractor); span is in
    passage `span_passage`; answer empty: nothing to write."""

    prompt: Prompt
    gold: tuple[tuple[Interval, ...], ...]
    span: Interval | None
    span_passage: int
    answer: str

    @property
    def focused(self) -> Composed:
        """The same with the gold sentences, where there are any, as focus."""
        focus = self.gold if any(self.gold) else ()
        return replace(self, prompt=replace(self.prompt, focus=focus))


@dataclass(frozen=True, slots=True)
class Batch:
    """What one training step takes: the reader's targets, the decoder's, or those of claims [B, 2] (supported, answers;
    -1 where it does not matter)."""

    memory: MemoryBatch
    reading: ReadingTargets | None = None
    targets: TargetBatch | None = None
    claims: torch.Tensor | None = None


class Composer:
    """Draws prompts from examples. hard: near misses by example id (`mining.mine`); instructions: to be planted, by
    language."""

    def __init__(
        self, examples: Sequence[Example], composition: Composition, fillers: Sequence[Example] = (),
        hard: Mapping[str, Sequence[Passage]] | None = None, instructions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.composition = composition
        self._hard = hard or {}
        self._instructions = instructions or {}
        self._pool: dict[str, list[Passage]] = defaultdict(list)
        self._by_language: dict[str, list[Passage]] = defaultdict(list)
        for example in [*examples, *fillers]:
            for passage in example.passages:
                if passage not in self._pool[example.group]:
                    self._pool[example.group].append(passage)
                    self._by_language[example.language].append(passage)

    def compose(
        self, example: Example, distractors: int, rng: random.Random, letters: int | None = None
    ) -> Composed:
        """One prompt for `example`, with `distractors` passages beside its own, all cut to `letters` letters."""
        c = self.composition
        if example.answerable and rng.random() < c.closed_book:
            return Composed(Prompt(example.question), (), None, -1, example.answer)
        items: list[tuple[Passage, tuple[Interval, ...], bool]] = [
            (passage, gold if example.answerable else (), number == 0 and example.span is not None)
            for number, (passage, gold) in enumerate(zip(example.passages, example.evidence, strict=True))
        ]
        answer = example.answer
        if example.answerable and rng.random() < c.unanswerable:
            items, answer = [], ""
        wanted = len(items) + distractors if items else distractors + 1
        own = {passage.text for passage in example.passages}
        for _ in range(20):
            if len(items) >= wanted:
                break
            pool: Sequence[Passage] = self._hard.get(example.id, ())
            if not pool or rng.random() >= c.mined:
                pool = self._pool[example.group]
                if len(pool) <= len(example.passages) or rng.random() < 0.3:
                    pool = self._by_language[example.language]
            passage = rng.choice(pool)
            if passage.text not in own:
                own.add(passage.text)
                items.append((passage, (), False))
        span = example.span
        if letters is not None:
            most = letters if example.language == "en" else letters * 3 // 4
            for n, (passage, gold, found) in enumerate(items):
                passage, gold, moved = crop(passage, gold, span if found else None, most, rng)
                items[n], span = (passage, gold, found), moved if found else span
        if (texts := self._instructions.get(example.language)) and rng.random() < c.planted:
            n = rng.randrange(len(items))
            passage, gold, found = items[n]
            text = rng.choice(texts).replace(QUESTION, example.question)
            passage, gold, moved = plant(passage, gold, span if found else None, text, rng)
            items[n], span = (passage, gold, found), moved if found else span
        rng.shuffle(items)
        span_passage = next((n for n, item in enumerate(items) if item[2]), -1) if answer else -1
        composed = Composed(
            Prompt(example.question, tuple(item[0] for item in items)),
            tuple(item[1] for item in items),
            span if span_passage >= 0 else None,
            span_passage,
            answer,
        )
        return composed.focused if c.focused else composed


class Collator:
    """Composed prompts to tensors."""

    def __init__(self, encoder: PromptEncoder, vocabulary: Vocabulary, max_steps: int) -> None:
        self.encoder, self.vocabulary, self.max_steps = encoder, vocabulary, max_steps
        self._begin = special_id(encoder.tokenizer, "[CLS]")

    def for_reading(self, composed: Sequence[Composed]) -> Batch:
        """Memory and reading targets."""
        memory = self.encoder.batch([item.prompt for item in composed])
        return Batch(memory, reading=self._reading(composed, memory))

    def for_writing(self, composed: Sequence[Composed]) -> Batch:
        """Memory and decoding targets; an answer that cannot be written is left out of the loss."""
        memory = self.encoder.batch([item.prompt for item in composed])
        gold = [next((n for n, intervals in enumerate(item.gold) if intervals), -1) for item in composed]
        answers = [(item.answer or None, passage) for item, passage in zip(composed, gold, strict=True)]
        return Batch(memory, targets=self.targets(memory, answers))

    def targets(self, memory: MemoryBatch, answers: Sequence[tuple[str | None, int]]) -> TargetBatch:
        """Decoding targets of (answer, passage that its copies are from) per prompt: "" is an abstention; None, and
        what cannot be written, is left out."""
        rows = [
            None if answer is None else self.steps(memory.sources[b], answer, passage)
            for b, (answer, passage) in enumerate(answers)
        ]
        return target_batch(rows, memory, len(self.vocabulary), self._begin, self.encoder.multiple)

    def steps(self, sources: Sequence[Source | None], answer: str, passage: int) -> list[Step] | None:
        """The steps of one answer, none for an abstention; None if it cannot be written."""
        if not answer:
            return []
        return align(self.encoder.tokenizer, self.vocabulary, sources, answer, passage, self.max_steps)

    def for_verifying(self, claims: Sequence[Claim]) -> Batch:
        """Memory and what holds of each claim."""
        held = [[int(c.supported), -1 if c.answers is None else int(c.answers)] for c in claims]
        return Batch(self.encoder.batch([claim.prompt for claim in claims]), claims=torch.tensor(held))

    def _reading(self, composed: Sequence[Composed], memory: MemoryBatch) -> ReadingTargets:
        B, P, Sp = memory.passage_ids.shape
        Sq = memory.question_ids.shape[1]
        relevant = torch.full((B, P), -1)
        evidence = torch.zeros(B, P, Sp)
        sentences = torch.full((B, P, Sp), -1)
        start, end = torch.full((B,), -100), torch.full((B,), -100)
        for b, item in enumerate(composed):
            ends: list[list[int]] = []  # where the sentences of each passage end
            for p, intervals in enumerate(item.gold):
                relevant[b, p] = int(bool(intervals))
                ends.append([end for _, end in split_sentences(item.prompt.passages[p].text)])
            before = [0, *accumulate(len(row) for row in ends)]
            for m, source in enumerate(memory.sources[b]):
                if source is None or source.kind != EVIDENCE:
                    continue
                piece, p = source.piece, source.passage
                sentences[b, p, m - Sq - p * Sp] = before[p] + bisect_right(ends[p], piece.start)
                if any(a <= piece.start < z for a, z in item.gold[p]):
                    evidence[b, p, m - Sq - p * Sp] = 1.0
                if item.span is not None and p == item.span_passage and self._within(piece.start, item.span):
                    if start[b] < 0:
                        start[b] = m - Sq
                    end[b] = m - Sq
        return ReadingTargets(relevant, start, end, evidence, sentences)

    @staticmethod
    def _within(offset: int, span: Interval) -> bool:
        return span[0] <= offset < span[1]


def passage_length(example: Example) -> int:
    """About how many pieces the first passage has, in Russian letters."""
    letters = len(example.passages[0].text)
    return letters if example.language == "ru" else int(0.8 * letters)


def shuffled_batches(
    items: Sequence[T], weights: Sequence[float], batch_size: int, steps: int, rng: random.Random,
    length: Callable[[T], int], pool_batches: int = 40,
) -> Iterator[list[T]]:
    """`steps` batches drawn with `weights`, of like `length` within a pool of `pool_batches` batches."""
    done = 0
    while done < steps:
        pool = rng.choices(items, weights=weights, k=batch_size * pool_batches)
        pool.sort(key=length)
        parts = [pool[n : n + batch_size] for n in range(0, len(pool), batch_size)]
        rng.shuffle(parts)
        for part in parts:
            if done == steps:
                return
            done += 1
            yield part
