"""A model from outside in the place of Lectern's decoder: same hits in, same `Answer` out, so everything measures it.

It writes; what it cites is checked by the code that checks our own decoder (`generator.grounding`): the quote is the
sentence of the cited passage that carries most of what it says, `support` the share that it carries, 0 where a number
does not stand there. A citation of a passage that was not given is dropped and counted in `usage`. Nothing is taken
back for want of support, as our own verifier would: what a model says unchecked is what such an arm measures. It has no
confidence.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence

from api.experiments.citing import citation_of
from api.experiments.outside import prompts
from api.experiments.outside.model import OutsideModel
from api.experiments.outside.reading import Said, sentences_of
from api.experiments.outside.replies import Replies
from generator.answer import Answer, Citation, Mode, Reason, Sentence, joined
from generator.answerer import REFUSALS
from generator.grounding import Interval, draft_cited
from generator.memory import Passage
from generator.options import AnswerOptions
from generator.passages import passage_of
from ingest.document import Document
from ingest.language import detect_language
from retrieval.hit import Hit

WRITTEN, DROPPED = "citations_written", "citations_dropped"  # in `usage`

DocumentOf = Callable[[str], Document]


class OutsideAnswerer:
    """Answers as `api.pipeline.Answers` says. Of the options it feels abstain, temperature and seed."""

    def __init__(self, model: OutsideModel, replies: Replies) -> None:
        self._name = str(model.facts()["model"])
        self._replies = replies

    @property
    def model(self) -> str:
        """The model's name."""
        return self._name

    def stream(
        self, question: str, hits: Sequence[Hit], *, mode: Mode, options: AnswerOptions, document_of: DocumentOf
    ) -> Iterator[Sentence | Answer]:
        """Sentences and the whole Answer last, once the reply is there. Raises OutsideError."""
        language = detect_language(question)
        hits = tuple(hits) if mode == "rag" else ()
        if mode == "rag" and not hits:
            yield self._answer(question, language, mode, "no_hits", (), hits, {}, 0.0)
            return
        documents = [document_of(hit.chunk.document_id) for hit in hits]
        passages = [
            passage_of(document.title, hit.chunk.headings, hit.chunk.text)
            for document, hit in zip(documents, hits, strict=True)
        ]
        said = (
            prompts.with_passages(question, language, passages, may_refuse=options.abstain)
            if mode == "rag"
            else prompts.alone(question)
        )
        started = time.perf_counter()
        reply = self._replies.reply(said, temperature=options.temperature, seed=options.seed)
        decode_ms = (time.perf_counter() - started) * 1000.0
        found = sentences_of(reply.text, cites=mode == "rag")
        sentences = tuple(_cited(found, question, hits, documents, passages))
        yield from sentences
        usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
        if mode == "rag":
            numbers = [number for one in found for number in one.cited]
            dropped = sum(not 1 <= number <= len(hits) for number in numbers)
            usage |= {WRITTEN: len(numbers), DROPPED: dropped}
        reason: Reason = "" if sentences else "not_answerable"
        yield self._answer(question, language, mode, reason, sentences, hits, usage, decode_ms)

    def _answer(
        self, question: str, language: str, mode: Mode, reason: Reason, sentences: tuple[Sentence, ...],
        hits: tuple[Hit, ...], usage: dict[str, int], decode_ms: float,
    ) -> Answer:
        text = joined(sentences) or REFUSALS["ru" if language == "ru" else "en"]
        key = repr((self._name, question, mode, [hit.chunk.id for hit in hits], text))
        return Answer(
            id=hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16], question=question,
            language=language, mode=mode, status="answered" if sentences else "abstained", reason=reason, text=text,
            sentences=sentences, hits=hits, confidence=None, model=self._name, config_hash="",
            timings_ms={"decode": decode_ms}, usage=usage or {"prompt_tokens": 0, "completion_tokens": 0},
        )  # fmt: skip


def _cited(
    found: Sequence[Said], question: str, hits: Sequence[Hit], documents: Sequence[Document],
    passages: Sequence[Passage],
) -> Iterator[Sentence]:
    """The sentences with their citations; the same quote keeps its number through the answer."""
    numbers: dict[tuple[str, Interval], int] = {}
    texts, titles = [passage.text for passage in passages], [passage.title for passage in passages]
    for said in found:
        citations: dict[tuple[str, Interval], Citation] = {}
        for cited in said.cited:
            if not 1 <= cited <= len(hits):
                continue
            draft = draft_cited(said.text, cited - 1, texts, titles, question)
            hit, document = hits[cited - 1], documents[cited - 1]
            support = draft.supported if draft.numbers_hold else 0.0
            for interval in draft.intervals:
                place = (document.id, (hit.chunk.start + interval[0], hit.chunk.start + interval[1]))
                number = numbers.setdefault(place, len(numbers) + 1)
                citations[place] = citation_of(document, hit.chunk, interval, number, support)
        yield Sentence(said.text, "decoder", tuple(citations.values()))
