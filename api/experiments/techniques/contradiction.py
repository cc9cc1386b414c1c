"""A passage that contradicts the evidence: the gold passage once more, with another answer in it.

The counterfactual passages of RGB, Chen et al. 2023, arXiv 2309.01431, and the entity substitution of Longpre et al.
2021, "Entity-Based Knowledge Conflicts in Question Answering", arXiv 2109.05052. The gold string gives way to that of
another question of the same kind and language, a figure to a figure; the copy stands right before or after the real
passage, whichever is drawn. Nobody inflects what is put in, so a Russian copy may be recognised by its grammar.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Collection, Sequence

from api.evaluate.injections import changed_passage
from api.experiments.techniques.found import ranked
from api.experiments.techniques.planted import Planted, Reading, unchanged
from api.pipeline import Pipeline
from corpus.format import Question
from generator.metrics import match
from retrieval.hit import Hit

_DIGIT = re.compile(r"\d")


def false_string(question: Question, others: Sequence[Question], draw: random.Random) -> str:
    """The gold string of another question of the same kind and language, with digits if this one's has; "" if there
    is none, or the question has no answer."""
    own = strings_of(question)
    fitting = sorted({
        string
        for other in others
        if (other.kind, other.language) == (question.kind, question.language) and other.unit != question.unit
        for string in strings_of(other)[:1]
        if own and bool(_DIGIT.search(string)) == bool(_DIGIT.search(own[0]))
    })  # fmt: skip
    fitting = [string for string in fitting if not match(string, own) and not any(match(one, [string]) for one in own)]
    return draw.choice(fitting) if fitting else ""


def contradicted(
    pipeline: Pipeline, question: Question, hits: Sequence[Hit], gold: Collection[str], false: str, draw: random.Random
) -> Reading:
    """The hits with the copy beside the first gold passage that can be changed; as they are where there is none.

    gold: ids of the chunks that hold the evidence.
    """
    for at, hit in enumerate(hits):
        text = replaced(hit.chunk.text, strings_of(question), false) if false and hit.chunk.id in gold else ""
        if not text or text == hit.chunk.text:
            continue
        document, chunk = changed_passage(pipeline.document(hit.chunk.document_id), hit.chunk, text)
        place = at + draw.randrange(2)
        both = (*hits[:place], dataclasses.replace(hit, chunk=chunk), *hits[place:])
        planted = Planted("contradiction", false, false, chunk.id)
        return Reading(ranked(both), {document.id: document}, planted)
    return unchanged(hits)


def replaced(text: str, strings: Sequence[str], false: str) -> str:
    """`text` with `false` in place of every one of `strings`, at word boundaries, whatever their case."""
    longest_first = sorted(strings, key=lambda string: (-len(string), string))
    any_of = "|".join(map(re.escape, longest_first))
    return re.sub(rf"(?<!\w)(?:{any_of})(?!\w)", lambda _found: false, text, flags=re.IGNORECASE)


def strings_of(question: Question) -> tuple[str, ...]:
    """What a right answer holds; of several things that it has to hold, the first in all its forms: one is enough to
    make the copy false."""
    return question.gold_all[0] if question.gold_all else question.gold
