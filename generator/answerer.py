"""Hits become an answer: read, decide whether the documents answer, write, check each sentence, cite it.

1. The reader reads the question with every hit; every sentence of them is a candidate to carry the answer.
2. If the documents are not likely enough to answer, nor the best candidate to be right, the answer is an abstention
   with its reason.
3. The decoder writes from the best candidate: its passage is attended to, it alone is copied from. Several drafts are
   written side by side; every sentence is verified, and the draft that is likeliest to be right is shown. Where a list
   or a table is asked for, it is quoted whole instead (`listing.py`).
4. Where even that is less likely to be right than the candidate it was written from, the candidate is quoted instead
   and marked as a quotation. So are others that may be right in its place or beside it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from generator.answer import Answer, Mode, Origin, Reason, Sentence, joined
from generator.checkpoint import SHIPPED, load_decoder
from generator.decisions import Decisions, log_odds, probability
from generator.engine import Engine, Reading
from generator.evidence import MOST_FURTHER, Candidate, Choice, Finding, candidates, choose
from generator.grounding import Draft, holds, sentence_ranges
from generator.listing import with_listing
from generator.memory import Prompt, PromptEncoder
from generator.options import AnswerOptions
from generator.proposals import Judged, Offer, Proposal, passing
from generator.read_before import ReadBefore
from generator.request import DocumentOf, Numbers, Request
from generator.sampling import SamplingOptions
from generator.sentence_vectors import SentenceVectors, Vectors
from generator.verifier import Verifier
from generator.written import Generated
from retrieval.embedder import BilingualEmbedder, load_embedder
from retrieval.encoder import Encoder
from retrieval.hit import Hit

DECODER_NAME = "lectern-decoder"
MOST_SENTENCES = 1 + MOST_FURTHER
# A cosine costs a pass over its sentence: how many sentences are compared with the question. The others are too far
# behind without it: on dev none would be chosen, nor quoted beside what is.
COMPARED = 12
# How many drafts are written from a candidate, and how those beside a greedy one are sampled: near it, so that they
# differ in what they leave out and not in what they make up.
DRAFTS = 5
NEAR_GREEDY = 0.5
REFUSALS = {
    "ru": "В документах нет ответа на этот вопрос.",
    "en": "The documents do not answer this question.",
}


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
        request = Request.of(question, hits if mode == "rag" else (), mode, options, document_of)
        timings: dict[str, float] = {}
        if mode == "rag" and not hits:
            yield self._abstained(request, "no_hits", timings, {}, None)
            return
        started = time.perf_counter()
        _, (sources,), (reading,) = self.engine.read([Prompt(question, request.passages)])
        timings["prefill"] = _since(started)
        usage = {"prompt_tokens": sum(source is not None for source in sources), "completion_tokens": 0}
        choice: Choice | None = None
        if mode == "rag":
            found = self._candidates(request, reading, COMPARED)
            choice = with_listing(choose(found, self.decisions, request.language), found, self.decisions)
            timings["prefill"] = _since(started)
            confidence = 0.0 if choice is None else choice.confidence
            if choice is None or (
                options.abstain and not self.decisions.answers(confidence, choice.answerable, options.risk)
            ):
                yield self._abstained(request, self._why_not(request.hits), timings, usage, confidence)
                return
        started = time.perf_counter()
        sentences: list[Sentence] = []
        for sentence in self._sentences(request, choice, usage):
            sentences.append(sentence)
            yield sentence
        timings["decode"] = _since(started)
        sure = None if choice is None else choice.confidence
        if not sentences:
            yield self._abstained(request, "unsupported", timings, usage, sure)
            return
        yield self._answer(request, "answered", "", tuple(sentences), timings, usage, sure)

    def find(self, question: str, hits: Sequence[Hit], *, document_of: DocumentOf) -> Finding:
        """What the reader finds in the hits, with no threshold applied and nothing written."""
        return self._find(Request.of(question, hits, "rag", AnswerOptions(), document_of))

    def probe(
        self, question: str, hits: Sequence[Hit], *, options: AnswerOptions, document_of: DocumentOf
    ) -> Probe:
        """What each decision rests on, with nothing decided yet: weights and thresholds are fitted to these on dev."""
        request = Request.of(question, hits, "rag", options, document_of)
        finding = self._find(request)
        choice = choose(finding.candidates, replace(self.decisions, also=0.0), request.language)
        likeliest = () if choice is None else (choice.candidate, *choice.further[:1])
        offers = tuple(Offer(one, self._proposals(request, one, self._written(request, one))) for one in likeliest)
        return Probe(finding.passages, finding.candidates, offers)

    def _find(self, request: Request) -> Finding:
        _, _, (reading,) = self.engine.read([Prompt(request.question, request.passages)])
        found = self._candidates(request, reading)
        span = None if reading.span is None else reading.span[:3]
        choice = choose(found, self.decisions, request.language)
        return Finding(tuple(passage.text for passage in request.passages), found, choice, span)

    def _written(self, request: Request, chosen: Candidate) -> list[Generated]:
        """Drafts of an answer from one candidate, side by side; one alone where nothing is verified, as then nothing
        tells which is best."""
        asked, prompt = _sampling(request.options), request.focused(chosen)
        memory, (sources,), _ = self.engine.read([prompt])
        near = replace(asked, temperature=NEAR_GREEDY, seed=0) if asked.temperature == 0.0 else asked
        more = [replace(near, seed=near.seed + n) for n in range(1, DRAFTS)]
        options = [asked, *more] if request.options.verify else [asked]
        return self.engine.drafts(prompt, memory, sources, options, request.options.max_tokens)

    def _proposals(
        self, request: Request, chosen: Candidate, written: Sequence[Generated]
    ) -> tuple[Proposal, ...]:
        """The written answers with the verifier's verdicts. To be verified, sentences are left out that do not hold, or
        are likelier unsupported than supported, and answers whose first sentence is."""
        verify = request.options.verify
        distinct: dict[tuple[str, ...], list[Draft]] = {}
        for one in written:
            drafts = [request.draft(chosen, one, interval) for interval in sentence_ranges(one.text, one.ended)]
            row = [draft for draft in drafts if draft is not None and (not verify or holds(draft))]
            if row and (not verify or row[0] is drafts[0]):
                distinct.setdefault(tuple(draft.text for draft in row), row)
        rows = distinct.values()
        claims = [(draft.text, request.passages[draft.passage]) for row in rows for draft in row]
        verdicts = iter(self.engine.verify(request.question, claims))
        found = []
        for row in rows:
            judged = [(draft, next(verdicts)) for draft in row]
            kept = [one for one in judged if not verify or one[1].supported >= 0.0]
            if kept and kept[0] is judged[0]:
                found.append(Proposal(tuple(kept)))
        return tuple(found)

    def _candidates(self, request: Request, reading: Reading, compared: int | None = None) -> list[Candidate]:
        """Every sentence of the passages with its features; compared: as in `candidates`."""
        ranked = [log_odds(hit.score) for hit in request.hits if hit.stage == "reranked"]
        # Hits that the reranker did not read come behind those that it did.
        rank = [
            log_odds(hit.score) if hit.stage == "reranked" else min([*ranked, reading.relevance[n]])
            for n, hit in enumerate(request.hits)
        ]
        own = [document.language == request.language for document in request.documents]
        listings = [request.listings(n) for n in range(len(request.passages))]
        texts = [passage.text for passage in request.passages]
        return candidates(
            reading, request.question, texts, rank, own, self.encode, listings,
            cues=request.cues(own), weights=self.decisions.sentence, compared=compared,
        )

    def _why_not(self, hits: Sequence[Hit]) -> Reason:
        """Whether the passages are about something else, or about the question and do not answer it."""
        reranked = [hit.score for hit in hits if hit.stage == "reranked"]
        return "low_relevance" if reranked and max(reranked) < self.decisions.on_topic else "not_answerable"

    def _sentences(
        self, request: Request, choice: Choice | None, usage: dict[str, int]
    ) -> Iterator[Sentence]:
        """Checked sentences in order: from each chosen candidate, in the decoder's words where these will do."""
        if choice is None:
            for text in self._closed_book(request, usage):
                yield Sentence(text, "decoder")
            return
        seen: set[str] = set()
        numbers: Numbers = {}
        for chosen in choice.shown:
            for draft, origin, support in self._from(request, chosen, choice, usage):
                if draft.text not in seen:
                    seen.add(draft.text)
                    further = chosen not in choice.together
                    yield request.sentence(draft, origin, numbers, support, further=further)
                if len(seen) == MOST_SENTENCES:
                    return

    def _from(
        self, request: Request, chosen: Candidate, choice: Choice, usage: dict[str, int]
    ) -> Iterator[tuple[Draft, Origin, float]]:
        """What is said from one candidate, with its support. From the best one: of the answers that the decoder writes
        the one that is likeliest to be right. The candidate itself, which supports itself wholly, where none will do,
        and where it only stands beside the best one: a decoder that has to make an answer of what may be none makes
        nonsense. Lists, their items and rows of tables are quoted."""
        said: tuple[Judged, ...] = ()
        if chosen is choice.candidate and chosen.retold:
            written = self._written(request, chosen)
            usage["completion_tokens"] += sum(len(draft.pieces) for draft in written)
            proposals = self._proposals(request, chosen, written)
            if request.options.verify:
                said = passing(proposals, choice.confidence, self.decisions, self.decisions.own)
            elif proposals:
                said = proposals[0].sentences
        for draft, verdict in said:
            yield draft, "decoder", probability(verdict.supported)
        if not said:
            yield request.quotation(chosen), "quotation", 1.0

    def _closed_book(self, request: Request, usage: dict[str, int]) -> Iterator[str]:
        """Each sentence when it is finished, from the question alone."""
        prompt = Prompt(request.question)
        memory, sources, _ = self.engine.read([prompt])
        finished = 0
        for generated in self.engine.stream(
            prompt, memory, sources, _sampling(request.options), request.options.max_tokens
        ):
            usage["completion_tokens"] = len(generated.pieces)
            last = generated.ended or len(generated.pieces) >= request.options.max_tokens
            for interval in sentence_ranges(generated.text, last)[finished:]:
                finished += 1
                text = generated.text[slice(*interval)].strip()
                if text:
                    yield text
            if last:
                return

    def _abstained(
        self, request: Request, reason: Reason, timings: dict[str, float], usage: dict[str, int],
        confidence: float | None,
    ) -> Answer:
        return self._answer(request, "abstained", reason, (), timings, usage, confidence)

    def _answer(
        self, request: Request, status: str, reason: Reason, sentences: tuple[Sentence, ...],
        timings: dict[str, float], usage: dict[str, int], confidence: float | None,
    ) -> Answer:
        refusal = REFUSALS["ru" if request.language == "ru" else "en"]
        text = joined(sentences) if sentences else refusal
        ids = [hit.chunk.id for hit in request.hits]
        foreign = {document.id for document in request.documents if document.language != request.language}
        cited = {citation.document_id for one in sentences[:1] for citation in one.citations}
        key = (self.model, request.question, request.mode, ids, asdict(request.options))
        return Answer(
            id=hashlib.sha256(json.dumps(key, ensure_ascii=False).encode()).hexdigest()[:16],
            question=request.question, language=request.language, mode=request.mode,
            status="answered" if status == "answered" else "abstained", reason=reason, text=text,
            sentences=sentences, hits=request.hits, confidence=confidence, model=self.model, config_hash="",
            timings_ms=timings, usage=usage or {"prompt_tokens": 0, "completion_tokens": 0},
            other_language=bool(cited & foreign),
        )


def load_answerer(
    embedder: Encoder | None = None, device: str = "cpu", folder: Path = SHIPPED, *, verifier_from: Path | None = None
) -> Answerer:
    """The decoder in `folder`, ready. embedder: reused if it is the bilingual one that the decoder was trained on;
    verifier_from: the folder whose verifier's weights are used (None: this one's).

    Raises DecoderMissing if the weights are missing, damaged, or for another embedder.
    """
    if not isinstance(embedder, BilingualEmbedder):
        loaded = load_embedder(device=device)
        assert isinstance(loaded, BilingualEmbedder)
        embedder = loaded
    model, vocabulary, fingerprint = load_decoder(embedder, folder)
    verifier = Verifier.load(verifier_from or folder)
    combine = None if verifier is None else verifier.combined
    engine = Engine(model, vocabulary, PromptEncoder(embedder.tokenizer), ReadBefore(), combine)
    fingerprint += "" if verifier is None else verifier.fingerprint
    return Answerer(engine, Decisions.load(folder), fingerprint, SentenceVectors(embedder.encode))


def _sampling(options: AnswerOptions) -> SamplingOptions:
    return SamplingOptions(
        options.temperature, options.top_k_sampling, options.top_p, options.min_p, options.repetition_penalty,
        options.seed,
    )


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
