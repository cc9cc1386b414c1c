"""The encoder equals transformers' BertModel with the same weights, fused or not, padded or not."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from transformers import BertConfig, BertModel

from retrieval.bert import Bert, BertShape

SHAPE = BertShape(words=90, width=48, layers=3, heads=4, hidden=96, positions=40)


@pytest.fixture(scope="module")
def both() -> tuple[Bert, BertModel]:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=SHAPE.words, hidden_size=SHAPE.width, num_hidden_layers=SHAPE.layers,
        num_attention_heads=SHAPE.heads, intermediate_size=SHAPE.hidden, max_position_embeddings=SHAPE.positions,
        initializer_range=0.5, attn_implementation="eager",
    )
    peer = BertModel(config, add_pooling_layer=False).eval()
    ours = Bert(SHAPE).eval()
    ours.load_state_dict(peer.state_dict())  # the same names, none more and none less
    return ours, peer


@pytest.mark.parametrize("fused", [False, True])
def test_states_are_those_of_transformers(both: tuple[Bert, BertModel], fused: bool) -> None:
    ours, peer = both
    ours.fuse(fused)
    ids = torch.randint(1, SHAPE.words, (5, 17))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    mask[4, 1:] = 0
    with torch.inference_mode():
        found, expected = ours(ids, mask), peer(input_ids=ids, attention_mask=mask).last_hidden_state
    real = mask.bool()
    torch.testing.assert_close(found[real], expected[real], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("fused", [False, True])
def test_gradients_are_those_of_transformers(both: tuple[Bert, BertModel], fused: bool) -> None:
    ours, peer = both
    ours.fuse(fused)
    ids, mask = torch.randint(1, SHAPE.words, (2, 11)), torch.ones(2, 11, dtype=torch.long)
    for model in both:
        model.zero_grad()
    ours(ids, mask).square().mean().backward()
    peer(input_ids=ids, attention_mask=mask).last_hidden_state.square().mean().backward()
    expected = {name: parameter.grad for name, parameter in peer.named_parameters()}
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], atol=1e-4, rtol=1e-3, msg=name)


def test_padding_changes_nothing(both: tuple[Bert, BertModel]) -> None:
    ours, _ = both
    ids = torch.randint(1, SHAPE.words, (1, 12))
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        alone = ours(ids, mask)
        padded = ours(torch.nn.functional.pad(ids, (0, 5)), torch.nn.functional.pad(mask, (0, 5)))
    torch.testing.assert_close(padded[:, :12], alone, atol=1e-5, rtol=1e-5)


def test_models_are_loaded_without_transformers() -> None:
    code = (
        "import sys\nfrom generator.answerer import load_answerer\nload_answerer()\n"
        "heavy = {'transformers', 'sentence_transformers', 'torch._dynamo', 'scipy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
