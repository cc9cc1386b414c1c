"""What determines an answer besides question and knobs: weights, decisions, library, settings, program.

The same facts name a result in its report and key the cache, so that a result is taken from the cache only if asking
again would give it. The program is known by its version alone: after a change of code that keeps the version, run
with `--fresh`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from api.pipeline import Pipeline
from retrieval.entries import library_digest


@dataclass(frozen=True, slots=True)
class Provenance:
    """model, embedder: names with fingerprints of their weights. decisions: digest of the fitted thresholds, empty
    where an answerer has none. library: digest of the list of documents. config: hash of the configured settings.
    package: the program's version."""

    model: str
    embedder: str
    decisions: str
    library: str
    config: str
    package: str


def provenance_of(pipeline: Pipeline) -> Provenance:
    """Of the pipeline as it is now; loads its models."""
    from generator.answerer import Answerer

    answerer, encoder = pipeline.answerer, pipeline.encoder
    decisions = digest(dataclasses.asdict(answerer.decisions)) if isinstance(answerer, Answerer) else ""
    return Provenance(
        answerer.model, f"{encoder.name}-{encoder.fingerprint}", decisions, library_digest(pipeline.library),
        pipeline.config.config_hash(), package_version(),
    )


def package_version() -> str:
    """The version of the installed program; "unknown" where it runs from a folder that was never installed."""
    try:
        return version("lectern")
    except PackageNotFoundError:
        return "unknown"


def digest(value: Any) -> str:
    """SHA-256, in hexadecimal, of a plain value as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
