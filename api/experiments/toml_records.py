"""A table of an experiment file as a record, key by key, so that an error names the line of the key that is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from api.config import from_table, nearest, typed
from api.errors import ConfigError
from api.experiments.toml_places import Places

R = TypeVar("R")


def record(
    cls: type[R], row: Mapping[str, Any], places: Places, table: str = "", number: int | None = None
) -> R:
    """A dataclass of the row; table, number: where it stands, see `Places.at`.

    Raises ConfigError: for an unknown key first, then for a missing one, then for a type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in row:
        if key not in fields:
            raise ConfigError(f"{places.at(table, number, key)}: unknown key {key!r}{nearest(key, fields)}")
    for field in fields.values():
        if field.default is dataclasses.MISSING and field.name not in row:
            raise ConfigError(f"{places.at(table, number)}: {field.name} is missing")
    for key, value in row.items():
        typed(cls, key, value, where=places.at(table, number, key))
    return from_table(cls, row, where=places.at(table, number))
