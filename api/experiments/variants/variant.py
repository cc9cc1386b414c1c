"""For each arm the pipeline that it is asked of, with what finds evidence in it and what its answers are kept by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.errors import ConfigError
from api.evaluate.questions import EvidenceIndex
from api.experiments.definition import Arm
from api.experiments.provenance import Provenance, digest, provenance_of
from api.experiments.variants import weights
from api.experiments.variants.chunked import FOLDER, chunked, settings_of
from api.pipeline import Answers, Pipeline
from ingest.chunking import ChunkSettings

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """index: over the pipeline's library. generation: of that library when index and provenance were made."""

    pipeline: Pipeline
    index: EvidenceIndex
    provenance: Provenance
    generation: int

    def check(self, *, searched: bool = False) -> None:
        """Raises ConfigError if the library is no longer as it was: what is found and read now belongs to another one.

        searched: look also at what is searched; from then on the library's generation tells for both.
        """
        moved = self.pipeline.library.generation() != self.generation
        if moved or searched and not self.pipeline.is_in_step():
            raise ConfigError(
                "the library changed during the run; start it again: what was answered before is kept"
            )


def variant_of(pipeline: Pipeline) -> Variant:
    """The pipeline as it is now; loads its models. Raises ConfigError if its library changed since it was synced."""
    generation = pipeline.library.generation()  # before the rest: what is committed in between is noticed
    made = Variant(pipeline, EvidenceIndex(pipeline.library), provenance_of(pipeline), generation)
    made.check(searched=True)
    return made


@contextmanager
def variants_of(
    arms: Sequence[Arm], usual: Variant, home: Path, experiments: Path, on_progress: OnProgress | None = None
) -> Iterator[dict[str, Variant]]:
    """A variant for each arm by its name, `usual` where it turns nothing of the kind; made once where arms agree.

    home: paths of weights start there. experiments: the folder under which libraries are made. on_progress: see
    `chunked`. Raises what `chunked`, `variant_of` and `answerer_of` raise.
    """
    made: dict[tuple[ChunkSettings | None, str | None], Variant] = {(None, None): usual}
    decoders: dict[str, Answers] = {}
    with ExitStack() as stack:
        for arm in arms:
            cut, named = settings_of(usual.pipeline, arm.knobs), arm.knobs.weights
            if (cut, None) not in made and cut is not None:
                own, library = chunked(usual.pipeline, cut, experiments / FOLDER, on_progress)
                stack.callback(own.close)
                new = variant_of(own)
                # By what it was cut into too: a splitter that has changed cuts otherwise by the same settings.
                library = digest([library, [chunk.id for chunk in own.library.chunks()]])
                made[cut, None] = dataclasses.replace(
                    new, provenance=dataclasses.replace(new.provenance, library=library)
                )
            if (cut, named) not in made and named is not None:
                if named not in decoders:
                    decoders[named] = weights.answerer_of(usual.pipeline, home / named)
                base, decoder = made[cut, None], decoders[named]
                pipeline = base.pipeline.with_decoder(decoder)
                provenance = dataclasses.replace(provenance_of(pipeline), library=base.provenance.library)
                made[cut, named] = Variant(pipeline, base.index, provenance, base.generation)
        usual.check()  # else what was cut anew may be of another library
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
