"""The decoder on disk: safetensors in bfloat16, the vocabulary, the config and a manifest, every file hashed.

Weights are made over one embedder's word rows (and lower layers, if it uses them); their hash is in the manifest and
checked at load. The embedder's other layers may be trained on without touching the decoder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from generator.errors import DecoderMissing
from generator.model import READER, Decoder, DecoderConfig
from generator.vocabulary import Vocabulary
from retrieval.bert import Bert
from retrieval.bilingual import file_sha256
from retrieval.embedder import BilingualEmbedder

SHIPPED = Path(__file__).parent / "weights" / "decoder"
WEIGHTS_FILE, VOCABULARY_FILE, CONFIG_FILE, MANIFEST_FILE = (
    "model.safetensors", "vocabulary.json", "config.json", "manifest.json",
)


def rows_fingerprint(network: Bert, frozen_layers: int) -> str:
    """Hash of what a decoder reads of the embedder: its embeddings and first `frozen_layers` layers, in bfloat16."""
    digest = hashlib.sha256()
    for module in (network.embeddings, *network.encoder.layer[:frozen_layers]):
        for name, value in sorted(module.state_dict().items()):
            if value.is_floating_point():
                digest.update(name.encode())
                digest.update(value.detach().cpu().to(torch.bfloat16).contiguous().view(torch.int16).numpy().tobytes())
    return digest.hexdigest()[:16]


def save_decoder(model: Decoder, vocabulary: Vocabulary, folder: Path, extra: dict[str, Any]) -> None:
    """Write the model; `extra` (settings, steps, data) goes into config.json for the card and for whoever asks."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / WEIGHTS_FILE)
    vocabulary.save(folder / VOCABULARY_FILE)
    (folder / CONFIG_FILE).write_text(
        json.dumps({"decoder": asdict(model.config), "training": extra}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    files = {name: file_sha256(folder / name) for name in (WEIGHTS_FILE, VOCABULARY_FILE, CONFIG_FILE)}
    manifest = {"format": 2, "reads": rows_fingerprint(model.network, model.config.frozen_layers), "files": files}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def load_decoder(
    embedder: BilingualEmbedder, folder: Path = SHIPPED
) -> tuple[Decoder, Vocabulary, str]:
    """(model, vocabulary, fingerprint).

    Raises DecoderMissing if files are missing, damaged, or for another embedder.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise DecoderMissing(f"no decoder in {folder}; train one with: lectern train decoder")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name, expected in manifest["files"].items():
        if not (folder / name).is_file() or file_sha256(folder / name) != expected:
            raise DecoderMissing(f"{folder / name} is missing or damaged; restore it from the repository")
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["decoder"]
    found = rows_fingerprint(embedder.network, config["frozen_layers"])
    if manifest.get("reads") != found:
        raise DecoderMissing(
            f"the decoder in {folder} was trained on another embedder's rows ({manifest.get('reads')}, not {found}); "
            "train it again with: lectern train decoder"
        )
    vocabulary = Vocabulary.load(folder / VOCABULARY_FILE, embedder.tokenizer)
    model = Decoder(DecoderConfig(**config), embedder.network, vocabulary)
    model.load_state_dict(load_file(folder / WEIGHTS_FILE))
    dtype = next(embedder.network.parameters()).dtype
    model = model.to(embedder.device, dtype).eval()
    fingerprint = hashlib.sha256("".join(sorted(manifest["files"].values())).encode()).hexdigest()[:16]
    return model, vocabulary, fingerprint


def with_writing_of(model: Decoder, embedder: BilingualEmbedder, folder: Path) -> tuple[Decoder, Vocabulary]:
    """The reader of `model` with the decoder and the vocabulary of `folder`, where the sizes agree: a new reader's
    decoder need not learn to write anew.

    Raises DecoderMissing if there is none or its sizes differ.
    """
    if not (folder / WEIGHTS_FILE).is_file():
        raise DecoderMissing(f"no decoder in {folder} to start from")
    vocabulary = Vocabulary.load(folder / VOCABULARY_FILE, embedder.tokenizer)
    joined = Decoder(model.config, model.network, vocabulary)
    state = {name: value for name, value in model.state_dict().items() if name.startswith(READER)}
    state |= {name: value for name, value in load_file(folder / WEIGHTS_FILE).items() if not name.startswith(READER)}
    try:
        joined.load_state_dict(state)
    except RuntimeError as error:
        what = str(error).splitlines()[-1].strip()
        raise DecoderMissing(f"the decoder in {folder} has other sizes: {what}") from None
    return joined.to(embedder.device, next(model.parameters()).dtype), vocabulary
