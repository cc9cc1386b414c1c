"""A causal language model of Hugging Face by its name, or from a folder, run here by transformers.

It is downloaded where it is not there yet, as safetensors alone: no pickles, no code of others. With a chat template
the messages go through it; without one they are plain text. A prompt that is longer than the model reads is an error,
since cutting it would cut passages that citations could still name.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from api.errors import OutsideError
from api.experiments.outside.model import OutsideModel
from api.experiments.outside.replies import Message, Reply


class HuggingFace:
    """Asks a model that is loaded at the first question. Threads may share it; they take turns."""

    def __init__(self, model: OutsideModel) -> None:
        self._model = model
        self._loaded: tuple[Any, Any] | None = None  # tokenizer, network
        self._lock = threading.Lock()

    def ready(self) -> None:
        """Load the model. Raises OutsideError."""
        with self._lock:
            self._parts()

    def reply(self, messages: Sequence[Message], *, temperature: float, seed: int) -> Reply:
        """See Replies."""
        with self._lock:
            return self._generate(messages, temperature, seed)

    def _parts(self) -> tuple[Any, Any]:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _load(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        name, device = self._model.model, self._model.device or "cpu"
        if device != "cpu" and not torch.cuda.is_available():
            raise OutsideError(f"there is no CUDA device here for {name}: write device = \"cpu\"")
        trusted: dict[str, Any] = {"revision": self._model.revision or "main", "trust_remote_code": False}
        try:
            tokenizer = AutoTokenizer.from_pretrained(name, **trusted)
            network: Any = AutoModelForCausalLM.from_pretrained(name, **trusted, use_safetensors=True, dtype="auto")
            network.train(False)
            return tokenizer, network.to(device)
        # Whatever is wrong with files of others: a missing one, no network, sizes that do not fit, too little memory.
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError) as error:
            said = " ".join(str(error).split())[:200]
            raise OutsideError(f"{name} cannot be loaded: {said}; check its name, revision and files") from error

    def _generate(self, messages: Sequence[Message], temperature: float, seed: int) -> Reply:
        import torch

        tokenizer, network = self._parts()
        prompt = _prompt(tokenizer, messages)
        # A template writes the special tokens itself.
        inputs = tokenizer(prompt, return_tensors="pt", add_special_tokens=not tokenizer.chat_template)
        inputs = inputs.to(network.device)
        given = int(inputs["input_ids"].shape[1])  # [1, given]
        reads = getattr(network.config, "max_position_embeddings", None)
        if reads is not None and given + self._model.max_tokens > reads:
            raise OutsideError(
                f"{self._model.model} reads {reads} tokens, and prompt and reply need {given + self._model.max_tokens}:"
                " lower the arm's top_k or max_tokens"
            )
        chance: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            chance = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        end = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        devices = [network.device] if network.device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch.inference_mode():
            torch.manual_seed(seed % 2**63)
            written = network.generate(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"],
                max_new_tokens=self._model.max_tokens, pad_token_id=end, **chance,
            )[0, given:]  # [written]
        return Reply(tokenizer.decode(written, skip_special_tokens=True), given, int(written.shape[0]))


def _prompt(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The conversation as the model is used to it."""
    joined = "\n\n".join(message["content"] for message in messages)
    if not tokenizer.chat_template:
        return f"{joined}\n\nAnswer:"
    from jinja2 import TemplateError

    options: dict[str, Any] = {"tokenize": False, "add_generation_prompt": True}
    try:
        return str(tokenizer.apply_chat_template([dict(message) for message in messages], **options))
    except TemplateError:  # some know no system message
        return str(tokenizer.apply_chat_template([{"role": "user", "content": joined}], **options))
