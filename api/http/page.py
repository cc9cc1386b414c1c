"""GET / and /page/*: the web page, static files from this package. No build step, nothing from outside."""

from __future__ import annotations

import mimetypes
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.http.problem import Problem

router = APIRouter(include_in_schema=False)
# Read once, by name: a request path is looked up here and never becomes a file path.
_FILES = {item.name: item.read_bytes() for item in files("api").joinpath("page").iterdir() if item.is_file()}
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


@router.get("/")
async def index() -> Response:
    """The page."""
    return _file("index.html")


@router.get("/page/{name}")
async def asset(name: str) -> Response:
    """One of its scripts, styles or pictures."""
    return _file(name)


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it whatever the page says."""
    return RedirectResponse("/page/icon.svg", 308)


def _file(name: str) -> Response:
    if name not in _FILES:
        raise Problem(404, "no such file of the page")
    suffix = name[name.rfind(".") :]
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(_FILES[name], media_type=media_type, headers={"Cache-Control": "no-cache"})
