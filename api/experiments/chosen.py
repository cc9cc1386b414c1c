"""An experiment as a client of the server asks for it: a shipped one by its name, or a definition as TOML or JSON.

What comes over HTTP names no file of this machine but question files in `<home>/experiments` and weights in
`<home>/weights`: any other path would let a client find out what lies on the disk, and read the first lines of it in
error messages. Nor does it name a server to be asked but those that this one was started with, nor a variable of the
environment but the one that goes with it: otherwise a client could reach what only this machine reaches, or have its
secrets sent away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from api.config import nearest
from api.errors import ConfigError
from api.experiments import definition
from api.experiments.definition import Experiment
from api.experiments.outside.model import OutsideModel
from api.experiments.outside.tables import GENERATORS, JUDGE
from api.experiments.provenance import digest
from api.experiments.toml_places import Places, TomlPlaces
from api.experiments.variants import weights
from api.parts import import_libraries
from api.question_sets import formats
from corpus.format import Split

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """An experiment and how it is to be run. limit: in place of its own. request: what was asked for, so that it can be
    asked for again."""

    experiment: Experiment
    limit: int | None
    request: Json

    @property
    def id(self) -> str:
        """`<name>-<12 hex digits>`, the same for the same definition, limit and seed."""
        limit = self.experiment.limit if self.limit is None else self.limit
        return f"{self.experiment.name}-{digest([repr(self.experiment), limit])[:12]}"


def choose(
    folder: Path, *, name: str | None = None, given: str | Mapping[str, Any] | None = None,
    limit: int | None = None, seed: int | None = None, endpoints: Mapping[str, str | None] | None = None,
) -> Chosen:
    """The experiment called `name`, or, without one, that which is `given` as TOML text or as plain values.

    folder: where question files may lie, in the home. endpoints: base URLs that may be asked, without a slash at the
    end, each with the variable that holds its key, or None. Raises ConfigError, CorpusError for whatever is wrong with
    it, its questions or its weights: better now than when its turn comes.
    """
    asked = {"name": name, "definition": given, "limit": limit, "seed": seed}
    found = _given(given, folder, endpoints or {}) if name is None and given is not None else _shipped(name or "")
    if seed is not None:
        found = dataclasses.replace(found, seeds=(seed,))
    import_libraries()
    from api.experiments import runner

    runner.choose(formats.load(found.questions, found.format).questions, found.languages, limit or 0)
    weights.check(found.arms, folder.parent)
    return Chosen(found, limit, {key: value for key, value in asked.items() if value is not None})


class _Pointers:
    """The places of values that came as JSON: pointers into the request (RFC 6901)."""

    def at(self, table: str = "", number: int | None = None, key: str = "") -> str:
        """`/definition/arm/0/top_k`."""
        nested = [*(table.split(".") if table else []), *([] if number is None else [str(number)])]
        parts = ["/definition", *nested, *([key] if key else [])]
        return "/".join(part.replace("~", "~0").replace("/", "~1") if n else part for n, part in enumerate(parts))


def _shipped(name: str) -> Experiment:
    names = {path.stem: path for path in definition.shipped()}
    if name not in names:
        raise ConfigError(f"no experiment {name!r} is shipped{nearest(name, names)}")
    return definition.load(names[name])


def _given(given: str | Mapping[str, Any], folder: Path, endpoints: Mapping[str, str | None]) -> Experiment:
    places: Places = _Pointers()
    if isinstance(given, str):
        places = toml = TomlPlaces(Path("definition"), given)
        given = definition.read(given, toml)
    _confine(given.get("questions"), folder, places.at(key="questions"))
    found = definition.of_table(given, places, folder / "definition")
    for number, arm in enumerate(found.arms):
        if arm.knobs.weights is not None and not weights.confined(arm.knobs.weights, folder.parent):
            place = places.at("arm", number, "weights")
            raise ConfigError(f"{place}: weights lie in the folder `{weights.FOLDER}` of the home: name one of these")
    for name, model in found.generators.items():
        _allow(model, endpoints, places.at(f"{GENERATORS}.{name}"))
    if found.judge is not None:
        _allow(found.judge, endpoints, places.at(JUDGE))
    return found


def _allow(model: OutsideModel, endpoints: Mapping[str, str | None], place: str) -> None:
    """Raises ConfigError if a request may not have this model asked."""
    if model.kind != "endpoint":
        raise ConfigError(f"{place}: models of Hugging Face are run by the command line alone: lectern experiment run")
    if model.address not in endpoints:
        raise ConfigError(f"{place}: this server asks no other server: start it with --allow-endpoint {model.address}")
    if model.key_env not in (None, endpoints[model.address]):
        raise ConfigError(f"{place}: key_env is not the variable that the server was started with for this endpoint")


def _confine(questions: Any, folder: Path, place: str) -> None:
    """Raises ConfigError if `questions` names what does not lie in `folder`; its type is for others to check."""
    name = questions.get("path") if isinstance(questions, Mapping) else questions
    if not isinstance(name, str) or (name is questions and name in get_args(Split)):
        return
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.exists()
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        inside = False
    if not inside:
        raise ConfigError(f"{place}: no {name[:80]!r} in the folder `experiments` of the home: put the questions there")
