"""Another decoder's weights for an arm: a folder as `lectern train decoder` writes it, read as the shipped one is.

The folder's reader ranks and chooses, its decoder writes. Where it brings no thresholds.json of its own, its decisions
are those of the home's decoder: arms then differ in weights alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from api.errors import ConfigError
from api.pipeline import Answers, Pipeline

if TYPE_CHECKING:
    from api.experiments.definition import Arm

FOLDER = "weights"  # of the home: where requests over HTTP may name weights


def check(arms: Iterable[Arm], home: Path) -> None:
    """Raises ConfigError for the first arm whose weights are not there. Loads nothing."""
    for arm in arms:
        named = arm.knobs.weights
        if named is not None and not _manifest(home / named).is_file():
            raise ConfigError(
                f"arm {arm.name!r}: no decoder weights in {named} (a path from the home, or absolute); make them with "
                "lectern train decoder, and copy the folder there"
            )


def confined(named: str, home: Path) -> bool:
    """Whether weights called `named` lie in the folder of the home that requests may name."""
    try:
        return (home / named).resolve().is_relative_to((home / FOLDER).resolve())
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        return False


def answerer_of(pipeline: Pipeline, folder: Path) -> Answers:
    """The decoder in `folder`, over the pipeline's embedder. Raises DecoderMissing."""
    from generator.answerer import Answerer, load_answerer
    from generator.checkpoint import SHIPPED
    from generator.decisions import THRESHOLDS_FILE
    from generator.verifier import VERIFIER_FILE

    # What a training wrote has neither decisions nor a verifier's weights: with the usual ones arms differ in nothing
    # but what was trained.
    verifier_from = folder if (folder / VERIFIER_FILE).is_file() else SHIPPED
    found = load_answerer(pipeline.encoder, pipeline.config.device, folder, verifier_from=verifier_from)
    usual = pipeline.answerer
    if isinstance(usual, Answerer) and not (folder / THRESHOLDS_FILE).is_file():
        found.decisions = usual.decisions
    return found


def _manifest(folder: Path) -> Path:
    from generator.checkpoint import MANIFEST_FILE  # imports torch

    return folder / MANIFEST_FILE
