"""Records as JSON objects, the same from HTTP, from `lectern ... --json` and in reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from generator.answer import Answer, Citation, Sentence
from ingest.document import Chunk, Document
from ingest.errors import UnknownDocument
from ingest.jobs import Job
from ingest.library import DocumentInfo
from retrieval.hit import Hit

Json = dict[str, Any]
DocumentOf = Callable[[str], Document]


def answer_json(answer: Answer, document_of: DocumentOf) -> Json:
    """The answer as `/openapi.json` describes it. `document_of` finds the title, source and page of a
    hit.
    """
    return {
        "id": answer.id,
        "question": answer.question,
        "language": answer.language,
        "other_language": answer.other_language,
        "mode": answer.mode,
        "status": answer.status,
        "reason": answer.reason,
        "text": answer.text,
        "confidence": answer.confidence,
        "sentences": [sentence_json(sentence) for sentence in answer.sentences],
        "hits": hits_json(answer.hits, document_of),
        "model": answer.model,
        "config_hash": answer.config_hash,
        "timings_ms": {step: round(milliseconds, 1) for step, milliseconds in answer.timings_ms.items()},
        "usage": dict(answer.usage),
    }


def sentence_json(sentence: Sentence) -> Json:
    """One sentence with its citations."""
    citations = [citation_json(citation) for citation in sentence.citations]
    return {
        "text": sentence.text, "origin": sentence.origin, "citations": citations, "further": sentence.further
    }


def citation_json(citation: Citation) -> Json:
    """One citation; its fields are its members."""
    return dataclasses.asdict(citation)


def hits_json(hits: Sequence[Hit], document_of: DocumentOf) -> list[Json]:
    """The hits in their order, scores of every stage in `parts`."""
    return [_hit_json(hit, document_of) for hit in hits]


def document_json(info: DocumentInfo) -> Json:
    """A document of the library without its text."""
    return {**dataclasses.asdict(info), "sources": list(info.sources)}


def export_json(document: Document, chunks: Sequence[Chunk]) -> Json:
    """A whole document: text, pages and chunks, all offsets in characters of the text."""
    return {
        "id": document.id,
        "title": document.title,
        "sources": list(document.sources),
        "language": document.language,
        "sha256": document.sha256,
        "text": document.text,
        "pages": [dataclasses.asdict(page) for page in document.pages],
        "chunks": [
            {"id": chunk.id, "start": chunk.start, "end": chunk.end, "headings": list(chunk.headings)}
            for chunk in chunks
        ],
    }


def job_json(job: Job) -> Json:
    """A job with what became of its files so far."""
    return {
        "id": job.id,
        "state": job.state,
        "progress": round(job.progress, 3),
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "files": list(job.files),
        "results": [dataclasses.asdict(result) for result in job.results],
        "error": job.error,
    }


def citations_of(answer: Answer) -> list[Citation]:
    """The answer's citations by number, each number once."""
    numbered = {citation.number: citation for sentence in answer.sentences for citation in sentence.citations}
    return [numbered[number] for number in sorted(numbered)]


def _hit_json(hit: Hit, document_of: DocumentOf) -> Json:
    chunk = hit.chunk
    try:
        document = document_of(chunk.document_id)
        title, source, page = document.title, first_source(document), document.page_of(chunk.start)
    except UnknownDocument:  # removed since the search: the hit still says what was read
        title, source, page = "", "", 1
    return {
        "rank": hit.rank,
        "chunk_id": chunk.id,
        "document_id": chunk.document_id,
        "title": title,
        "source": source,
        "page": page,
        "start": chunk.start,
        "end": chunk.end,
        "headings": list(chunk.headings),
        "text": chunk.text,
        "score": float(hit.score),
        "stage": hit.stage,
        "parts": {stage: float(score) for stage, score in hit.parts.items()},
    }


def first_source(document: Document) -> str:
    """Where the document was met first by name; empty if nothing is recorded."""
    return document.sources[0] if document.sources else ""
