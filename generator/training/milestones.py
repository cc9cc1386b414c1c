"""What happens at chosen steps of every stage: dev scores to the log and to `dev.jsonl`, weights to disk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generator.checkpoint import save_decoder
from generator.engine import Engine
from generator.training.batches import Composed
from generator.training.dev import dev_scores
from generator.training.examples import Example


class Milestones:
    """Called with a step. name: of the stage, under which `folder` keeps its weights; extra: what config.json is told
    of the training beside step, minutes and scores; write: whether answers are scored too."""

    def __init__(
        self, engine: Engine, prompts: Sequence[tuple[Example, Composed]], folder: Path, name: str,
        extra: dict[str, Any], report: Callable[[str], None], *, write: bool,
    ) -> None:
        self.engine, self.prompts, self.folder, self.name = engine, prompts, folder, name
        self.extra, self.report, self.write = extra, report, write
        self._started = time.monotonic()

    def __call__(self, step: int) -> None:
        scores = self.measure(step)
        minutes = round((time.monotonic() - self._started) / 60, 1)
        save_decoder(
            self.engine.model, self.engine.vocabulary, self.folder / self.name,
            {**self.extra, "step": step, "minutes": minutes, "dev": scores},
        )

    def measure(self, step: int) -> dict[str, dict[str, float]]:
        """Dev scores by source, written down."""
        scores = dev_scores(self.engine, self.prompts, write=self.write)
        for source, row in scores.items():
            self.report(f"dev {source}: " + " ".join(f"{name} {value}" for name, value in row.items()))
        with (self.folder / "dev.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"stage": self.name, "step": step, "scores": scores}) + "\n")
        return scores
