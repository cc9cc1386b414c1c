"""EPUB by EbookLib: the chapters in reading order, each as HTML."""

from __future__ import annotations

import io
import warnings
from pathlib import PurePath

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from ebooklib import epub

from ingest.errors import Encrypted, ParseError
from ingest.formats.archive import open_archive
from ingest.formats.html import add_html
from ingest.limits import Limits
from ingest.parsed import Parsed, TextBuilder

_ENCRYPTION_LIST = "META-INF/encryption.xml"


def parse(content: bytes, name: str, limits: Limits) -> Parsed:
    """EPUB 2 and 3. Navigation pages are left out. An EPUB has no pages, so the document has one."""
    with open_archive(content, name, limits) as archive:
        encrypted = _ENCRYPTION_LIST in archive.namelist() and archive.read(_ENCRYPTION_LIST)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = epub.read_epub(io.BytesIO(content), {"ignore_ncx": True})
        chapters = [book.get_item_with_id(entry[0]) for entry in book.spine]
    except Exception as error:  # EbookLib lets through what zipfile and lxml raise
        raise ParseError(f"{name}: damaged or no EPUB; download it again") from error
    texts = [item for item in chapters if item is not None and not isinstance(item, epub.EpubNav)]
    if encrypted and any(item.file_name.encode() in encrypted for item in texts):
        raise Encrypted(f"{name}: protected against copying (DRM); only an unprotected copy can be read")
    builder = TextBuilder()
    for item in texts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
            page = BeautifulSoup(item.content, "lxml")
        for tag in page.find_all(["script", "style", "svg", "nav"]):
            tag.decompose()
        if page.body is not None:
            add_html(page.body, builder)
    titles = book.get_metadata("DC", "title")
    return builder.build(title=str(titles[0][0] or "") if titles else "", fallback_title=PurePath(name).stem)
