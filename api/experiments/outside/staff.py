"""The models from outside of one run: who writes for which arm, who judges, and how the report names them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.experiments import sources, summary
from api.experiments.definition import Arm, Experiment
from api.experiments.outside.agreement import agreement
from api.experiments.outside.answerer import OutsideAnswerer
from api.experiments.outside.judge import Judge, Verdicts
from api.experiments.outside.replies import Kept, replies_of
from api.pipeline import Pipeline
from corpus.format import Question
from generator.answer import Answer


@dataclass(frozen=True, slots=True)
class Staff:
    """replies: by the name of the generator. judge: None where nobody judges."""

    experiment: Experiment
    replies: Mapping[str, Kept] = field(default_factory=dict)
    judge: Judge | None = None

    def pipeline_of(self, arm: Arm, pipeline: Pipeline) -> Pipeline:
        """The pipeline with the arm's own writer."""
        name = arm.knobs.generator
        if name is None:
            return pipeline
        return pipeline.written_by(OutsideAnswerer(self.experiment.generators[name], self.replies[name]))

    def facts(self, arm: Arm) -> dict[str, Any] | None:
        """What determines the replies of the arm's generator besides its prompt; None where our decoder writes."""
        name = arm.knobs.generator
        if name is None:
            return None
        return {**self.experiment.generators[name].facts(), "sources": sources.of_outside()}

    def verdicts(self, question: Question, answer: Answer) -> Verdicts:
        """The judge's; none where nobody judges. Raises OutsideError."""
        return Verdicts() if self.judge is None else self.judge.verdicts(question, answer)


def staff_of(experiment: Experiment, cache: Path, *, fresh: bool) -> Staff:
    """Who is needed, ready to be asked. cache: the folder where replies are kept.

    Raises OutsideError for a key that is not set or a model that does not load: better now than after an hour.
    """
    named = dict.fromkeys(arm.knobs.generator for arm in experiment.arms if arm.knobs.generator is not None)
    replies = {name: replies_of(experiment.generators[name], cache, fresh=fresh) for name in named}
    judge = None if experiment.judge is None else replies_of(experiment.judge, cache, fresh=fresh)
    for one in (*replies.values(), *([] if judge is None else [judge])):
        one.ready()
    return Staff(experiment, replies, None if judge is None else Judge(judge))


def judge_json(experiment: Experiment, rows: Sequence[summary.Row]) -> dict[str, Any] | None:
    """What the report says of the judge: who it is, how often it gave no verdict, whose own answers it judges, and for
    each group and arm its agreement with our measures. None where nobody judged."""
    if experiment.judge is None:
        return None
    writers = {name: model for name, model in experiment.generators.items() if model.model == experiment.judge.model}
    return {
        "model": experiment.judge.shown(),
        "asked": sum(row.verdicts.asked for row in rows), "unread": sum(row.verdicts.unread for row in rows),
        "own": [arm.name for arm in experiment.arms if arm.knobs.generator in writers],
        "agreement": {
            group: {arm: _agreements(own) for arm, own in summary.by_arm(rows, group).items()}
            for group in summary.groups_of(summary.present(rows, experiment.languages))
        },
    }  # fmt: skip


def _agreements(rows: Sequence[summary.Row]) -> dict[str, Any]:
    """"right" and "supported" -> the agreement as plain values, None where nothing was judged by both."""
    right = [
        (row.judged.outcome == "right", row.verdicts.right) for row in rows if row.judged.outcome in ("right", "wrong")
    ]
    supported = [(row.judged.supported, row.verdicts.supported) for row in rows]
    found = {}
    for name, pairs in (("right", right), ("supported", supported)):
        both = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
        agreed = agreement(both)
        found[name] = None if agreed is None else dataclasses.asdict(agreed)
    return found


