"""What determines an answer besides question and knobs: weights, decisions, library, settings, program.

The same facts name a result in its report and key the cache, so that a result is taken from the cache only if asking
again would give it. To the cache the program is known by a digest of the sources that make answers
(api/experiments/sources.py): after a change in them everything is asked anew, after another it is not. The commit and
the version are written into the report, but are no part of the key: most commits change no answer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from api.experiments import sources
from api.pipeline import Pipeline
from corpus.format import Question
from retrieval.entries import library_digest

ROOT = Path(__file__).resolve().parents[2]  # the folder of the packages
GIT_SECONDS = 5.0
# Those that can move a figure.
LIBRARIES = (
    "torch", "transformers", "tokenizers", "sentence-transformers", "faiss-cpu", "rank-bm25", "snowballstemmer",
    "langchain-text-splitters", "pypdf", "numpy", "scipy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provenance:
    """model, embedder: names with fingerprints of their weights. decisions: digest of the fitted thresholds, empty
    where an answerer has none. library: digest of the list of documents. config: hash of the configured settings.
    sources: digest of the program's sources that make answers. versions: of Python and of the libraries that
    compute, and the device they compute on: "cpu" or "cuda"."""

    model: str
    embedder: str
    decisions: str
    library: str
    config: str
    sources: str
    versions: Mapping[str, str]


def provenance_of(pipeline: Pipeline) -> Provenance:
    """Of the pipeline as it is now; loads its models."""
    from generator.answerer import Answerer

    answerer, encoder = pipeline.answerer, pipeline.encoder
    decisions = digest(dataclasses.asdict(answerer.decisions)) if isinstance(answerer, Answerer) else ""
    return Provenance(
        answerer.model, f"{encoder.name}-{encoder.fingerprint}", decisions, library_digest(pipeline.library),
        pipeline.config.config_hash(), sources.of_answers(),
        {**versions(), "device": pipeline.config.device.split(":")[0]},
    )


def package_version() -> str:
    """The version of the installed program; "unknown" where it runs from a folder that was never installed."""
    try:
        return version("lectern")
    except PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Of Python and of the libraries that compute; those that are not installed are left out."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def questions_digest(questions: Sequence[Question]) -> str:
    """Of what is asked and what counts as right, question by question; where the file lies does not matter."""
    fields = [field.name for field in dataclasses.fields(Question) if field.compare]
    return digest([[repr(getattr(question, name)) for name in fields] for question in questions])


def commit(root: Path = ROOT) -> str:
    """The commit of a checkout whose top is `root`, followed by " with changes" where tracked files differ from it.

    Empty where the program does not run from a checkout of its own (installed, or without git), or git takes more
    than GIT_SECONDS.
    """
    top, head = _git(root, "rev-parse", "--show-toplevel"), _git(root, "rev-parse", "HEAD")
    # A folder inside somebody else's checkout (a virtual environment in a project) has that one's commit, not ours.
    if not head or not top or Path(top).resolve() != root.resolve():
        return ""
    return head + (" with changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")


def _git(root: Path, *arguments: str) -> str:
    """What git prints; empty where it cannot be run, fails or takes too long."""
    command = ["git", "-C", str(root), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def digest(value: Any) -> str:
    """SHA-256, in hexadecimal, of a plain value as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
