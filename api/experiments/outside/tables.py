"""The tables [generators.NAME] and [judge] of an experiment file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from api.config import nearest
from api.errors import ConfigError
from api.experiments.knobs import Knobs
from api.experiments.outside.model import OutsideModel
from api.experiments.toml_places import Places
from api.experiments.toml_records import record

GENERATORS, JUDGE = "generators", "judge"
_NAME = re.compile(r"[\w-]{1,40}")


def generators_of(given: Any, places: Places) -> dict[str, OutsideModel]:
    """The models under [generators.NAME] by name; none where `given` is None. Raises ConfigError."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(row, Mapping) for row in given.values()):
        raise ConfigError(f"{places.at(key=GENERATORS)}: write [{GENERATORS}.NAME] with its keys below it")
    for name in given:
        if not _NAME.fullmatch(name):
            place = places.at(f"{GENERATORS}.{name}")
            raise ConfigError(f"{place}: the name of a generator is letters, digits, _ and -")
    return {name: _model(row, places, f"{GENERATORS}.{name}") for name, row in given.items()}


def judge_of(given: Any, places: Places) -> OutsideModel | None:
    """The model under [judge]; None where `given` is. Raises ConfigError."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ConfigError(f"{places.at(key=JUDGE)}: write [{JUDGE}] with its keys below it")
    return _model(given, places, JUDGE)


def check_arm(knobs: Knobs, number: int, generators: Mapping[str, OutsideModel], places: Places) -> None:
    """Raises ConfigError if the arm names no generator that there is, or turns what its generator cannot feel."""
    if knobs.generator is None:
        return
    model = generators.get(knobs.generator)
    if model is None:
        told = nearest(knobs.generator, generators) if generators else f": write [{GENERATORS}.{knobs.generator}]"
        raise ConfigError(f"{places.at('arm', number, 'generator')}: there is no generator {knobs.generator!r}{told}")
    if model.fixed_temperature and knobs.temperature is not None:
        place = places.at("arm", number, "temperature")
        raise ConfigError(f"{place}: {knobs.generator} has a fixed_temperature: take out one of the two")


def _model(row: Mapping[str, Any], places: Places, table: str) -> OutsideModel:
    model = record(OutsideModel, row, places, table)
    if (fault := model.amiss()) is not None:
        raise ConfigError(f"{places.at(table, None, fault[0])}: {fault[1]}")
    return model
