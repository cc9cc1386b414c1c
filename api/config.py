"""The run's configuration: every knob in one frozen record, read from `<home>/config.toml` and overridden per
request.

    device = "cpu"
    embedder = "all-MiniLM-L6-v2"      # left out: the bilingual one that is shipped
    [chunking]                         # ingest.chunking.ChunkSettings
    splitter = "recursive"
    [retrieval]                        # RetrievalSettings below
    top_k = 8
    [answer]                           # generator.options.AnswerOptions
    risk = 0.05

An unknown key, or a value of the wrong type or range, is an error that names the nearest key: a misspelt
setting that is silently ignored would be measured as if it had been set. Classes further in never see this
record; the pipeline hands them plain arguments.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from api.errors import ConfigError
from generator.options import AnswerOptions
from ingest.chunking import ChunkSettings
from ingest.errors import IngestError

RetrieverName = Literal["hybrid", "dense", "bm25"]
MAX_TOP_K = 50
MAX_DEPTH = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How passages are found.

    top_k: passages given to the answerer, 1 to 50. depth: candidates each retriever proposes before fusion
    and reranking, top_k to 1,000. retriever: "hybrid", "dense" or "bm25". rerank: whether the reranker
    orders them.

    Raises ValueError for anything else.
    """

    top_k: int = 5
    depth: int = 50
    retriever: RetrieverName = "hybrid"
    rerank: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.top_k <= MAX_TOP_K:
            raise ValueError(f"top_k must be 1 to {MAX_TOP_K}, not {self.top_k}")
        if not self.top_k <= self.depth <= MAX_DEPTH:
            raise ValueError(f"depth must be top_k ({self.top_k}) to {MAX_DEPTH}, not {self.depth}")
        if self.retriever not in typing.get_args(RetrieverName):
            raise ValueError(f"retriever must be hybrid, dense or bm25, not {self.retriever!r}")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that a run depends on.

    home: the folder where everything is kept. device: "cpu" or "cuda". embedder: a sentence-transformers
    name, None for the one that is shipped. chunking, retrieval, answer: the defaults that a request may
    override in part.
    """

    home: Path
    device: str = "cpu"
    embedder: str | None = None
    chunking: ChunkSettings = field(default_factory=ChunkSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    answer: AnswerOptions = field(default_factory=AnswerOptions)

    def __post_init__(self) -> None:
        if self.device != "cpu" and self.device.split(":")[0] != "cuda":
            raise ConfigError(f"device must be cpu or cuda, not {self.device!r}")

    def config_hash(self) -> str:
        """16 hex digits over every setting that can change an answer; where it runs and lives is not among
        them.
        """
        settings = dataclasses.asdict(self)
        del settings["home"], settings["device"]
        canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def load_config(home: Path, *, device: str | None = None) -> RunConfig:
    """The configuration of `home`: its `config.toml` where there is one, else the defaults; `device`
    overrides.

    Raises ConfigError for a file that cannot be read, an unknown key and a value that cannot be.
    """
    path = home / "config.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if "home" in table:
        raise ConfigError(f"{path}: home is chosen with --home or LECTERN_HOME, not in the file")
    config = from_table(RunConfig, {**table, "home": home}, where=str(path))
    return config if device is None else dataclasses.replace(config, device=device)


def override(settings: T, /, **changes: Any) -> T:
    """A copy of the settings record with the changes that are not None.

    Raises ConfigError for a value that the record refuses.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return dataclasses.replace(settings, **given) if given else settings  # type: ignore[type-var]
    except ValueError as error:
        raise ConfigError(str(error)) from error


def from_table(cls: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """A settings dataclass from a TOML table; nested dataclasses are nested tables.

    Raises ConfigError naming `where` and the key.
    """
    values = {key: typed(cls, key, value, where=where) for key, value in table.items()}
    try:
        return cls(**values)
    except (ValueError, IngestError) as error:
        raise ConfigError(f"{where}: {error}") from error


def typed(cls: type, key: str, value: Any, *, where: str) -> Any:
    """The value of one key of `cls` as its field has it. Raises ConfigError for an unknown key and a wrong type."""
    names = [item.name for item in dataclasses.fields(cls)]
    if key not in names:
        raise ConfigError(f"{where}: unknown setting {key!r}{nearest(key, names)}")
    hint = typing.get_type_hints(cls)[key]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: {key} is a section: write [{key}] and its settings below it")
        return from_table(hint, value, where=f"{where} [{key}]")
    if not _fits(value, hint):
        raise ConfigError(f"{where}: {key} cannot be {value!r}, it must be {_spoken(hint)}")
    return float(value) if hint is float else value


def nearest(key: str, names: typing.Iterable[str]) -> str:
    """`: did you mean ...?` for the name that looks most like `key`, else the list of what exists."""
    known = sorted(names)
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else f": known are {', '.join(known)}"


def _fits(value: object, hint: Any) -> bool:
    """Whether a TOML value has the type of the field; an integer is a float too, a boolean is no integer."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        return value in typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, option) for option in typing.get_args(hint))
    if hint is bool or isinstance(value, bool):
        return hint is bool and isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float)
    return isinstance(value, hint)


def _spoken(hint: Any) -> str:
    """The type of a field in words."""
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, typing.get_args(hint)))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(_spoken(option) for option in typing.get_args(hint) if option is not type(None))
    return {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a text",
        Path: "a path",
    }.get(hint, getattr(hint, "__name__", str(hint)))
