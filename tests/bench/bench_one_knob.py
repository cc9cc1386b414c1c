"""What a change of one knob costs: a cold run of a small experiment, the same again, and one with a knob changed.

    python -m tests.bench.bench_one_knob [--home HOME] [--limit 40] [--knob temperature=1.0] [--device cpu]

Two arms, with the reranker and without, on questions of the test split over the library of the corpus: a copy of that
in HOME, without what experiments kept there, or one made for the occasion. The knob is changed in both arms, so every
answer is made anew; what follows the search (`temperature`, `abstain`, `verify`) searches nothing, and a knob of the
search (`top_k`) searches everything, for comparison. Models are loaded before the first run. Prints of each run the
seconds (answers, figures and tests of them), what came from the caches, and the seconds over those of the cold run.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.config import load_config
from api.experiments import runner
from api.experiments.definition import Arm, Experiment
from api.experiments.knobs import Knobs
from api.experiments.places import FOLDER
from api.pipeline import Pipeline

CORPUS = Path(__file__).parents[2] / "corpus"
DATE = "2026-01-01T00:00:00+00:00"  # of no run that is kept
ARMS = (Arm("reranked", Knobs()), Arm("as found", Knobs(rerank=False)))
COLD = Experiment("one-knob", "What does a change of one knob cost?", "test", ARMS)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost. ratio: its seconds over those of the cold run."""

    name: str
    seconds: float
    answers: int
    answers_kept: int
    searches: int
    searches_kept: int
    ratio: float

    def line(self) -> str:
        """The row of the table."""
        return (
            f"{self.name:24} {self.seconds:8.1f} s   {self.answers_kept} of {self.answers} answers and "
            f"{self.searches_kept} of {self.searches} searches from the cache   {self.ratio:.3f} of the cold run"
        )


def turned(experiment: Experiment, **knobs: Any) -> Experiment:
    """The experiment with knobs changed in every arm. Raises ValueError for a knob that an arm could not feel."""
    arms = tuple(Arm(arm.name, dataclasses.replace(arm.knobs, **knobs)) for arm in experiment.arms)
    return dataclasses.replace(experiment, arms=arms)


def costs(pipeline: Pipeline, experiment: Experiment, limit: int, **knobs: Any) -> Iterator[Cost]:
    """Of the cold run, the same again, and the one with `knobs` changed; the pipeline's home has kept nothing yet."""
    pipeline.load_models()
    name = ", ".join(f"{knob} = {value}" for knob, value in knobs.items())
    cold = 0.0
    for what, chosen in (("cold", experiment), ("the same again", experiment), (name, turned(experiment, **knobs))):
        asked = runner.run(pipeline, chosen, date=DATE, limit=limit).results["asked"]
        cold = cold or asked["seconds"]
        if chosen is not experiment and asked["from_cache"]:
            raise ValueError(f"{name} is what the arms have anyway: change something else")
        yield Cost(
            what, asked["seconds"], asked["answers"], asked["from_cache"], asked["searches"],
            asked["searches_from_cache"], asked["seconds"] / cold,
        )  # fmt: skip


def knob(text: str) -> dict[str, Any]:
    """`temperature=1.0` as {"temperature": 1.0}."""
    name, _, value = text.partition("=")
    if name not in ("temperature", "abstain", "verify", "top_k"):
        raise argparse.ArgumentTypeError("turn temperature, abstain, verify or top_k")
    if name in ("abstain", "verify"):
        if value not in ("true", "false"):
            raise argparse.ArgumentTypeError(f"{name} is true or false")
        return {name: value == "true"}
    return {name: int(value) if name == "top_k" else float(value)}


def main() -> None:
    """A line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--knob", type=knob, default={"temperature": 1.0})
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if given.home is not None:
            shutil.copytree(given.home, home, ignore=shutil.ignore_patterns(FOLDER))
        with Pipeline(load_config(home, device=given.device)) as pipeline:
            if given.home is None:
                pipeline.ingest([CORPUS], lambda _event: None)
            for cost in costs(pipeline, COLD, given.limit, **given.knob):
                print(cost.line(), flush=True)


if __name__ == "__main__":
    main()
