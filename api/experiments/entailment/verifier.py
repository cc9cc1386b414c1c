"""The scoring verifier: how far a text carries a claim, 0..1, and whether it does.

    verifier = shipped()
    verifier.score("The cache stores keys.", "A KV cache stores the keys and values of past tokens.")

No network and no GPU: figures of alignment (features.py) through boosted trees (trees.py); milliseconds a claim. What
it was made from, how far it agrees with people and where it fails: weights/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from api.errors import ConfigError
from api.experiments.entailment.features import FEATURES, features
from api.experiments.entailment.lexicon import Lexicon
from api.experiments.entailment.lexicon_file import load_lexicon, save_lexicon
from api.experiments.entailment.trees import Trees

SHIPPED = Path(__file__).parent / "weights"
TREES_FILE, SETTINGS_FILE = "trees.safetensors", "settings.json"
_KEPT = 50_000  # scores: the arms of an experiment say the same sentences of the same passages


@dataclass(frozen=True, slots=True)
class ScoringVerifier:
    """threshold: from which score a claim counts as carried, fitted on the dev claims."""

    lexicon: Lexicon
    trees: Trees
    threshold: float

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Of (claim, text) pairs; 0 where either has no words."""
        if not pairs:
            return []
        rows = np.stack([features(claim, text, self.lexicon) for claim, text in pairs])
        scores = np.where(rows.any(axis=1), self.trees.score(rows), 0.0)
        return [float(score) for score in scores]

    def score(self, claim: str, text: str) -> float:
        """How far `text` carries `claim`."""
        return self.scores([(claim, text)])[0]

    def entails(self, claim: str, text: str) -> bool:
        """Whether `text` carries `claim`."""
        return self.score(claim, text) >= self.threshold

    def save(self, folder: Path) -> None:
        """Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        save_lexicon(self.lexicon, folder)
        t = self.trees
        save_file(
            {"base": np.array([t.base]), "roots": t.roots, "feature": t.feature, "threshold": t.threshold,
             "left": t.left, "right": t.right, "value": t.value}, folder / TREES_FILE,
        )  # fmt: skip
        settings = {"threshold": round(self.threshold, 4), "features": list(FEATURES)}
        (folder / SETTINGS_FILE).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def load(folder: Path = SHIPPED) -> ScoringVerifier:
    """The verifier in a folder. Raises ConfigError where there is none, or one of other features."""
    try:
        settings = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        arrays = load_file(folder / TREES_FILE)
        base = float(arrays.pop("base")[0])
        if settings["features"] != list(FEATURES):
            raise ConfigError(f"{folder} holds a verifier of other features; run: lectern train scoring --data DIR")
        return ScoringVerifier(load_lexicon(folder), Trees(base, **arrays), float(settings["threshold"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, ConfigError):
            raise
        said = f"{folder} holds no scoring verifier ({error}); run: lectern train scoring --data DIR"
        raise ConfigError(said) from error


@lru_cache(maxsize=1)
def shipped() -> ScoringVerifier:
    """The one that comes with the program, read once."""
    return load()


@lru_cache(maxsize=_KEPT)
def carried(claim: str, text: str) -> bool:
    """Whether `text` carries `claim`, by the shipped verifier."""
    return shipped().entails(claim, text)
