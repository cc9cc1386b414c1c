"""What a pipeline is put together from, each loaded when it is first needed: torch and FAISS cost seconds to import."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.config import RunConfig
from api.errors import ConfigError

if TYPE_CHECKING:
    from api.timed_reranker import TimedReranker
    from generator.answerer import Answerer
    from retrieval.encoder import Encoder
    from retrieval.rerank import LateInteraction


_IMPORTING = threading.Lock()


def import_libraries() -> None:
    """Import the models' libraries; returns when they are there.

    Threads of a server come to them at once, while it starts. Two that import a library at once from different ends can
    be handed half of it (Python gives up a lock rather than let both wait for ever), so one does and the others wait.
    """
    with _IMPORTING:
        import retrieval.embedder  # noqa: F401


def load_encoder(config: RunConfig) -> Encoder:
    """The configured embedder. Raises WeightsError; ConfigError for a device that is not there."""
    import_libraries()
    import torch

    from retrieval.embedder import load_embedder

    if config.device != "cpu" and not torch.cuda.is_available():
        raise ConfigError("there is no CUDA device here: use --device cpu")
    return load_embedder(config.embedder, device=config.device)


def load_answerer(encoder: Encoder, config: RunConfig) -> Answerer:
    """The shipped decoder and what grounds it. Raises DecoderMissing."""
    from generator.answerer import load_answerer

    return load_answerer(encoder, device=config.device)


def late_interaction_for(encoder: Encoder, title_of: Callable[[str], str], index: Path) -> LateInteraction:
    """Late interaction over the index in the folder `index`. title_of: the title of a document by id."""
    from retrieval.chunk_tokens import ChunkTokens
    from retrieval.rerank import LateInteraction

    return LateInteraction(encoder, ChunkTokens(encoder, title_of, index))


def reranker_for(
    encoder: Encoder, answerer: Callable[[], Any], title_of: Callable[[str], str], index: Path
) -> TimedReranker:
    """What looks again at hits: where `encoder` is the embedder that the reader was trained over, the reader of what
    `answerer` gives, if it has one; else late interaction. title_of, index: as `late_interaction_for`."""
    from api.timed_reranker import TimedReranker
    from generator.answerer import Answerer
    from generator.reranker import ReaderReranker
    from retrieval.embedder import BilingualEmbedder
    from retrieval.rerank import LateInteractionReranker

    late = late_interaction_for(encoder, title_of, index)
    # The reader knows Russian and English; another embedder was named for what it knows itself.
    if isinstance(encoder, BilingualEmbedder) and isinstance(found := answerer(), Answerer):
        return TimedReranker(ReaderReranker(found.engine, found.decisions, late, title_of))
    return TimedReranker(LateInteractionReranker(late))
