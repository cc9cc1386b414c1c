"""For each arm the pipeline that it is asked of, with what finds evidence in it and what its answers are kept by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.evaluate.questions import EvidenceIndex
from api.experiments.definition import Arm
from api.experiments.provenance import Provenance, provenance_of
from api.experiments.variants import weights
from api.experiments.variants.chunked import FOLDER, chunked, settings_of
from api.pipeline import Answers, Pipeline
from ingest.chunking import ChunkSettings

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """index: over the pipeline's library."""

    pipeline: Pipeline
    index: EvidenceIndex
    provenance: Provenance


@contextmanager
def variants_of(
    arms: Sequence[Arm], usual: Variant, home: Path, experiments: Path, on_progress: OnProgress | None = None
) -> Iterator[dict[str, Variant]]:
    """A variant for each arm by its name, `usual` where it turns nothing of the kind; made once where arms agree.

    home: paths of weights start there. experiments: the folder under which libraries are made. on_progress: see
    `chunked`. Raises what `chunked` and `answerer_of` raise.
    """
    made: dict[tuple[ChunkSettings | None, str | None], Variant] = {(None, None): usual}
    decoders: dict[str, Answers] = {}
    with ExitStack() as stack:
        for arm in arms:
            cut, named = settings_of(usual.pipeline, arm.knobs), arm.knobs.weights
            if (cut, None) not in made and cut is not None:
                own, library = chunked(usual.pipeline, cut, experiments / FOLDER, on_progress)
                stack.callback(own.close)
                provenance = dataclasses.replace(provenance_of(own), library=library)
                made[cut, None] = Variant(own, EvidenceIndex(own.library), provenance)
            if (cut, named) not in made and named is not None:
                if named not in decoders:
                    decoders[named] = weights.answerer_of(usual.pipeline, home / named)
                base, decoder = made[cut, None], decoders[named]
                pipeline = base.pipeline.with_decoder(decoder)
                provenance = dataclasses.replace(provenance_of(pipeline), library=base.provenance.library)
                made[cut, named] = Variant(pipeline, base.index, provenance)
        yield {arm.name: made[settings_of(usual.pipeline, arm.knobs), arm.knobs.weights] for arm in arms}


def told(variants: Mapping[str, Variant], usual: Variant) -> dict[str, str]:
    """What arms were made with where that is not as usual: `{"120 library": "..."}`."""
    found = {}
    for arm, variant in variants.items():
        for part in ("model", "library"):
            value = getattr(variant.provenance, part)
            if value != getattr(usual.provenance, part):
                found[f"{arm} {part}"] = value
    return found
