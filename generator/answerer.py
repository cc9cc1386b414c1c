"""Hits become an answer: read, decide whether the documents answer, write, check each sentence, cite it.

1. The reader's top reads the question with every hit and says how likely each answers it.
2. If none is likely enough, the answer is an abstention with its reason.
3. Passages that are clearly worse than the best (by reader, ranking and language) are put aside, as are those in
   another language when one in the question's language is good enough.
4. The decoder writes; every finished sentence is checked against the words it was copied from and shown only then.
5. Where the first sentence does not pass, the best evidence sentence is quoted instead and marked as a quotation.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from generator.abstention import Abstention
from generator.answer import Answer, Citation, Mode, Reason, Sentence
from generator.checkpoint import SHIPPED, load_decoder
from generator.engine import Engine, Generated, Reading
from generator.grounding import Draft, Interval, best_evidence, draft_sentence, sentence_ranges
from generator.memory import Passage, Prompt, PromptEncoder, Source
from generator.model import Memory
from generator.options import AnswerOptions
from generator.passages import passage_of
from generator.sampling import SamplingOptions
from ingest.document import Document
from ingest.language import detect_language
from retrieval.embedder import BilingualEmbedder, load_embedder
from retrieval.encoder import Encoder
from retrieval.hit import Hit

DECODER_NAME = "lectern-decoder"
# A passage that is worth this much less than the best one is put aside.
_WORTH_MARGIN = 1.0
_REFUSALS = {
    "ru": "В документах нет ответа на этот вопрос.",
    "en": "The documents do not answer this question.",
}

DocumentOf = Callable[[str], Document]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Context:
    """One request while it is being answered. passages[i] and documents[i] belong to hits[i]."""

    question: str
    language: str
    mode: Mode
    hits: tuple[Hit, ...]
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    options: AnswerOptions


@dataclass(frozen=True, slots=True)
class Probe:
    """One question before any threshold. relevance: highest probability that a passage answers; draft: the decoder's
    first sentence; written: all that it wrote; quotation: what would be quoted instead."""

    relevance: float
    draft: Draft | None
    written: str
    quotation: str


class Answerer:
    """Answers questions from hits, or without any (closed book). Threads may share it."""

    def __init__(
        self, engine: Engine, abstention: Abstention, fingerprint: str, encode: Callable[[Sequence[str]], Vectors]
    ) -> None:
        self.engine, self.abstention, self.encode = engine, abstention, encode
        self.model = f"{DECODER_NAME}-{fingerprint[:8]}"

    def answer(
        self, question: str, hits: Sequence[Hit], *, mode: Mode, options: AnswerOptions, document_of: DocumentOf
    ) -> Answer:
        """The whole answer at once."""
        *_, answer = self.stream(question, hits, mode=mode, options=options, document_of=document_of)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self, question: str, hits: Sequence[Hit], *, mode: Mode, options: AnswerOptions, document_of: DocumentOf
    ) -> Iterator[Sentence | Answer]:
        """Sentences as they are finished and checked, the whole Answer last. What was shown is never taken back."""
        context = _context(question, hits if mode == "rag" else (), mode, options, document_of)
        timings: dict[str, float] = {}
        if mode == "rag" and not hits:
            yield self._abstained(context, "no_hits", timings, {})
            return
        started = time.perf_counter()
        prompt = Prompt(question, context.passages)
        memory, sources, (reading,) = self.engine.read([prompt])
        timings["prefill"] = _since(started)
        usage = {"prompt_tokens": sum(source is not None for source in sources[0]), "completion_tokens": 0}
        kept: list[int] = []
        if mode == "rag":
            threshold = self.abstention.threshold(options.risk)
            if options.abstain and max(_probability(value) for value in reading.relevance) < threshold:
                yield self._abstained(context, "not_answerable", timings, usage)
                return
            kept = self._kept(context, reading, threshold)
            memory = _masked(memory, sources[0], kept)
        started = time.perf_counter()
        sentences: list[Sentence] = []
        for sentence in self._sentences(context, prompt, memory, sources, reading, kept, usage):
            sentences.append(sentence)
            yield sentence
        timings["decode"] = _since(started)
        if not sentences:
            yield self._abstained(context, "unsupported", timings, usage)
            return
        yield self._answer(context, "answered", "", tuple(sentences), timings, usage)

    def probe(
        self, question: str, hits: Sequence[Hit], *, options: AnswerOptions, document_of: DocumentOf
    ) -> Probe:
        """What each decision rests on, with nothing decided yet: thresholds are chosen from these on dev."""
        context = _context(question, hits, "rag", options, document_of)
        prompt = Prompt(question, context.passages)
        memory, sources, (reading,) = self.engine.read([prompt])
        kept = self._kept(context, reading, self.abstention.default)
        (generated,) = self.engine.write(
            [prompt], _masked(memory, sources[0], kept), sources, SamplingOptions(), options.max_tokens
        )
        passages = [passage.text for passage in context.passages]
        titles = [passage.title for passage in context.passages]
        ranges = sentence_ranges(generated.text, ended=True)
        draft = None
        if ranges:
            pieces = [p for p in generated.pieces if p.start < ranges[0][1]]
            text = generated.text[slice(*ranges[0])]
            draft = draft_sentence(text, pieces, passages, titles, question)
        quoted = self._best_evidence(context, reading, kept)
        return Probe(
            relevance=max(_probability(value) for value in reading.relevance),
            draft=draft,
            written=generated.text,
            quotation="" if quoted is None else passages[quoted[0]][slice(*quoted[1])],
        )

    def _kept(self, context: _Context, reading: Reading, threshold: float) -> list[int]:
        """Passages worth writing from, in their order."""
        def best(numbers: list[int]) -> float:
            return max((reading.relevance[n] for n in numbers), default=-math.inf)

        everything = list(range(len(context.passages)))
        own = [n for n in everything if context.documents[n].language == context.language]
        if own and _probability(best(own)) >= threshold:
            everything = own
        worth = _worth(context, reading)
        floor = max(worth[n] for n in everything) - _WORTH_MARGIN
        return [n for n in everything if worth[n] >= floor]

    def _best_evidence(self, context: _Context, reading: Reading, kept: Sequence[int]) -> tuple[int, Interval] | None:
        """The sentence to quote."""
        def likeness(sentences: Sequence[str]) -> Sequence[float]:
            vectors = self.encode([*sentences, context.question])
            return [float(value) for value in vectors[:-1] @ vectors[-1]]

        passages = [passage.text for passage in context.passages]
        return best_evidence(reading, passages, _worth(context, reading), kept, likeness)

    def _sentences(
        self, context: _Context, prompt: Prompt, memory: Memory, sources: list[list[Source | None]],
        reading: Reading, kept: list[int], usage: dict[str, int],
    ) -> Iterator[Sentence]:
        """Checked sentences in order; a quotation alone when the first does not pass."""
        options = context.options
        sampling = SamplingOptions(
            options.temperature, options.top_k_sampling, options.top_p, options.min_p,
            options.repetition_penalty, options.seed,
        )
        shown = 0
        seen: set[str] = set()
        numbers: dict[tuple[str, Interval], int] = {}
        for generated in self.engine.stream(prompt, memory, sources, sampling, options.max_tokens):
            usage["completion_tokens"] = len(generated.pieces)
            last = generated.ended or len(generated.pieces) >= options.max_tokens
            ranges = sentence_ranges(generated.text, last)
            for interval in ranges[shown:]:
                shown += 1
                sentence = self._checked(context, generated, interval, numbers)
                if sentence is None and not seen:
                    quoted = self._quotation(context, reading, kept, numbers)
                    if quoted is not None:
                        yield quoted
                    return
                if sentence is not None and sentence.text not in seen:
                    seen.add(sentence.text)
                    yield sentence
            if last:
                return

    def _checked(
        self, context: _Context, generated: Generated, interval: Interval, numbers: dict[tuple[str, Interval], int]
    ) -> Sentence | None:
        """The sentence with its citation, or None if it is not good enough to be shown."""
        text = generated.text[slice(*interval)].strip()
        pieces = [p for p in generated.pieces if interval[0] <= p.start < interval[1]]
        if context.mode == "closed_book":
            return Sentence(text, "decoder") if text else None
        passages = [passage.text for passage in context.passages]
        titles = [passage.title for passage in context.passages]
        draft = draft_sentence(text, pieces, passages, titles, context.question)
        if draft is None or (context.options.verify and not self._holds(draft)):
            return None
        return Sentence(_closed(draft.text), "decoder", _citations(context, draft, numbers))

    def _holds(self, draft: Draft) -> bool:
        limits = self.abstention
        return (
            draft.numbers_hold
            and draft.supported >= limits.supported
            and draft.log_probability >= limits.log_probability
            and len(draft.text.split()) >= 2
        )

    def _quotation(
        self, context: _Context, reading: Reading, kept: list[int], numbers: dict[tuple[str, Interval], int]
    ) -> Sentence | None:
        """The best evidence sentence, word for word."""
        if context.mode == "closed_book":
            return None
        found = self._best_evidence(context, reading, kept)
        if found is None:
            return None
        passage, (start, end) = found
        text = context.passages[passage].text[start:end]
        draft = Draft(text, passage, ((start, end),), 1.0, True, 0.0)
        return Sentence(" ".join(text.split()), "quotation", _citations(context, draft, numbers))

    def _abstained(
        self, context: _Context, reason: Reason, timings: dict[str, float], usage: dict[str, int]
    ) -> Answer:
        return self._answer(context, "abstained", reason, (), timings, usage)

    def _answer(
        self, context: _Context, status: str, reason: Reason, sentences: tuple[Sentence, ...],
        timings: dict[str, float], usage: dict[str, int],
    ) -> Answer:
        refusal = _REFUSALS["ru" if context.language == "ru" else "en"]
        text = " ".join(sentence.marked for sentence in sentences) if sentences else refusal
        ids = [hit.chunk.id for hit in context.hits]
        key = (self.model, context.question, context.mode, ids, asdict(context.options))
        return Answer(
            id=hashlib.sha256(json.dumps(key, ensure_ascii=False).encode()).hexdigest()[:16],
            question=context.question, language=context.language, mode=context.mode,
            status="answered" if status == "answered" else "abstained", reason=reason, text=text,
            sentences=sentences, hits=context.hits, confidence=None, model=self.model, config_hash="",
            timings_ms=timings, usage=usage or {"prompt_tokens": 0, "completion_tokens": 0},
        )


def load_answerer(embedder: Encoder | None = None, device: str = "cpu", folder: Path = SHIPPED) -> Answerer:
    """The shipped decoder, ready. embedder: reused if it is the bilingual one that the decoder was trained on.

    Raises DecoderMissing if the weights are missing, damaged, or for another embedder.
    """
    if not isinstance(embedder, BilingualEmbedder):
        loaded = load_embedder(device=device)
        assert isinstance(loaded, BilingualEmbedder)
        embedder = loaded
    model, vocabulary, fingerprint = load_decoder(embedder, folder)
    engine = Engine(model, vocabulary, PromptEncoder(embedder.tokenizer))
    return Answerer(engine, Abstention.load(folder), fingerprint, embedder.encode)


def _context(
    question: str, hits: Sequence[Hit], mode: Mode, options: AnswerOptions, document_of: DocumentOf
) -> _Context:
    documents = tuple(document_of(hit.chunk.document_id) for hit in hits)
    passages = tuple(
        passage_of(document.title, hit.chunk.headings, hit.chunk.text)
        for document, hit in zip(documents, hits, strict=True)
    )
    return _Context(question, detect_language(question), mode, tuple(hits), documents, passages, options)


def _worth(context: _Context, reading: Reading) -> list[float]:
    """How likely each passage is the right one: the reader's opinion, the ranking before it, and its language.

    The weights were chosen together with those of `best_evidence`.
    """
    return [
        0.25 * reading.relevance[n] - 0.5 * math.log(1 + n) + 10.0 * hit.score * (hit.stage == "reranked")
        + float(context.documents[n].language == context.language)
        for n, hit in enumerate(context.hits)
    ]


def _citations(
    context: _Context, draft: Draft, numbers: dict[tuple[str, Interval], int]
) -> tuple[Citation, ...]:
    """One citation per quoted sentence; the same quote keeps its number through the answer."""
    hit, document = context.hits[draft.passage], context.documents[draft.passage]
    citations = []
    for a, z in draft.intervals:
        start, end = hit.chunk.start + a, hit.chunk.start + z
        number = numbers.setdefault((document.id, (start, end)), len(numbers) + 1)
        citations.append(
            Citation(
                number, hit.chunk.id, document.id, document.title, document.sources[0] if document.sources else "",
                document.page_of(start), start, end, document.text[start:end],
            )
        )
    return tuple(citations)


def _masked(memory: Memory, sources: Sequence[Source | None], kept: Sequence[int]) -> Memory:
    """The memory without the passages that are not `kept`: they are neither attended to nor copied from."""
    wanted = {-1, *kept}
    keep = torch.tensor([source is None or source.passage in wanted for source in sources]).unsqueeze(0)
    keep = keep.to(memory.mask.device)
    return dataclasses.replace(memory, mask=memory.mask & keep, copyable=memory.copyable & keep)


def _closed(text: str) -> str:
    """The sentence with a full stop where it has no end."""
    return text if text[-1] in ".!?…»\"”)" else text + "."


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, log_odds))))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
