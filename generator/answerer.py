"""Hits become an answer: read, decide whether the documents answer, write, check each sentence, cite it.

1. The reader reads the question with every hit; every sentence of them is a candidate to carry the answer.
2. If the best candidate is not likely enough to be right, the answer is an abstention with its reason.
3. The decoder writes from the best candidate, and from others that are hardly worse, one at a time: their passage is
   attended to, only they are copied from. Every finished sentence is verified and shown only then.
4. Where the decoder's sentence is less likely to be right than the candidate it was written from, the candidate is
   quoted instead and marked as a quotation.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.answer import Answer, Citation, Mode, Reason, Sentence
from generator.checkpoint import SHIPPED, load_decoder
from generator.decisions import Decisions, log_odds, probability, weighted
from generator.engine import Engine, Generated, Reading, Verdict
from generator.evidence import Candidate, Choice, Finding, candidates, choose
from generator.grounding import Draft, Interval, advantage, draft_from, draft_sentence, holds, sentence_ranges
from generator.memory import Passage, Prompt, PromptEncoder
from generator.options import AnswerOptions
from generator.passages import passage_of
from generator.read_before import ReadBefore
from generator.sampling import SamplingOptions
from generator.verifier import Verifier
from ingest.document import Document
from ingest.language import detect_language
from retrieval.embedder import BilingualEmbedder, load_embedder
from retrieval.encoder import Encoder
from retrieval.hit import Hit

DECODER_NAME = "lectern-decoder"
MOST_SENTENCES = 3
# Candidates that a probe writes from: weights fitted to probes may choose others than those they were probed with.
_OFFERS = 3
REFUSALS = {
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
class Offer:
    """What the decoder writes from one candidate: its first sentence, the verdict on it, and all of it."""

    candidate: Candidate
    draft: Draft | None
    verdict: Verdict | None
    text: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One question before any threshold. passages: the texts read; candidates: their sentences; offers: what the
    decoder writes from the likeliest of them."""

    passages: tuple[str, ...]
    candidates: list[Candidate]
    offers: tuple[Offer, ...]


class Answerer:
    """Answers questions from hits, or without any (closed book). Threads may share it."""

    def __init__(
        self, engine: Engine, decisions: Decisions, fingerprint: str, encode: Callable[[Sequence[str]], Vectors]
    ) -> None:
        self.engine, self.decisions, self.encode = engine, decisions, encode
        self._fingerprint = fingerprint

    @property
    def model(self) -> str:
        """The decoder's name with a hash of its weights and of what is decided by."""
        told = self._fingerprint + json.dumps(asdict(self.decisions), sort_keys=True)
        return f"{DECODER_NAME}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"

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
            yield self._abstained(context, "no_hits", timings, {}, None)
            return
        started = time.perf_counter()
        _, (sources,), (reading,) = self.engine.read([Prompt(question, context.passages)])
        timings["prefill"] = _since(started)
        usage = {"prompt_tokens": sum(source is not None for source in sources), "completion_tokens": 0}
        choice: Choice | None = None
        if mode == "rag":
            found = self._candidates(context, reading)
            choice = choose(found, self.decisions)
            timings["prefill"] = _since(started)
            confidence = 0.0 if choice is None else choice.confidence
            if choice is None or (options.abstain and confidence < self.decisions.threshold(options.risk)):
                yield self._abstained(context, self._why_not(context.hits), timings, usage, confidence)
                return
        started = time.perf_counter()
        sentences: list[Sentence] = []
        for sentence in self._sentences(context, choice, usage):
            sentences.append(sentence)
            yield sentence
        timings["decode"] = _since(started)
        sure = None if choice is None else choice.confidence
        if not sentences:
            yield self._abstained(context, "unsupported", timings, usage, sure)
            return
        yield self._answer(context, "answered", "", tuple(sentences), timings, usage, sure)

    def find(self, question: str, hits: Sequence[Hit], *, document_of: DocumentOf) -> Finding:
        """What the reader finds in the hits, with no threshold applied and nothing written."""
        return self._find(_context(question, hits, "rag", AnswerOptions(), document_of))

    def probe(
        self, question: str, hits: Sequence[Hit], *, options: AnswerOptions, document_of: DocumentOf
    ) -> Probe:
        """What each decision rests on, with nothing decided yet: weights and thresholds are fitted to these on dev."""
        context = _context(question, hits, "rag", options, document_of)
        finding = self._find(context)
        likeliest = sorted(
            finding.candidates, key=lambda one: -weighted(self.decisions.sentence, one.features)
        )[:_OFFERS]
        prompts = [_focused(context, one) for one in likeliest]
        written = self.engine.generate(prompts, max_pieces=options.max_tokens) if prompts else []
        offers = tuple(self._offer(context, *pair) for pair in zip(likeliest, written, strict=True))
        return Probe(finding.passages, finding.candidates, offers)

    def _find(self, context: _Context) -> Finding:
        _, _, (reading,) = self.engine.read([Prompt(context.question, context.passages)])
        found = self._candidates(context, reading)
        span = None if reading.span is None else reading.span[:3]
        return Finding(
            tuple(passage.text for passage in context.passages), found, choose(found, self.decisions), span
        )

    def _offer(self, context: _Context, chosen: Candidate, written: Generated) -> Offer:
        ranges = sentence_ranges(written.text, ended=True)
        draft = _draft(context, chosen, written, ranges[0]) if ranges else None
        return Offer(chosen, draft, None if draft is None else self._verdict(context, draft), written.text)

    def _verdict(self, context: _Context, draft: Draft) -> Verdict:
        (verdict,) = self.engine.verify(context.question, [(draft.text, context.passages[draft.passage])])
        return verdict

    def _candidates(self, context: _Context, reading: Reading) -> list[Candidate]:
        """Every sentence of the passages with its features."""
        def likeness(sentences: Sequence[str]) -> Sequence[float]:
            vectors = self.encode([*sentences, context.question])
            return [float(value) for value in vectors[:-1] @ vectors[-1]]

        rank = [
            log_odds(hit.score) if hit.stage == "reranked" else reading.relevance[n]
            for n, hit in enumerate(context.hits)
        ]
        own = [document.language == context.language for document in context.documents]
        return candidates(reading, [passage.text for passage in context.passages], rank, own, likeness)

    def _why_not(self, hits: Sequence[Hit]) -> Reason:
        """Whether the passages are about something else, or about the question and do not answer it."""
        reranked = [hit.score for hit in hits if hit.stage == "reranked"]
        return "low_relevance" if reranked and max(reranked) < self.decisions.on_topic else "not_answerable"

    def _sentences(
        self, context: _Context, choice: Choice | None, usage: dict[str, int]
    ) -> Iterator[Sentence]:
        """Checked sentences in order: from each chosen candidate, in the decoder's words where these will do."""
        if choice is None:
            for generated, interval in self._written(context, Prompt(context.question), usage):
                text = generated.text[slice(*interval)].strip()
                if text:
                    yield Sentence(text, "decoder")
            return
        seen: set[str] = set()
        numbers: dict[tuple[str, Interval], int] = {}
        for chosen in (choice.candidate, *choice.further):
            for sentence in self._from(context, chosen, choice.confidence, numbers, usage):
                if len(seen) < MOST_SENTENCES and sentence.text not in seen:
                    seen.add(sentence.text)
                    yield sentence

    def _from(
        self, context: _Context, chosen: Candidate, confidence: float, numbers: dict[tuple[str, Interval], int],
        usage: dict[str, int],
    ) -> Iterator[Sentence]:
        """What the decoder says from one candidate; its own words when the first sentence does not pass."""
        shown = False
        for generated, interval in self._written(context, _focused(context, chosen), usage):
            sentence = self._checked(context, chosen, generated, interval, confidence, numbers)
            if sentence is not None:
                shown = True
                yield sentence
            elif not shown:
                break
        if not shown:
            yield _quotation(context, chosen, numbers)

    def _written(
        self, context: _Context, prompt: Prompt, usage: dict[str, int]
    ) -> Iterator[tuple[Generated, Interval]]:
        """Each sentence when it is finished: all that is written by then, and where in it the sentence stands."""
        options = context.options
        sampling = SamplingOptions(
            options.temperature, options.top_k_sampling, options.top_p, options.min_p,
            options.repetition_penalty, options.seed,
        )
        memory, sources, _ = self.engine.read([prompt])
        before, finished = usage["completion_tokens"], 0
        for generated in self.engine.stream(prompt, memory, sources, sampling, options.max_tokens):
            usage["completion_tokens"] = before + len(generated.pieces)
            last = generated.ended or len(generated.pieces) >= options.max_tokens
            ranges = sentence_ranges(generated.text, last)
            for interval in ranges[finished:]:
                finished += 1
                yield generated, interval
            if last:
                return

    def _checked(
        self, context: _Context, chosen: Candidate, generated: Generated, interval: Interval, confidence: float,
        numbers: dict[tuple[str, Interval], int],
    ) -> Sentence | None:
        """The sentence with its citation, or None if it is not good enough to be shown."""
        draft = _draft(context, chosen, generated, interval)
        verify = context.options.verify
        if draft is None or (verify and not holds(draft)):
            return None
        verdict = self._verdict(context, draft)
        if verify and advantage(draft, verdict, confidence, self.decisions) < self.decisions.own:
            return None
        support = probability(verdict.supported)
        return Sentence(_closed(draft.text), "decoder", _citations(context, draft, numbers, support))

    def _abstained(
        self, context: _Context, reason: Reason, timings: dict[str, float], usage: dict[str, int],
        confidence: float | None,
    ) -> Answer:
        return self._answer(context, "abstained", reason, (), timings, usage, confidence)

    def _answer(
        self, context: _Context, status: str, reason: Reason, sentences: tuple[Sentence, ...],
        timings: dict[str, float], usage: dict[str, int], confidence: float | None,
    ) -> Answer:
        refusal = REFUSALS["ru" if context.language == "ru" else "en"]
        text = " ".join(sentence.marked for sentence in sentences) if sentences else refusal
        ids = [hit.chunk.id for hit in context.hits]
        key = (self.model, context.question, context.mode, ids, asdict(context.options))
        return Answer(
            id=hashlib.sha256(json.dumps(key, ensure_ascii=False).encode()).hexdigest()[:16],
            question=context.question, language=context.language, mode=context.mode,
            status="answered" if status == "answered" else "abstained", reason=reason, text=text,
            sentences=sentences, hits=context.hits, confidence=confidence, model=self.model, config_hash="",
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
    verifier = Verifier.load(folder)
    combine = None if verifier is None else verifier.combined
    engine = Engine(model, vocabulary, PromptEncoder(embedder.tokenizer), ReadBefore(), combine)
    fingerprint += "" if verifier is None else verifier.fingerprint
    return Answerer(engine, Decisions.load(folder), fingerprint, embedder.encode)


def _context(
    question: str, hits: Sequence[Hit], mode: Mode, options: AnswerOptions, document_of: DocumentOf
) -> _Context:
    documents = tuple(document_of(hit.chunk.document_id) for hit in hits)
    passages = tuple(
        passage_of(document.title, hit.chunk.headings, hit.chunk.text)
        for document, hit in zip(documents, hits, strict=True)
    )
    return _Context(question, detect_language(question), mode, tuple(hits), documents, passages, options)


def _citations(
    context: _Context, draft: Draft, numbers: dict[tuple[str, Interval], int], support: float
) -> tuple[Citation, ...]:
    """One citation per quoted sentence; the same quote keeps its number through the answer. support: 0..1, by the
    verifier; 1 where the words are the source's own."""
    hit, document = context.hits[draft.passage], context.documents[draft.passage]
    citations = []
    for a, z in draft.intervals:
        start, end = hit.chunk.start + a, hit.chunk.start + z
        number = numbers.setdefault((document.id, (start, end)), len(numbers) + 1)
        citations.append(
            Citation(
                number, hit.chunk.id, document.id, document.title, document.sources[0] if document.sources else "",
                document.page_of(start), start, end, document.text[start:end], round(support, 4),
            )
        )
    return tuple(citations)


def _focused(context: _Context, chosen: Candidate) -> Prompt:
    """The question with the passage of one candidate, to be written from that sentence alone."""
    return Prompt(context.question, (context.passages[chosen.passage],), focus=((chosen.interval,),))


def _draft(context: _Context, chosen: Candidate, generated: Generated, interval: Interval) -> Draft | None:
    """A sentence written from one candidate, with what it rests on."""
    pieces = [piece for piece in generated.pieces if interval[0] <= piece.start < interval[1]]
    passage = context.passages[chosen.passage]
    text = generated.text[slice(*interval)].strip()
    draft = draft_sentence(text, pieces, [passage.text], [passage.title], context.question)
    if draft is None:
        return None
    return draft_from(draft, chosen.passage, passage.text[slice(*chosen.interval)], passage.text[slice(*chosen.span)])


def _quotation(context: _Context, chosen: Candidate, numbers: dict[tuple[str, Interval], int]) -> Sentence:
    """The candidate, word for word."""
    text = context.passages[chosen.passage].text[slice(*chosen.interval)]
    draft = Draft(text, chosen.passage, (chosen.interval,), 1.0, True, 0.0)
    return Sentence(" ".join(text.split()), "quotation", _citations(context, draft, numbers, 1.0))


def _closed(text: str) -> str:
    """The sentence with a full stop where it has no end."""
    return text if text[-1] in ".!?…»\"”)" else text + "."


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
