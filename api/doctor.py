"""`lectern doctor`: everything that answering depends on, looked at one by one, each with what to do about
it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from api.counted import counted
from api.errors import project_error, system_message
from api.pipeline import Pipeline

State = Literal["ok", "warning", "failed"]

LITTLE_DISK_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. detail: one line or more; for a failed check it says what to do."""

    name: str
    state: State
    detail: str


def examine(pipeline: Pipeline) -> list[Check]:
    """All checks, in the order in which they depend on each other. Reads every text and every hash."""
    checks: list[tuple[str, Callable[[Pipeline], tuple[State, str]]]] = [
        ("home", _home),
        ("disk", _disk),
        ("library", _library),
        ("device", _device),
        ("embedder", _embedder),
        ("decoder", _decoder),
        ("index", _index),
    ]
    return [_checked(name, look, pipeline) for name, look in checks]


def _checked(name: str, look: Callable[[Pipeline], tuple[State, str]], pipeline: Pipeline) -> Check:
    """The outcome of one check; what it raises is a failure."""
    try:
        return Check(name, *look(pipeline))
    except OSError as error:
        return Check(name, "failed", system_message(error))
    except Exception as error:  # nothing may keep the other checks from being made
        detail = str(error) if project_error(error) else f"unforeseen {type(error).__name__}: {error}"
        return Check(name, "failed", detail)


def _home(pipeline: Pipeline) -> tuple[State, str]:
    home = pipeline.config.home
    pipeline.open()
    if not os.access(home, os.W_OK):
        return "failed", f"{home} cannot be written: change its permissions, or choose another --home"
    return "ok", f"{home.resolve()}, settings {pipeline.config.config_hash()}"


def _disk(pipeline: Pipeline) -> tuple[State, str]:
    free_bytes = shutil.disk_usage(pipeline.config.home).free
    state: State = "ok" if free_bytes > LITTLE_DISK_BYTES else "warning"
    return state, f"{free_bytes / 1e9:.1f} GB free" + ("" if state == "ok" else ": make some room")


def _library(pipeline: Pipeline) -> tuple[State, str]:
    defects = pipeline.library.check()
    if defects:
        return "failed", "\n".join(defects)
    infos = pipeline.documents()
    if not infos:
        return "warning", "empty: add documents with: lectern ingest corpus/"
    chunks = sum(info.chunks for info in infos)
    return "ok", (
        f"{counted(len(infos), 'document')}, {counted(chunks, 'passage')}, "
        f"generation {pipeline.library.generation()}"
    )


def _device(pipeline: Pipeline) -> tuple[State, str]:
    import torch

    if pipeline.config.device != "cpu" and not torch.cuda.is_available():
        return "failed", "there is no CUDA device here: use --device cpu"
    name = "cpu" if pipeline.config.device == "cpu" else torch.cuda.get_device_name(pipeline.config.device)
    return "ok", f"{name}, torch {torch.__version__}, {torch.get_num_threads()} threads"


def _embedder(pipeline: Pipeline) -> tuple[State, str]:
    encoder = pipeline.encoder
    return "ok", f"{encoder.name}, {encoder.fingerprint[:16]}, reads {', '.join(sorted(encoder.languages))}"


def _decoder(pipeline: Pipeline) -> tuple[State, str]:
    _ = pipeline.answerer  # loading compares the hashes
    return "ok", "loaded; its hashes fit"


def _index(pipeline: Pipeline) -> tuple[State, str]:
    problems = pipeline.store.check()
    if problems:
        state: State = "warning" if all(problem.behind for problem in problems) else "failed"
        return state, "\n".join(f"{problem.message}; {problem.fix}" for problem in problems)
    return "ok", "fits its files, the embedder and the library"
