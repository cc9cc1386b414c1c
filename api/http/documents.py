"""/v1/documents: add, list, look at and remove; the original file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.answer_json import document_json, job_json
from api.http.problem import Problem
from api.http.service import Service, ServiceDep
from api.page_viewer import can_be_drawn
from ingest.errors import LibraryError

router = APIRouter(prefix="/v1/documents", tags=["documents"])

MAX_FILES = 200
_PAGE_LIMIT = 10_000

DocumentId = Annotated[
    str, Path(min_length=1, max_length=2_000, description="an id, or an unambiguous start of one")
]

_UPLOAD_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            },
            "application/json": {
                "schema": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}
            },
        },
    }
}


class UrlBody(BaseModel):
    """A web page or file to fetch."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=4_000)


@router.post("", status_code=202, summary="Add files or a web address", openapi_extra=_UPLOAD_SCHEMA)
async def add(request: Request, service: ServiceDep) -> Response:
    """202 with {job}: what was sent is read in the background, GET /v1/jobs/{id} tells how far it is."""
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        async with request.form(max_files=MAX_FILES, max_fields=10) as form:
            uploads = [
                item for item in form.getlist("files") + form.getlist("file") if not isinstance(item, str)
            ]
            if not uploads:
                raise Problem(422, "no file was sent: put the files into the form field `files`")
            job = await run_in_threadpool(service.uploads.add_files, uploads)
    else:
        try:
            body = UrlBody.model_validate_json(await request.body())
        except ValidationError:
            raise Problem(
                422, 'send files as multipart/form-data, or {"url": "https://..."} as JSON'
            ) from None
        job = await run_in_threadpool(service.uploads.add_url, body.url)
    return JSONResponse({"job": job_json(job)}, 202, headers={"Location": f"/v1/jobs/{job.id}"})


@router.get("", summary="The documents of the library, by title")
def documents(
    service: ServiceDep,
    q: Annotated[str, Query(max_length=500, description="part of a title or source")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PAGE_LIMIT)] = _PAGE_LIMIT,
) -> dict[str, Any]:
    """{documents, total}: without their texts."""
    wanted = q.casefold()
    found = [
        info
        for info in service.pipeline.documents()
        if wanted in info.title.casefold() or any(wanted in source.casefold() for source in info.sources)
    ]
    return {
        "documents": [document_json(info) for info in found[offset : offset + limit]],
        "total": len(found),
    }


@router.get("/{document_id}", summary="One document, without its text")
def document(document_id: DocumentId, service: ServiceDep) -> dict[str, Any]:
    """What the list says of it, the numbers of its pages, and whether they can be looked at (`/image`, `/boxes`)."""
    info = service.pipeline.info(document_id)
    pages = service.pipeline.document(info.id).pages
    return {
        **document_json(info),
        "page_numbers": [page.number for page in pages],
        "page_images": _has_images(service, info.id),
    }


def _has_images(service: Service, document_id: str) -> bool:
    try:
        path, _name = service.pipeline.original(document_id)
    except LibraryError:  # the file is lost: the text is still there
        return False
    return can_be_drawn(path)


@router.delete("/{document_id}", status_code=204, summary="Remove a document")
def remove(document_id: DocumentId, service: ServiceDep) -> Response:
    """The document goes with its pages, passages and kept original. 404 if there is none."""
    service.pipeline.remove(document_id)
    service.uploads.sync_soon()
    return Response(status_code=204)


@router.get("/{document_id}/file", summary="The original file")
def original(document_id: DocumentId, service: ServiceDep) -> Response:
    """As it came, always as a download: nothing in it is ever shown as a page of this server."""
    path, name = service.pipeline.original(document_id)
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return FileResponse(path, media_type="application/octet-stream", filename=name, headers=headers)
