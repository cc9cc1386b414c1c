"""The reading list: `reading_list.toml` as `Material`s. What a field means is said at the head of that file.

Errors name the file and the line on which the material begins (where TOML itself fails, that of the failure).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.records import (
    LANGUAGES,
    NOWHERE,
    ROOT,
    CorpusError,
    Place,
    known_fields,
    read_text,
    strings,
    text_field,
)

MATERIAL_KINDS = ("book", "survey", "practice", "video", "code", "article")
ACCESS = ("open", "sold", "video")
_FIELDS = {"id", "title", "kind", "authors", "urls", "access", "fetch", "topics", "languages", "entry"}


@dataclass(frozen=True)
class Fetch:
    """One thing to download. `include` (glob patterns) picks members of an archive; empty: the whole."""

    url: str
    include: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """One material, with its entry `materials/<language>/<entry>.md` and `questions/<entry>.jsonl`."""

    id: str
    title: str
    kind: str
    authors: tuple[str, ...]
    urls: tuple[str, ...]
    access: str
    fetch: tuple[Fetch, ...]
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    entry: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


def load_reading_list(path: Path = ROOT / "reading_list.toml") -> list[Material]:
    """The materials in the order of the file."""
    text = read_text(path)
    try:
        tables = tomllib.loads(text).get("material", [])
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise CorpusError(path, int(line[1]) if line else 0, f"not TOML: {error}") from None
    begins = [n for n, line in enumerate(text.split("\n"), start=1) if line.strip() == "[[material]]"]
    if not isinstance(tables, list) or len(begins) != len(tables):
        raise CorpusError(path, 0, "materials are written as [[material]] tables, each on a line of its own")
    materials = [_parse(table, Place(path, line)) for table, line in zip(tables, begins, strict=True)]
    seen: set[str] = set()
    for material in materials:
        if material.id in seen:
            raise material.place.error(f"id {material.id!r} is there twice")
        seen.add(material.id)
    return materials


def _parse(table: dict[str, Any], place: Place) -> Material:
    known_fields(table, _FIELDS, place)
    fetch = table.get("fetch")
    if not isinstance(fetch, list):
        raise place.error("'fetch' is a list")
    material = Material(
        id=text_field(table, "id", place),
        title=text_field(table, "title", place),
        kind=text_field(table, "kind", place),
        authors=strings(table.get("authors"), "authors", place),
        urls=strings(table.get("urls"), "urls", place),
        access=text_field(table, "access", place),
        fetch=tuple(_parse_fetch(item, place) for item in fetch),
        topics=strings(table.get("topics"), "topics", place),
        languages=strings(table.get("languages"), "languages", place),
        entry=text_field(table, "entry", place),
        place=place,
    )
    for value, allowed in ((material.kind, MATERIAL_KINDS), (material.access, ACCESS)):
        if value not in allowed:
            raise place.error(f"{value!r} is none of {', '.join(allowed)}")
    if not material.urls or not material.topics or not material.languages:
        raise place.error("'urls', 'topics' and 'languages' have to name something")
    if not set(material.languages) <= set(LANGUAGES):
        raise place.error(f"'languages' are out of {', '.join(LANGUAGES)}")
    if material.access == "open" and not material.fetch:
        raise place.error("an open material needs something to fetch")
    for url in (*material.urls, *(item.url for item in material.fetch)):
        if not url.startswith("https://"):
            raise place.error(f"{url!r} does not begin with https://")
    return material


def _parse_fetch(item: Any, place: Place) -> Fetch:
    if not isinstance(item, dict):
        raise place.error("an item of 'fetch' is { url = ..., include = [...] }, include optional")
    known_fields(item, {"url", "include"}, place)
    return Fetch(text_field(item, "url", place), strings(item.get("include", []), "include", place))
