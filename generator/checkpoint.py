"""The decoder on disk: safetensors in bfloat16, the vocabulary, the config and a manifest, every file hashed.

Weights are made for one embedder; its fingerprint is in the manifest and checked at load.
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
from generator.model import Decoder, DecoderConfig
from generator.vocabulary import Vocabulary
from retrieval.bilingual import file_sha256
from retrieval.embedder import BilingualEmbedder

SHIPPED = Path(__file__).parent / "weights" / "decoder"
WEIGHTS_FILE, VOCABULARY_FILE, CONFIG_FILE, MANIFEST_FILE = (
    "model.safetensors", "vocabulary.json", "config.json", "manifest.json",
)


def save_decoder(
    model: Decoder, vocabulary: Vocabulary, embedder_fingerprint: str, folder: Path, extra: dict[str, Any]
) -> None:
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
    manifest = {"format": 1, "embedder": embedder_fingerprint, "files": files}
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
    if manifest["embedder"] != embedder.fingerprint:
        raise DecoderMissing(
            f"the decoder in {folder} was trained on another embedder ({manifest['embedder']}, not "
            f"{embedder.fingerprint}); train it again with: lectern train decoder"
        )
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["decoder"]
    vocabulary = Vocabulary.load(folder / VOCABULARY_FILE, embedder.tokenizer)
    model = Decoder(DecoderConfig(**config), embedder.network, vocabulary)
    model.load_state_dict(load_file(folder / WEIGHTS_FILE))
    dtype = next(embedder.network.parameters()).dtype
    model = model.to(embedder.device, dtype).eval()
    fingerprint = hashlib.sha256("".join(sorted(manifest["files"].values())).encode()).hexdigest()[:16]
    return model, vocabulary, fingerprint
