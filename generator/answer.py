"""The answer and its parts, as every surface shows them (as JSON: api/answer_json.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from retrieval.hit import Hit

Mode = Literal["rag", "closed_book"]
Status = Literal["answered", "abstained"]
Origin = Literal["decoder", "quotation"]
Reason = Literal["", "no_hits", "low_relevance", "not_answerable", "unsupported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence comes from: `quote` is exactly `document.text[start:end]`, `page` is the page of `start`.

    number: the marker in the text, from 1. support: 0..1 from the verifier, 1 for a quotation, None where nothing was
    verified.
    """

    number: int
    chunk_id: str
    document_id: str
    title: str
    source: str
    page: int
    start: int
    end: int
    quote: str
    support: float | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without markers. origin: "decoder", or "quotation" for words lifted from the source
    because the decoder's own were not good enough. further: it stands beside the answer, quoted, because it may be what
    was asked for too, or instead; what leads a sentence of the answer or leans on it is of the answer."""

    text: str
    origin: Origin
    citations: tuple[Citation, ...] = ()
    further: bool = False

    @property
    def marked(self) -> str:
        """The sentence followed by its markers, e.g. `It stores keys and values. [1]`."""
        return self.text + "".join(f" [{citation.number}]" for citation in self.citations)


def joined(sentences: Sequence[Sentence]) -> str:
    """The text that sentences make."""
    return "".join(separator(one) + one.marked for one in sentences).strip()


def separator(sentence: Sentence) -> str:
    """What stands before a sentence that others precede."""
    return "\n\n" if sentence.further else " "


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `text` is what a person reads: the sentences with their markers, further ones in paragraphs of
    their own, or the refusal.

    confidence: 0..1, None until fitted. timings_ms: milliseconds per step. usage: prompt_tokens, completion_tokens.
    config_hash: of every setting that can change the answer. other_language: its first sentence rests on a document in
    another language than the question, and is in the words of that, as nothing is translated.
    """

    id: str
    question: str
    language: str
    mode: Mode
    status: Status
    reason: Reason
    text: str
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    confidence: float | None
    model: str
    config_hash: str
    timings_ms: dict[str, float] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    other_language: bool = False
