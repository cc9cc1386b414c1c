"""A digest of the program's sources that make answers: what the caches know the program by.

A change in them asks anew. What only judges, counts or shows answers is not among them, so most commits leave what is
kept as it is. The files are found where the packages lie, so it works in a checkout and in an installation.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import api
import generator
import ingest
import retrieval

TRAINING = "training"  # folders of this name make weights, and those have fingerprints of their own
# Of the package api: what asks, finds evidence and reads; outside/ is apart, as most arms do not feel it.
OF_API = (
    "pipeline.py", "parts.py", "question.py", "answer_json.py", "evaluate/questions.py",
    "evaluate/injections.py", "experiments/arms.py", "experiments/citing.py", "experiments/techniques",
    "experiments/variants",
)  # fmt: skip
OUTSIDE = "experiments/outside"


@functools.cache
def of_answers() -> str:
    """Of all that makes an answer of our own, in hexadecimal; read once per process."""
    own = Path(str(api.__file__)).parent
    folders = [Path(str(package.__file__)).parent for package in (generator, ingest, retrieval)]
    return digest_of(*folders, *(own / name for name in OF_API))


@functools.cache
def of_outside() -> str:
    """Of what asks a model from outside and reads its replies, in hexadecimal; read once per process."""
    return digest_of(Path(str(api.__file__)).parent / OUTSIDE)


def digest_of(*paths: Path) -> str:
    """Of Python files and of those below folders, but for training: what they are called there and what they hold."""
    whole = hashlib.sha256()
    for path in paths:
        for name, file in sorted(_files(path)):
            content = file.read_bytes()
            whole.update(f"{path.name}/{name} {len(content)}\n".encode("utf-8", "surrogateescape"))
            whole.update(content)
    return whole.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """(name below `path`, file)."""
    if path.is_file():
        yield "", path
        return
    for file in path.rglob("*.py"):
        name = file.relative_to(path)
        if TRAINING not in name.parts:
            yield name.as_posix(), file
