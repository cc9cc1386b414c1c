"""An answerer without a model: it quotes, so that everything around it can be tested in milliseconds."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence

from generator.answer import Answer, Citation, Mode, Reason, Sentence, Status, joined
from generator.options import AnswerOptions
from ingest.document import Document
from ingest.language import detect_language
from retrieval.hit import Hit

_FIRST_SENTENCE = re.compile(r"\S.*?[.!?](?=\s|$)", re.DOTALL)
_UNKNOWN = "World Cup"


class FakeAnswerer:
    """Quotes the first sentence of the best hits, one sentence per hit, two at most.

    It abstains without hits and on questions about the World Cup, and fails on the question "fail". gate:
    when given, each sentence waits until the test lets it through; `waiting` tells that one does.
    """

    model = "fake"

    def __init__(self, gate: threading.Semaphore | None = None) -> None:
        self.gate = gate
        self.waiting = threading.Event()
        self.finished = threading.Event()
        self.seen_options: list[AnswerOptions] = []
        self.seen_hits: list[Sequence[Hit]] = []

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        *,
        mode: Mode,
        options: AnswerOptions,
        document_of: Callable[[str], Document],
    ) -> Iterator[Sentence | Answer]:
        """Sentences, then the answer."""
        self.seen_options.append(options)
        self.seen_hits.append(hits)
        if question == "fail":
            raise RuntimeError("a secret of the program")
        sentences: list[Sentence] = []
        for sentence in self._sentences(question, hits, mode, document_of):
            if self.gate is not None:
                self.waiting.set()
                assert self.gate.acquire(timeout=20)
            sentences.append(sentence)
            yield sentence
        self.finished.set()
        yield _whole(question, hits, mode, tuple(sentences))

    def _sentences(
        self, question: str, hits: Sequence[Hit], mode: Mode, document_of: Callable[[str], Document]
    ) -> Iterator[Sentence]:
        if mode == "closed_book":
            yield Sentence("I remember nothing in particular.", "decoder")
            return
        if _UNKNOWN in question:
            return
        for number, hit in enumerate(hits[:2], start=1):
            yield _quotation(number, hit, document_of(hit.chunk.document_id))


def _quotation(number: int, hit: Hit, document: Document) -> Sentence:
    found = _FIRST_SENTENCE.search(hit.chunk.text)
    start, end = found.span() if found else (0, len(hit.chunk.text))
    start, end = hit.chunk.start + start, hit.chunk.start + end
    quote = document.text[start:end]
    citation = Citation(
        number=number,
        chunk_id=hit.chunk.id,
        document_id=document.id,
        title=document.title,
        source=document.sources[0],
        page=document.page_of(start),
        start=start,
        end=end,
        quote=quote,
        support=0.9,
    )
    return Sentence(quote, "decoder" if number == 1 else "quotation", (citation,), further=number > 1)


def _whole(question: str, hits: Sequence[Hit], mode: Mode, sentences: tuple[Sentence, ...]) -> Answer:
    language = detect_language(question)
    refusal = "В документах ответа нет." if language == "ru" else "The documents do not answer this."
    reason: Reason = "" if sentences else "not_answerable" if hits else "no_hits"
    status: Status = "answered" if sentences else "abstained"
    return Answer(
        id=hashlib.sha256(question.encode()).hexdigest()[:16],
        question=question,
        language=language,
        mode=mode,
        status=status,
        reason=reason,
        text=joined(sentences) or refusal,
        sentences=sentences,
        hits=tuple(hits),
        confidence=None,
        model="fake",
        config_hash="",
        timings_ms={"decode": 1.0},
        usage={"prompt_tokens": 7, "completion_tokens": 5},
    )
