"""Generation: prompts in, pieces out, one step at a time with the key-value cache.

The engine knows pieces and where they were copied from; it does not know documents or citations (`grounding.py`).
`generate` runs a batch; `drafts` writes several answers to one prompt; `stream` yields the pieces of one answer as they
are chosen. All walk the same loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from generator.constraints import Constraints
from generator.memory import EVIDENCE, MemoryBatch, Passage, Prompt, PromptEncoder, Source
from generator.model import Decoder, Memory
from generator.patience import Patience
from generator.pieces import special_id
from generator.read_before import ReadBefore
from generator.row import Row
from generator.sampling import SamplingOptions
from generator.vocabulary import Vocabulary
from generator.written import Generated


@dataclass(frozen=True, slots=True)
class PieceScores:
    """What the reader says of the piece at `start:end` of a passage's text: its log-odds of being evidence, and its
    scores as first and last piece of the answer."""

    start: int
    end: int
    evidence: float
    span_start: float
    span_end: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader's heads say of one prompt's passages.

    relevance[p]: log-odds that passage p answers. pieces[p]: scores of each piece of its text. span: (passage, start,
    end, score) of the best answer span, None without passages.
    """

    relevance: tuple[float, ...]
    pieces: tuple[tuple[PieceScores, ...], ...]
    span: tuple[int, int, int, float] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Log-odds that a passage supports a claim, and that the claim answers the question."""

    supported: float
    answers: float


# The head's verdict, question, claim, passage, the reading of question and passage -> the verdict that counts.
Combine = Callable[[Verdict, str, str, Passage, Reading], Verdict]


class Engine:
    """A decoder ready to answer on one device.

    read_before: keeps what was read, so that the passages which the reranker chose are not read again; only for
    weights that no longer change. combine: what the verifier's head says with what else is known of a claim
    (`verifier.Verifier.combined`); None: the head alone.
    """

    def __init__(
        self, model: Decoder, vocabulary: Vocabulary, encoder: PromptEncoder, read_before: ReadBefore | None = None,
        combine: Combine | None = None,
    ) -> None:
        self.model, self.vocabulary, self.encoder = model.eval(), vocabulary, encoder
        self._begin = special_id(encoder.tokenizer, "[CLS]")
        self._read_before = read_before
        self._combine = combine

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return next(self.model.parameters()).device

    @torch.inference_mode()
    def read(self, prompts: Sequence[Prompt]) -> tuple[Memory, list[list[Source | None]], list[Reading]]:
        """Memory of a batch, what stands in it, and the reader's findings per prompt."""
        batch = self.encoder.batch(prompts)
        memory = self._memory(prompts, batch)
        Sq = batch.question_ids.shape[1]
        readings = [
            _reading(memory, b, batch.sources[b], Sq, len(prompt.passages)) for b, prompt in enumerate(prompts)
        ]
        return memory, batch.sources, readings

    @torch.inference_mode()
    def relevance(self, prompt: Prompt) -> list[float]:
        """Log-odds of each passage of the prompt to answer it."""
        found: list[float] = self._memory([prompt], self.encoder.batch([prompt])).relevance[0].tolist()
        return found

    def verify(self, question: str, claims: Sequence[tuple[str, Passage]]) -> list[Verdict]:
        """What the verifier says of each (claim, passage)."""
        heads = self.verify_by_head(question, claims)
        if self._combine is None:
            return heads
        distinct = dict.fromkeys(passage for _, passage in claims)
        readings = {passage: self.read([Prompt(question, (passage,))])[2][0] for passage in distinct}
        return [
            self._combine(head, question, claim, passage, readings[passage])
            for head, (claim, passage) in zip(heads, claims, strict=True)
        ]

    @torch.inference_mode()
    def verify_by_head(self, question: str, claims: Sequence[tuple[str, Passage]]) -> list[Verdict]:
        """What the verifier's head alone says of each (claim, passage)."""
        if not claims:
            return []
        prompts = [Prompt(question, (passage,), claim) for claim, passage in claims]
        scores = self.model.verify(self.encoder.batch(prompts).to(self.device))[:, 0]
        return [Verdict(supported, answers) for supported, answers in scores.tolist()]

    def _memory(self, prompts: Sequence[Prompt], batch: MemoryBatch) -> Memory:
        batch = batch.to(self.device)
        if self._read_before is None or len(prompts) != 1 or not prompts[0].passages:
            return self.model.read(batch)
        joint = self._read_before.find(prompts[0], batch)
        if joint is None:
            joint = self.model.pair_states(batch)
            self._read_before.keep(prompts[0], batch, joint)
        return self.model.memory(batch, joint)

    @torch.inference_mode()
    def _steps(self, memory: Memory, rows: list[Row], max_pieces: int) -> Iterator[None]:
        """Advance all rows that have not ended, one piece per iteration."""
        prepared = self.model.prepare(memory, cached=True)
        for _ in range(min(max_pieces, self.model.config.max_steps - 1)):
            inputs = torch.tensor([row.inputs(self._begin) for row in rows], device=self.device)
            ids, cases, positions = inputs.unsqueeze(-1).unbind(1)
            scores = self.model.scores(memory, prepared, ids, cases, positions)[:, 0].cpu()
            for row, row_scores in zip(rows, scores, strict=True):
                if not row.ended:
                    row.choose(row_scores)
            yield
            if all(row.ended for row in rows):
                return

    def _constraints(self, prompt: Prompt, sources: Sequence[Source | None]) -> Constraints:
        patience = Patience.of(prompt, sources) if prompt.keep else None
        return Constraints(self.vocabulary, sources, grounded=bool(prompt.passages), patience=patience)

    def write(
        self, prompts: Sequence[Prompt], memory: Memory, sources: list[list[Source | None]],
        options: SamplingOptions, max_pieces: int = 64, *, constrained: bool = True,
    ) -> list[Generated]:
        """Answers for a batch that has been read. constrained: False lets the model do whatever it would, abstain with
        an empty answer too: to learn from, never to show."""
        rows = [
            Row(self._constraints(prompt, row_sources), options, barred=constrained)
            for prompt, row_sources in zip(prompts, sources, strict=True)
        ]
        for _ in self._steps(memory, rows, max_pieces):
            pass
        return [row.generated for row in rows]

    def drafts(
        self, prompt: Prompt, memory: Memory, sources: Sequence[Source | None], options: Sequence[SamplingOptions],
        max_pieces: int = 64,
    ) -> list[Generated]:
        """Several answers to one prompt that has been read, each chosen by its own options, side by side."""
        constraints = self._constraints(prompt, sources)
        rows = [Row(constraints, one) for one in options]
        for _ in self._steps(memory.repeated(len(rows)), rows, max_pieces):
            pass
        return [row.generated for row in rows]

    def stream(
        self, prompt: Prompt, memory: Memory, sources: list[list[Source | None]], options: SamplingOptions,
        max_pieces: int = 64,
    ) -> Iterator[Generated]:
        """The answer so far after each piece of one prompt's answer; the last one is the whole."""
        row = Row(self._constraints(prompt, sources[0]), options)
        for _ in self._steps(memory, [row], max_pieces):
            yield row.generated

    def generate(
        self, prompts: Sequence[Prompt], options: SamplingOptions | None = None, max_pieces: int = 64
    ) -> list[Generated]:
        """Read and write a batch."""
        memory, sources, _ = self.read(prompts)
        return self.write(prompts, memory, sources, options or SamplingOptions(), max_pieces)


def _reading(memory: Memory, b: int, sources: list[Source | None], Sq: int, passages: int) -> Reading:
    if passages == 0:
        return Reading((), (), None)
    Sp = memory.start.shape[2]
    found_pieces: list[tuple[PieceScores, ...]] = []
    best: tuple[int, int, int, float] | None = None
    for p in range(passages):
        first = Sq + p * Sp
        rows = [
            (m - first, source.piece)
            for m, source in enumerate(sources[first : first + Sp], start=first)
            if source is not None and source.kind == EVIDENCE
        ]
        if not rows:
            found_pieces.append(())
            continue
        at = torch.tensor([index for index, _ in rows])
        scores = [part[b, p].cpu()[at] for part in (memory.evidence, memory.start, memory.end)]
        pieces = tuple(
            PieceScores(piece.start, piece.end, *values)
            for (_, piece), *values in zip(rows, *(part.tolist() for part in scores), strict=True)
        )
        found_pieces.append(pieces)
        first_piece, last_piece, span = best_span(pieces)
        score = span + float(memory.relevance[b, p])
        if best is None or score > best[3]:
            best = (p, pieces[first_piece].start, pieces[last_piece].end, score)
    relevance = tuple(memory.relevance[b, :passages].tolist())
    return Reading(relevance, tuple(found_pieces), best)


def best_span(pieces: Sequence[PieceScores], longest: int = 30) -> tuple[int, int, float]:
    """(first, last, score) of the span with the highest start + end score, at most `longest` of these pieces."""
    best = (0, 0, float("-inf"))
    for first, piece in enumerate(pieces):
        ends = [other.span_end for other in pieces[first : first + longest]]
        score = piece.span_start + max(ends)
        if score > best[2]:
            best = (first, first + ends.index(max(ends)), score)
    return best
