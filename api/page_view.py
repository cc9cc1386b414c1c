"""One page of a document as JSON: its text, where it lies in the document, and its headings."""

from __future__ import annotations

from typing import Any

from ingest.document import Document
from ingest.library import Library


def page_view(library: Library, document_id: str, number: int) -> dict[str, Any] | None:
    """The page, or None if the document has no page of that number. Raises UnknownDocument.

    start, end: characters of the document, as in citations; headings: the same kind of offsets.
    """
    document: Document = library.document(document_id)
    page = document.page(number)
    if page is None:
        return None
    headings = [
        {"start": heading.start, "end": heading.end, "level": heading.level}
        for heading in library.headings(document_id)
        if page.start <= heading.start and heading.end <= page.end
    ]
    return {
        "document_id": document_id,
        "number": page.number,
        "pages": len(document.pages),
        "start": page.start,
        "end": page.end,
        "text": document.text[page.start : page.end],
        "headings": headings,
    }
