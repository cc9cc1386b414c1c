"""What every model from outside can do, reply to messages, and the replies that are kept so that none is paid twice.

    <home>/experiments/cache/replies/<first two digits>/<key>.json

A key covers the model, its settings, the messages, temperature and seed, and nothing else: a changed library or a
changed arm costs only the prompts that changed with it. Files are written whole or not at all; one that cannot be read
is asked again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from api.experiments.outside.model import OutsideModel
from api.experiments.provenance import digest
from ingest.originals import write_atomically

FOLDER = "replies"

Message = Mapping[str, str]  # {"role": "system" | "user", "content": ...}, as chat endpoints take them


@dataclass(frozen=True, slots=True)
class Reply:
    """text: as it came. prompt_tokens, completion_tokens: 0 where the server does not say."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Replies(Protocol):
    """A model that can be asked: `endpoint.Endpoint`, `huggingface.HuggingFace`, or `Kept` over one of them."""

    def ready(self) -> None:
        """Raises OutsideError for what can be told without asking: a key that is not there, a model that does not
        load."""

    def reply(self, messages: Sequence[Message], *, temperature: float, seed: int) -> Reply:
        """The reply to a conversation. temperature 0: greedy. Raises OutsideError."""


class Kept:
    """Asks `model` for what is not kept in `folder` yet. fresh: keeps without reading what is there."""

    def __init__(self, asked: Replies, model: OutsideModel, folder: Path, *, fresh: bool = False) -> None:
        self._asked, self._facts, self._folder, self._fresh = asked, model.facts(), folder, fresh

    def ready(self) -> None:
        """See Replies."""
        self._asked.ready()

    def reply(self, messages: Sequence[Message], *, temperature: float, seed: int) -> Reply:
        """See Replies. Raises OSError too."""
        # Greedy replies do not depend on the seed, so that seeds share them.
        drawn: dict[str, Any] = {"temperature": temperature, "seed": seed} if temperature > 0 else {}
        key = digest({"model": self._facts, "messages": [dict(message) for message in messages], **drawn})
        path = self._folder / key[:2] / f"{key}.json"
        if not self._fresh and (found := _read(path)) is not None:
            return found
        reply = self._asked.reply(messages, temperature=temperature, seed=seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(dataclasses.asdict(reply), ensure_ascii=False).encode("utf-8", "replace"))
        return reply


def replies_of(model: OutsideModel, folder: Path, *, fresh: bool = False) -> Kept:
    """The model, ready to be asked; folder: where replies are kept. Nothing is loaded or sent yet."""
    from api.experiments.outside.endpoint import Endpoint
    from api.experiments.outside.huggingface import HuggingFace

    asked: Replies = Endpoint(model) if model.kind == "endpoint" else HuggingFace(model)
    return Kept(asked, model, folder / FOLDER, fresh=fresh)


def _read(path: Path) -> Reply | None:
    try:
        found = Reply(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if isinstance(found.text, str) else None
