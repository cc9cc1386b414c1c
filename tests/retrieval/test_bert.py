"""The encoder equals transformers' BertModel with the same weights, fused or not, padded or not."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
import torch
from transformers import BertConfig, BertModel

from retrieval.bert import Bert, BertShape, SelfAttention
from retrieval.bilingual import ENGLISH_ROWS, SplitRows, base_folder, english_network, widen
from retrieval.precision import fast_dtype, made_fast

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


def test_shipped_weights_read_as_by_transformers() -> None:
    folder = base_folder()
    peer = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager").eval()
    ids = torch.randint(1000, 30000, (2, 20))
    mask = torch.ones_like(ids)
    mask[1, 12:] = 0
    with torch.inference_mode():
        found, expected = english_network()(ids, mask), peer(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(found[mask.bool()], expected[mask.bool()], atol=1e-4, rtol=1e-4)


def test_attention_is_fused_where_products_are_in_float32() -> None:
    network = Bert(SHAPE)
    made_fast(network, torch.device("cpu"))
    fused = {module.fused for module in network.modules() if isinstance(module, SelfAttention)}
    assert fused == {fast_dtype(torch.device("cpu")) == torch.float32}
    assert {module.fused for module in copy.deepcopy(network).modules() if isinstance(module, SelfAttention)} == fused


def test_a_question_imports_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys\nimport api.pipeline, ingest.pipeline, retrieval.retriever, retrieval.store\n"
        "from generator.answerer import load_answerer\nload_answerer()\n"
        "heavy = {'transformers', 'sentence_transformers', 'torch._dynamo', 'langchain_text_splitters'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_a_table_in_two_parts_reads_as_one_and_trains_the_russian_part() -> None:
    network = Bert(BertShape(words=ENGLISH_ROWS, width=48, layers=1, heads=4, hidden=96)).eval()
    english, russian = torch.randn(ENGLISH_ROWS, 48), torch.randn(7, 48)
    ids = torch.tensor([[101, ENGLISH_ROWS + 3, 2000, ENGLISH_ROWS]])
    mask = torch.ones_like(ids)
    network.embeddings.word_embeddings = SplitRows(english, russian)
    split = network(ids, mask)
    split.square().mean().backward()
    gradient = network.embeddings.word_embeddings.russian.grad
    assert gradient is not None and gradient.abs().sum(1).bool().tolist() == [True, False, False, True] + [False] * 3
    whole = torch.nn.Embedding(ENGLISH_ROWS, 48, _weight=english)
    network.embeddings.word_embeddings = whole
    widen(network, russian)
    torch.testing.assert_close(network(ids, mask), split)
