"""An arm answers a question: the same decoder and seed for all, with what the arm's knobs change around it. An arm that
names a generator is given a pipeline in which that one writes (api/experiments/outside/).

- rag, closed book: `Pipeline.ask`, nothing else.
- oracle: the passages read are those that hold the question's evidence, one for each quote; retrieval cannot fail, so
  what is wrong is the reading. An unanswerable question has no such passage: there the arm reads what a search finds.
   Where the chunks of an answerable one are too small for its quotes, nothing is read: it is never searched.
- techniques: the query, a second search, the language of what is searched, the order and company of the passages
  (api/experiments/techniques/).
- always_refuse: refuses. No error, no coverage.
- copy_first_sentence: answers with the first sentence of the best passage and cites it. Full support, poor answers.
- shuffled_citations: an ordinary answer, but each citation is moved to a sentence drawn from the passages read, so
  citation precision falls to the share of their sentences that overlap the evidence (chance).

Whatever is drawn comes from the seed and the question's id, so that a resumed run draws the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from api.evaluate.questions import EvidenceIndex
from api.experiments.citing import citation_of, sentences_of
from api.experiments.knobs import Knobs
from api.experiments.techniques.again import found_again
from api.experiments.techniques.contradiction import contradicted
from api.experiments.techniques.corrective import corrected
from api.experiments.techniques.distractors import with_distractors
from api.experiments.techniques.found import Found, Search
from api.experiments.techniques.found import search as plainly
from api.experiments.techniques.injection import injected
from api.experiments.techniques.language import within_language
from api.experiments.techniques.order import ordered
from api.experiments.techniques.plan import Plan, drawing, plan_of
from api.experiments.techniques.planted import Planted, Reading, unchanged
from api.experiments.techniques.queries import rewritten
from api.pipeline import Ask, Pipeline
from corpus.format import Question
from generator.answer import Answer, Citation, Mode, Reason, Sentence, Status, joined
from ingest.document import Chunk
from ingest.language import detect_language
from ingest.sentences import split_sentences
from retrieval.hit import Hit

ORACLE_STAGE = "oracle"


@dataclass(frozen=True, slots=True)
class Result:
    """One arm's answer. candidates: ids of the chunks that were proposed before reranking, best first; empty where
    nothing was searched. planted: what was changed in the passages read, if anything. ranking: ids as the search left
    them, see `Found`; None where nothing was searched, and in an answer kept before it was kept too."""

    answer: Answer
    candidates: tuple[str, ...] = ()
    planted: Planted | None = None
    ranking: tuple[str, ...] | None = None


def request_of(pipeline: Pipeline, question: Question, knobs: Knobs, seed: int) -> Ask:
    """The question as `pipeline` is to be asked it. Raises ConfigError, QuestionError."""
    return pipeline.prepare(question.question, mode=knobs.mode, seed=seed, **knobs.options())


def draws(knobs: Knobs, request: Ask) -> bool:
    """Whether the seed can change the arm's answer; where it cannot, one seed says it all."""
    drawn = knobs.contradiction or knobs.injection or knobs.order == "shuffled"
    elsewhere = bool(knobs.distractors) and knobs.distractor_kind == "other topics"
    return drawn or elsewhere or knobs.control == "shuffled_citations" or (
        request.options.temperature > 0 and knobs.control is None
    )


def answer(
    pipeline: Pipeline, index: EvidenceIndex, question: Question, knobs: Knobs, seed: int,
    others: Sequence[Question] = (), search: Search = plainly,
) -> Result:
    """The arm's answer. index: over the pipeline's library. others: the whole set of questions, to draw from. search:
    what every search goes through.

    Raises what `Pipeline.ask` and `within_language` raise.
    """
    request = within_language(pipeline, request_of(pipeline, question, knobs, seed), question, knobs.documents)
    if knobs.control == "always_refuse":
        return Result(_answer(request, "always_refuse", pipeline.answerer.model, (), ()))
    if knobs.mode == "closed_book":
        return Result(pipeline.ask(request))
    hits = oracle_hits(pipeline, index, question) if knobs.oracle else []
    found = Found(tuple(hits), tuple(hit.chunk.id for hit in hits))
    searched = request
    if not knobs.oracle or not question.answerable:
        searched = rewritten(pipeline, request, knobs.query)
        found = search(pipeline, searched)
    if knobs.control == "copy_first_sentence":
        return Result(_first_sentence(pipeline, request, found.hits), found.candidates, ranking=found.ranking)
    if knobs.control == "shuffled_citations":
        written = pipeline.ask(request, found.hits)
        draw = random.Random(f"{seed}:{question.id}")
        return Result(_shuffled(pipeline, written, draw), found.candidates, ranking=found.ranking)
    if knobs.retrieve == "corrective":
        nearest, found = found.hits, corrected(pipeline, searched, found, knobs.relevance or 0.0, search)
        if nearest and not found.hits:
            written = _answer(request, "corrective", pipeline.answerer.model, (), nearest, "low_relevance")
            return Result(written, found.candidates, ranking=found.ranking)
    if knobs.retrieve == "again":
        found = found_again(pipeline, request, found, search)
    plan = plan_of(index, question, knobs, seed, others)
    return _read(pipeline, request, searched, found, question, knobs, seed, plan, search)


def _read(
    pipeline: Pipeline, request: Ask, searched: Ask, found: Found, question: Question, knobs: Knobs, seed: int,
    plan: Plan, search: Search,
) -> Result:
    """The answer from what was found, in the company and order that the knobs say."""
    if knobs.distractors:
        kind, draw = knobs.distractor_kind or "near misses", drawing(seed, question, "distractors")
        found = with_distractors(pipeline, searched, found, plan.held, knobs.distractors, kind, draw, search)
    reading = unchanged(found.hits)
    draw = drawing(seed, question, "place")
    if knobs.contradiction:
        reading = contradicted(pipeline, question, found.hits, plan.gold, plan.false, draw)
    elif plan.injection is not None:
        reading = injected(pipeline, found.hits, plan.gold, plan.injection, draw)
    hits = ordered(reading.hits, knobs.order, drawing(seed, question, "order"))
    written = Reading(tuple(hits), reading.documents, reading.planted).answer(pipeline, request)
    return Result(written, found.candidates, reading.planted, found.ranking)


def oracle_hits(pipeline: Pipeline, index: EvidenceIndex, question: Question) -> list[Hit]:
    """A passage for each evidence quote (both halves where chunking cut the quote), in the order of the quotes."""
    chosen: dict[str, Chunk] = {}
    for evidence in question.evidence:
        ids = sorted(index.gold(dataclasses.replace(question, evidence=(evidence,))))
        chunks = [pipeline.library.chunk(name) for name in ids]
        quote = " ".join(evidence.quote.split())
        whole = [chunk for chunk in chunks if quote in " ".join(chunk.text.split())]
        chosen |= {chunk.id: chunk for chunk in (whole[:1] or chunks)}
    return [Hit(chunk, 1.0, rank, ORACLE_STAGE) for rank, chunk in enumerate(chosen.values(), start=1)]


def _first_sentence(pipeline: Pipeline, request: Ask, hits: Sequence[Hit]) -> Answer:
    sentences: tuple[Sentence, ...] = ()
    for hit in hits[:1]:
        for interval in split_sentences(hit.chunk.text)[:1]:
            cited = citation_of(pipeline.document(hit.chunk.document_id), hit.chunk, interval, 1)
            sentences = (Sentence(" ".join(cited.quote.split()), "quotation", (cited,)),)
    return _answer(request, "copy_first_sentence", pipeline.answerer.model, sentences, hits)


def _shuffled(pipeline: Pipeline, written: Answer, draw: random.Random) -> Answer:
    places = sentences_of(written.hits)
    if not places:
        return written

    def moved(citation: Citation) -> Citation:
        chunk, interval = draw.choice(places)
        return citation_of(pipeline.document(chunk.document_id), chunk, interval, citation.number)

    sentences = tuple(
        dataclasses.replace(sentence, citations=tuple(map(moved, sentence.citations))) for sentence in written.sentences
    )
    return dataclasses.replace(written, sentences=sentences)


def _answer(
    request: Ask, control: str, model: str, sentences: tuple[Sentence, ...], hits: Sequence[Hit],
    why: Reason = "not_answerable",
) -> Answer:
    """A control's answer in the form of everybody's; without sentences it is a refusal, and `why` its reason."""
    status: Status = "answered" if sentences else "abstained"
    reason: Reason = "" if sentences else why
    mode: Mode = "rag"
    return Answer(
        id=hashlib.sha256(f"{control} {request.question}".encode()).hexdigest()[:16], question=request.question,
        language=detect_language(request.question), mode=mode, status=status, reason=reason,
        text=joined(sentences), sentences=sentences, hits=tuple(hits),
        confidence=None, model=model, config_hash=request.config_hash,
    )  # fmt: skip
