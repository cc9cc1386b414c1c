"""/v1/documents/{id}/pages/{number}: the text of a page, the page as it looks, and where words are on it."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.http.documents import DocumentId
from api.http.problem import Problem
from api.http.service import Service, ServiceDep
from api.page_view import page_view
from api.page_viewer import can_be_drawn
from ingest.document import Document, Page
from ingest.errors import ParseError

router = APIRouter(prefix="/v1/documents/{document_id}/pages/{number}", tags=["documents"])

PageNumber = Annotated[int, Path(ge=1, le=2**31)]
_OFFSET = {"ge": 0, "le": 2**31}
_MOST_CHARACTERS = 20_000  # a page has a few thousand


@router.get("", summary="The text of a page")
def text(document_id: DocumentId, number: PageNumber, service: ServiceDep) -> dict[str, Any]:
    """{number, start, end, text, headings}: offsets are characters of the document, as in citations."""
    view = page_view(service.pipeline.library, service.pipeline.resolve(document_id), number)
    if view is None:
        raise _no_page(number)
    return view


@router.get(
    "/image",
    summary="A page of a PDF as it looks",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "the page"}},
)
def image(
    document_id: DocumentId,
    number: PageNumber,
    service: ServiceDep,
    width: Annotated[int, Query(ge=16, le=3_000, description="pixels")] = 1_200,
) -> Response:
    """PNG. 404 for documents that are no PDF: they have no pages that look like anything."""
    document, _page = _page_of(service, document_id, number)
    path, name = _pdf(service, document)
    try:
        return Response(service.pages.image(path, name, number, width), media_type="image/png")
    except ParseError as error:
        raise Problem(422, str(error)) from None


@router.get("/boxes", summary="Where words are on a page of a PDF")
def boxes(
    document_id: DocumentId,
    number: PageNumber,
    service: ServiceDep,
    start: Annotated[int, Query(**_OFFSET, description="the first character, as in citations")],
    end: Annotated[int, Query(**_OFFSET, description="behind the last character")],
) -> dict[str, Any]:
    """{document_id, number, start, end, width, height, boxes}: a box {left, top, right, bottom} for each line of the
    words, all in points (1/72 inch) from the upper left corner of the page, which is width by height.

    start, end: what of the asked lies on this page. boxes is empty where the words cannot be found on it, as in a scan.
    """
    document, page = _page_of(service, document_id, number)
    start, end = max(start, page.start), min(end, page.end)
    if not 0 < end - start <= _MOST_CHARACTERS:
        raise Problem(
            422, f"page {number} has the characters {page.start} to {page.end}: choose start and end among them,"
            f" at most {_MOST_CHARACTERS} apart"
        )
    path, name = _pdf(service, document)
    place = (start - page.start) / (page.end - page.start)
    try:
        found = service.pages.places(path, name, number, document.text[start:end], place)
    except ParseError as error:
        raise Problem(422, str(error)) from None
    return {"document_id": document.id, "number": number, "start": start, "end": end, **found.as_json()}


def _page_of(service: Service, document_id: str, number: int) -> tuple[Document, Page]:
    document = service.pipeline.document(service.pipeline.resolve(document_id))
    page = document.page(number)
    if page is None:
        raise _no_page(number)
    return document, page


def _pdf(service: Service, document: Document) -> tuple[FilePath, str]:
    """The kept file and its name."""
    path, name = service.pipeline.original(document.id)
    if not can_be_drawn(path):
        raise Problem(404, f"{name} is no PDF, so it has no pages to look at: ask for their text")
    return path, name


def _no_page(number: int) -> Problem:
    return Problem(404, f"the document has no page {number}")
