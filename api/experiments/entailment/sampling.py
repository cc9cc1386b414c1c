"""Triples (question, sentence, cited text) from the answers of an experiment's arms, for readers to label blind.

Questions in an order of the seed, and the arms take turns over them: each question is asked by one arm, so that a note
is not met six times. A sentence stands with the text it cites, all its quotes together; a closed book, which cites
nothing, with the gold evidence of its question. At most a quarter of each language are quotations, marked as such or
word for word in what they cite: whether those are supported is no question.

Neither the arm nor any score is written, and rows stand in the order of their ids, which are hashes of the content:
whoever labels them cannot tell where one comes from.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from api.experiments.arms import Result, answer, request_of
from api.experiments.cache import ResultCache, key_of
from api.experiments.definition import Arm, Experiment
from api.experiments.places import CACHE, FOLDER
from api.experiments.provenance import digest
from api.experiments.techniques.plan import plan_of
from api.experiments.variants.variant import Variant, variant_of
from api.pipeline import Pipeline
from corpus.format import Question
from corpus.triples import Triple

QUOTED_SHARE = 0.25
MIN_WORDS = 3  # a shorter sentence claims nothing that could be labelled


def sample(
    pipeline: Pipeline, experiment: Experiment, questions: Sequence[Question], count: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Triple]:
    """`count` triples, every language of the experiment equally; fewer where its arms do not say as much.

    Answers are taken from the home's cache, and kept there. Raises ConfigError if the library changes meanwhile; what
    `Pipeline.ask` raises; OSError.
    """
    usual, found = variant_of(pipeline), dict[str, Triple]()
    each = count // len(experiment.languages)
    for number, language in enumerate(experiment.languages):
        own = [question for question in questions if question.language == language]
        random.Random(experiment.seed).shuffle(own)
        quoted = taken = 0
        for triple, quotation in _said(usual, experiment, own, questions):
            if triple.id in found or (quotation and quoted >= QUOTED_SHARE * each):
                continue
            found[triple.id] = triple
            quoted, taken = quoted + quotation, taken + 1
            if on_progress is not None:
                on_progress(number * each + taken, count)
            if taken == each:
                break
    return sorted(found.values(), key=lambda triple: triple.id)


def triples_of(question: Question, result: Result) -> Iterator[tuple[Triple, bool]]:
    """(triple, whether it is a quotation) for each sentence of an answer that stands on a text."""
    evidence = " ".join(one.quote for one in question.evidence)
    for sentence in result.answer.sentences:
        cited = evidence if result.answer.mode == "closed_book" else " ".join(c.quote for c in sentence.citations)
        cited, text = " ".join(cited.split()), " ".join(sentence.text.split())
        if cited and len(text.split()) >= MIN_WORDS:
            name = digest([question.question, text, cited])[:12]
            quotation = sentence.origin == "quotation" or text in cited
            yield Triple(name, question.language, question.question, text, cited), quotation


def _said(
    usual: Variant, experiment: Experiment, own: Sequence[Question], others: Sequence[Question]
) -> Iterator[tuple[Triple, bool]]:
    """What the arms say in turn, one a question; then, from the first question again, each the one after."""
    arms = experiment.arms
    for turn in range(len(arms)):
        for number, question in enumerate(own):
            arm = arms[(number + turn) % len(arms)]
            if arm.knobs.mode == "closed_book" and not question.answerable:
                continue
            yield from triples_of(question, _result(usual, question, arm, experiment.seed, others))


def _result(usual: Variant, question: Question, arm: Arm, seed: int, others: Sequence[Question]) -> Result:
    pipeline, index = usual.pipeline, usual.index
    cache = ResultCache(pipeline.config.home / FOLDER / CACHE)
    plan = plan_of(index, question, arm.knobs, seed, others) if arm.knobs.techniques() else None
    key = key_of(question, arm.knobs, request_of(pipeline, question, arm.knobs, seed), seed,
                 usual.provenance, plan)  # fmt: skip
    kept = cache.get(key)
    if kept is None:
        kept = answer(pipeline, index, question, arm.knobs, seed, others)
        usual.check()
        cache.put(key, kept)
    return kept
