"""One request while it is being answered: its passages, and how a sentence from one of them is written, drafted, quoted
and cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from textwrap import dedent

from generator.answer import Citation, Mode, Origin, Sentence
from generator.cues import Cues, same_question
from generator.evidence import Candidate
from generator.grounding import Draft, Interval, draft_from, draft_sentence, keeps_asked
from generator.listing import AROUND, COLUMNS_TO_NAME, harmless
from generator.memory import Passage, Prompt
from generator.options import AnswerOptions
from generator.passages import passage_of
from generator.quoting import lone_marks, note_marks, opening_mark
from generator.written import Generated
from ingest.document import Document
from ingest.language import detect_language
from ingest.lists import Listing, find_listings, without_marker
from retrieval.hit import Hit

DocumentOf = Callable[[str], Document]
# The number of each quote that an answer has cited, by document and characters.
Numbers = dict[tuple[str, Interval], int]


@dataclass(frozen=True, slots=True)
class Request:
    """passages[i] and documents[i] belong to hits[i]."""

    question: str
    language: str
    mode: Mode
    hits: tuple[Hit, ...]
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    options: AnswerOptions

    @classmethod
    def of(
        cls, question: str, hits: Sequence[Hit], mode: Mode, options: AnswerOptions, document_of: DocumentOf
    ) -> Request:
        """The request with documents, passages and the question's language looked up."""
        documents = tuple(document_of(hit.chunk.document_id) for hit in hits)
        passages = tuple(
            passage_of(document.title, hit.chunk.headings, hit.chunk.text)
            for document, hit in zip(documents, hits, strict=True)
        )
        return cls(question, detect_language(question), mode, tuple(hits), documents, passages, options)

    def focused(self, chosen: Candidate) -> Prompt:
        """The question with the passage of one candidate, to be written from that sentence alone."""
        return Prompt(self.question, (self.passages[chosen.passage],), focus=((chosen.interval,),), keep=(chosen.span,))

    def draft(self, chosen: Candidate, generated: Generated, interval: Interval) -> Draft | None:
        """A sentence written from one candidate, with what it rests on; None if it was not copied from there."""
        # A piece begins with the space before it, so its end tells where it belongs.
        pieces = [piece for piece in generated.pieces if interval[0] < piece.end <= interval[1]]
        passage = self.passages[chosen.passage]
        text = generated.text[slice(*interval)].strip()
        draft = draft_sentence(text, pieces, [passage.text], [passage.title], self.question)
        if draft is None:
            return None
        source, span = passage.text[slice(*chosen.interval)], passage.text[slice(*chosen.span)]
        draft = draft_from(draft, chosen.passage, source, span)
        return replace(draft, whole=draft.whole and keeps_asked(generated.text, source, self.question))

    def listings(self, passage: int) -> list[Listing]:
        """Lists and tables of a passage, whole where the document goes on beyond it; offsets are the passage's."""
        text, chunk = self.documents[passage].text, self.hits[passage].chunk
        if text[chunk.start : chunk.end] != self.passages[passage].text:
            return harmless(find_listings(self.passages[passage].text), self.passages[passage].text)
        first = text.find("\n", max(0, chunk.start - AROUND), chunk.start) + 1 if chunk.start > AROUND else 0
        last = text.rfind("\n", chunk.end, chunk.end + AROUND)
        window = text[first : max(last, chunk.end) if chunk.end + AROUND < len(text) else len(text)]
        return [one.moved(chunk.start - first) for one in harmless(find_listings(window), window)]

    def cues(self, own: Sequence[bool]) -> Cues:
        """The cues of the question and its passages; own[p]: passage p is in the question's language."""
        answers = [
            bool(hit.chunk.headings) and same_question(hit.chunk.headings[-1], self.question)
            and document.text[: hit.chunk.start].rstrip().endswith(hit.chunk.headings[-1])
            for hit, document in zip(self.hits, self.documents, strict=True)
        ]
        titles, texts = [one.title for one in self.passages], [one.text for one in self.passages]
        return Cues(self.question, titles, texts, own, answers)

    def quotation(self, chosen: Candidate) -> Draft:
        """The candidate, word for word; of lists and tables an item or row to a line, a row below its table's first."""
        listing, (start, end) = chosen.listing, chosen.interval
        if not chosen.verbatim:
            if chosen.is_item:
                start += without_marker(self._text(chosen.passage, chosen.interval), 0)
            start += opening_mark(self._text(chosen.passage, (start, end)))
            left, right = lone_marks(self._text(chosen.passage, (start, end)))
            start, end = start + left, end - right
            end -= note_marks(self._text(chosen.passage, (start, end)))
            words = " ".join(self._text(chosen.passage, (start, end)).split())
            return Draft(words, chosen.passage, ((start, end),), 1.0, True, 0.0)
        intervals = [chosen.interval]
        if listing is not None and listing.columns >= COLUMNS_TO_NAME and chosen.interval in listing.parts[1:]:
            intervals.insert(0, listing.parts[0])
        # Inner lists are told by how far they are indented.
        lines = [
            line for interval in intervals
            for line in (self._indent(chosen.passage, interval) + self._text(chosen.passage, interval)).split("\n")
        ]
        spaced = [line[: len(line) - len(line.lstrip())] + " ".join(line.split()) for line in lines if line.strip()]
        if listing is not None and start == listing.start and end < listing.end:
            spaced.append("…")
        return Draft(dedent("\n".join(spaced)), chosen.passage, tuple(intervals), 1.0, True, 0.0)

    def _indent(self, passage: int, interval: Interval) -> str:
        """The spaces with which the line begins in the document that an interval begins in."""
        text, at = self.documents[passage].text, self.hits[passage].chunk.start + interval[0]
        before = text[text.rfind("\n", 0, at) + 1 : at]
        return "" if before.strip() else before

    def _text(self, passage: int, interval: Interval) -> str:
        """Characters of a passage, or of its document around it."""
        start, end = interval
        if start >= 0 and end <= len(self.passages[passage].text):
            return self.passages[passage].text[start:end]
        at = self.hits[passage].chunk.start
        return self.documents[passage].text[at + start : at + end]

    def sentence(
        self, draft: Draft, origin: Origin, numbers: Numbers, support: float, *, further: bool = False
    ) -> Sentence:
        """What is shown of a draft, with its citations; of the decoder's words with a full stop where they have no end.
        support: 0..1; further: as `Sentence`."""
        ended = origin == "quotation" or draft.text[-1] in ".!?…»\"”)"
        text = draft.text if ended else draft.text + "."
        return Sentence(text, origin, self._citations(draft, numbers, support), further)

    def _citations(self, draft: Draft, numbers: Numbers, support: float) -> tuple[Citation, ...]:
        """One citation per quoted sentence; the same quote keeps its number through the answer."""
        hit, document = self.hits[draft.passage], self.documents[draft.passage]
        citations = []
        for a, z in draft.intervals:
            start, end = hit.chunk.start + a, hit.chunk.start + z
            number = numbers.setdefault((document.id, (start, end)), len(numbers) + 1)
            citations.append(
                Citation(
                    number, hit.chunk.id, document.id, document.title,
                    document.sources[0] if document.sources else "",
                    document.page_of(start), start, end, document.text[start:end], round(support, 4),
                )
            )
        return tuple(citations)
