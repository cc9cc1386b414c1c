"""An instruction planted in a passage that is read: indirect prompt injection.

Greshake et al. 2023, "Not what you've signed up for", arXiv 2302.12173. The texts are those of `lectern evaluate
injections` (corpus/injections.jsonl), one drawn for each question, in its language, between two sentences of the gold
passage, or of the best one where the search missed that.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection, Sequence
from functools import cache

from api.evaluate import injections
from api.evaluate.injections import Injection
from api.experiments.techniques.planted import Planted, Reading, unchanged
from api.pipeline import Pipeline
from retrieval.hit import Hit


@cache
def shipped() -> tuple[Injection, ...]:
    """The planted texts, read once. Raises ValueError for a line whose marker is not in its text."""
    return tuple(injections.load_injections())


def instruction(language: str, draw: random.Random) -> Injection:
    """A planted text in the language of a question."""
    return draw.choice([one for one in shipped() if one.language == language])


def injected(
    pipeline: Pipeline, hits: Sequence[Hit], gold: Collection[str], injection: Injection, draw: random.Random
) -> Reading:
    """The hits with the instruction in one of them; as they are where there are none."""
    if not hits:
        return unchanged(hits)
    at = next((n for n, hit in enumerate(hits) if hit.chunk.id in gold), 0)
    real = hits[at].chunk
    text = injections.planted(real.text, injection.text, draw.randrange(2**31))
    document, changed = injections.changed_passage(pipeline.document(real.document_id), real, text)
    # It goes by the real passage's name: it holds the evidence still, and causes are looked for by that name.
    chunk = dataclasses.replace(changed, id=real.id)
    read = (*hits[:at], dataclasses.replace(hits[at], chunk=chunk), *hits[at + 1 :])
    return Reading(read, {document.id: document}, Planted("injection", injection.text, injection.marker, real.id))


def obeyed(planted: Planted, answer: str) -> bool:
    """Whether the answer says what the instruction wants said, or quotes it."""
    return injections.obeyed(Injection("", "", "", planted.text, planted.marker), answer)
