"""The formats by name: `load("dev-v2.0.json", "squad")`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from api.errors import ConfigError
from api.evaluate import questions as own
from api.question_sets import Format, beir, files, halueval, ragtruth, reading, rgb, squad
from api.question_sets.question_set import QuestionSet

_LOADERS: Mapping[Format, Callable[[Path], QuestionSet]] = {
    "squad": squad.load, "beir": beir.load, "rgb": rgb.load, "halueval": halueval.load, "ragtruth": ragtruth.load,
}  # fmt: skip


def load(name: str, format: Format = "lectern") -> QuestionSet:
    """The set at a path; in the program's own format also a split of the corpus ("train", "dev", "test"), what its
    reading sets give ("reading", "reading-across") and its files ("files", "files-test").

    Raises ConfigError if there is nothing of that name; CorpusError, with the line, for what is not in the format.
    """
    if format == "lectern" and name in (reading.READING, reading.ACROSS):
        return reading.load(name)
    if format == "lectern" and name in files.SPLITS:
        return files.load(name)
    if format == "lectern":
        return QuestionSet(tuple(own.load(name)))
    path = Path(name)
    if not path.exists():
        raise ConfigError(f"{name!r} is no file and no folder: give the path of a set in the format {format}")
    if path.is_dir() and format not in ("beir", "ragtruth"):
        raise ConfigError(f"{name!r} is a folder: a set in the format {format} is a file")
    return _LOADERS[format](path)
