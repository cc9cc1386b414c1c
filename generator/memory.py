"""Model inputs, for training and for serving: the one place where a question and its passages become tensors.

A prompt is a question and any number of passages; without passages it is the closed-book arm. The *memory* that the
decoder attends to and copies from is laid out as the question's pieces followed by each passage's: M = Sq + P * Sp
positions. A passage is its title (what the text is about; may be copied from, is no evidence) and its text. Where a
sentence is to be verified, this claim follows the question.

A prompt may have a *focus*: the sentences that an answer is to be written from. The rest of the passages' text is
attended to and cannot be copied; titles and the question can.

Nothing in a text can become a special token: the tokenizer knows none, so `[SEP]` in a document is letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from generator.pieces import Piece, pieces_of, special_id

MAX_QUESTION_TOKENS = 48
MAX_CLAIM_TOKENS = 72
MAX_TITLE_TOKENS = 24
MAX_PASSAGE_TOKENS = 288

Interval = tuple[int, int]
# Kinds of memory positions.
NOTHING, QUESTION, TITLE, EVIDENCE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Passage:
    """Text to answer from: `title` with headings, and `text`."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question and the passages to answer it from; none: closed book. claim: an answer to be verified. focus: for
    each passage the character intervals of its text that may be copied; (): all of every text. keep: of each passage
    the characters that an answer should not leave out (`patience.py`); (): it may end anywhere."""

    question: str
    passages: tuple[Passage, ...] = ()
    claim: str = ""
    focus: tuple[tuple[Interval, ...], ...] = ()
    keep: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What stands at a memory position: `piece` of passage number `passage` (-1: the question), of kind `kind`.

    surface: its characters; gap: those between it and the piece before it in the same text.
    """

    passage: int
    kind: int
    piece: Piece
    surface: str
    gap: str

    @property
    def has_digit(self) -> bool:
        """Whether it is a number or part of one."""
        return any(character.isdigit() for character in self.surface)


def _sources(text: str, pieces: Sequence[Piece], passage: int, kind: int) -> list[Source]:
    ends = [0, *(piece.end for piece in pieces)]
    return [
        Source(passage, kind, piece, text[piece.start : piece.end], text[end : piece.start])
        for end, piece in zip(ends, pieces, strict=False)
    ]


def _within(source: Source, intervals: Sequence[Interval]) -> bool:
    return any(start <= source.piece.start < end for start, end in intervals)


@dataclass(frozen=True, slots=True)
class MemoryBatch:
    """Tensors of a batch of prompts.

    question_ids, question_mask [B, Sq]; passage_ids, passage_mask [B, P, Sp] (P may be 0); piece_ids, piece_cases,
    kinds [B, M]; sources[b][m]: what stands there, None (and kind NOTHING) at padding, special tokens and outside the
    focus.
    """

    question_ids: torch.Tensor
    question_mask: torch.Tensor
    passage_ids: torch.Tensor
    passage_mask: torch.Tensor
    piece_ids: torch.Tensor
    piece_cases: torch.Tensor
    kinds: torch.Tensor
    sources: list[list[Source | None]]

    def to(self, device: torch.device) -> MemoryBatch:
        """The same on another device."""
        return MemoryBatch(
            self.question_ids.to(device), self.question_mask.to(device), self.passage_ids.to(device),
            self.passage_mask.to(device), self.piece_ids.to(device), self.piece_cases.to(device),
            self.kinds.to(device), self.sources,
        )


class PromptEncoder:
    """Turns prompts into `MemoryBatch`es with the embedder's tokenizer.

    multiple: lengths are padded up to multiples of it. Training pads more (fewer shapes: on a CPU every new shape of a
    product costs a compilation), serving not at all.
    """

    def __init__(self, tokenizer: Tokenizer, multiple: int = 1) -> None:
        self.tokenizer, self.multiple = tokenizer, multiple
        self._begin = special_id(tokenizer, "[CLS]")
        self._end = special_id(tokenizer, "[SEP]")

    def question(self, text: str, claim: str = "") -> list[tuple[int, Source | None]]:
        """Token ids, [CLS] question [SEP] or [CLS] question [SEP] claim [SEP], and what stands at each. Of a long
        question the end is kept: that is where people ask."""
        sources = _sources(text, pieces_of(self.tokenizer, text), -1, QUESTION)
        head = self._framed(sources[-MAX_QUESTION_TOKENS:])
        if not claim:
            return head
        pieces = pieces_of(self.tokenizer, claim, MAX_CLAIM_TOKENS)
        return head + self._framed(_sources(claim, pieces, -1, QUESTION))[1:]

    def passage(
        self, passage: Passage, number: int, focus: Sequence[Interval] | None = None
    ) -> list[tuple[int, Source | None]]:
        """Token ids of a passage, [CLS] title [SEP] text [SEP], and what stands at each; of the text only in the
        intervals of `focus`, where there is one."""
        title = pieces_of(self.tokenizer, passage.title, MAX_TITLE_TOKENS)
        text = pieces_of(self.tokenizer, passage.text, MAX_PASSAGE_TOKENS)
        head = self._framed(_sources(passage.title, title, number, TITLE))
        body = self._framed(_sources(passage.text, text, number, EVIDENCE))[1:]
        if focus is not None:
            body = [(id_, source if source is not None and _within(source, focus) else None) for id_, source in body]
        return head + body

    def _framed(self, sources: list[Source]) -> list[tuple[int, Source | None]]:
        body: list[tuple[int, Source | None]] = [(source.piece.id, source) for source in sources]
        return [(self._begin, None), *body, (self._end, None)]

    def _padded(self, length: int) -> int:
        return -(-length // self.multiple) * self.multiple

    def batch(self, prompts: Sequence[Prompt]) -> MemoryBatch:
        """Tensors for `prompts`, padded to the longest question and passage and to the most passages."""
        questions = [self.question(prompt.question, prompt.claim) for prompt in prompts]
        passages = [
            [self.passage(p, n, prompt.focus[n] if prompt.focus else None) for n, p in enumerate(prompt.passages)]
            for prompt in prompts
        ]
        B = len(prompts)
        Sq = self._padded(max(len(row) for row in questions))
        P = max(len(rows) for rows in passages)
        Sp = self._padded(max((len(row) for rows in passages for row in rows), default=0))
        ids = torch.zeros(B, Sq + P * Sp, dtype=torch.long)
        mask = torch.zeros_like(ids)
        cases, kinds = torch.zeros_like(ids), torch.zeros_like(ids)
        sources: list[list[Source | None]] = [[None] * (Sq + P * Sp) for _ in prompts]
        for b, (question, rows) in enumerate(zip(questions, passages, strict=True)):
            for offset, row in [(0, question), *((Sq + n * Sp, row) for n, row in enumerate(rows))]:
                ids[b, offset : offset + len(row)] = torch.tensor([id_ for id_, _ in row])
                mask[b, offset : offset + len(row)] = 1
                for m, (_, source) in enumerate(row, start=offset):
                    if source is not None:
                        cases[b, m], kinds[b, m] = int(source.piece.case), source.kind
                        sources[b][m] = source
        return MemoryBatch(
            ids[:, :Sq], mask[:, :Sq],
            ids[:, Sq:].view(B, P, Sp), mask[:, Sq:].view(B, P, Sp),
            ids, cases, kinds, sources,
        )
