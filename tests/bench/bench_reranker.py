"""The reader as reranker against `sentence_transformers.CrossEncoder` with the same weights, in one run.

    python -m tests.bench.bench_reranker [--passages 20] [--questions 12]

A dev question is read with passages of about 200 tokens. The peer is a CrossEncoder with default settings (float32, one
batch padded to the longest) whose module holds the reader's own weights, so that both give the same scores but for
rounding; what differs is what serving does: the processor's fast format, two batches by length. Printed: medians, their
ratio, and whether both find the same five best passages with the same probabilities.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections import defaultdict
from typing import Any

import torch
from sentence_transformers import CrossEncoder
from torch import nn

from corpus.format import load_questions
from generator.answerer import load_answerer
from generator.memory import MemoryBatch, Passage, Prompt, PromptEncoder
from generator.model import Decoder
from generator.passages import passage_of
from generator.reranker import ReaderReranker
from ingest.document import Chunk
from retrieval.chunk_tokens import ChunkTokens
from retrieval.embedder import BilingualEmbedder, load_embedder
from retrieval.hit import Hit
from retrieval.rerank import LateInteraction
from retrieval.training.notes import load_notes

_TOKENS = (180, 220)
_TOP = 5


class Float32Reader(nn.Module):
    """The reader in float32 as a module of CrossEncoder: pairs (question, title and text) to log-odds [B, 1]."""

    def __init__(self, model: Decoder, encoder: PromptEncoder) -> None:
        super().__init__()
        self.reader = copy.deepcopy(model).to(torch.float32)
        network: nn.Module = copy.deepcopy(model.network)
        network.to(torch.float32)
        self.reader._lower = [network]  # type: ignore[list-item]
        self._encoder = encoder

    def preprocess(self, inputs: list[tuple[str, str]], **_: Any) -> dict[str, torch.Tensor]:
        """Model inputs of pairs with one question."""
        passages = [Passage(*text.split("\n", 1)) for _, text in inputs]
        batch = self._encoder.batch([Prompt(inputs[0][0], tuple(passages))])
        return {
            "question": batch.question_ids, "question_mask": batch.question_mask, "passages": batch.passage_ids,
            "passage_mask": batch.passage_mask, "ids": batch.piece_ids, "cases": batch.piece_cases,
            "kinds": batch.kinds,
        }

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        """Relevance by the reader's head."""
        batch = MemoryBatch(
            features["question"], features["question_mask"], features["passages"], features["passage_mask"],
            features["ids"], features["cases"], features["kinds"], [],
        )
        return {"scores": self.reader.read(batch).relevance[0].unsqueeze(-1)}


def main() -> None:
    """Warm both up, then ask each every question, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=20)
    parser.add_argument("--questions", type=int, default=12)
    given = parser.parse_args()
    embedder = load_embedder()
    assert isinstance(embedder, BilingualEmbedder)
    answerer = load_answerer(embedder)
    chunks: defaultdict[str, list[Chunk]] = defaultdict(list)
    for note in load_notes(embedder.count_tokens).values():
        fitting = [c for c in note.chunks if _TOKENS[0] <= embedder.count_tokens(c.text) <= _TOKENS[1]]
        chunks[note.document.language] += fitting
    late = LateInteraction(embedder, ChunkTokens(embedder, lambda _: "Note"))
    ours = ReaderReranker(answerer.engine, answerer.decisions, late, lambda _: "Note", read=given.passages)
    peer = CrossEncoder(modules=[Float32Reader(answerer.engine.model, answerer.engine.encoder)], num_labels=1)
    own_times, peer_times, same, furthest = [], [], 0, 0.0
    questions = [q for q in load_questions(split="dev") if q.answerable][:: 7][: given.questions + 1]
    for number, question in enumerate(questions):
        own = chunks[question.language]
        picked = [own[(number * 31 + n * 7) % len(own)] for n in range(given.passages)]
        hits = [Hit(chunk, 1.0, n, "fused", {}) for n, chunk in enumerate(picked, start=1)]
        texts = [passage_of("Note", chunk.headings, chunk.text) for chunk in picked]
        started = time.perf_counter()
        found = ours.relevance(question.question, hits)
        between = time.perf_counter()
        expected = peer.predict([(question.question, f"{p.title}\n{p.text}") for p in texts])
        ended = time.perf_counter()
        if number:  # the first warms up
            own_times.append(between - started)
            peer_times.append(ended - between)
            chances = torch.tensor(found).sigmoid()
            same += set(chances.topk(_TOP).indices.tolist()) == set(torch.tensor(expected).topk(_TOP).indices.tolist())
            furthest = max(furthest, float((chances - torch.tensor(expected)).abs().max()))
    a, b = statistics.median(own_times), statistics.median(peer_times)
    print(f"{given.passages} passages of {_TOKENS[0]} to {_TOKENS[1]} tokens, {len(own_times)} questions")
    print(f"reader          {1000 * a:7.1f} ms")
    print(f"CrossEncoder    {1000 * b:7.1f} ms")
    print(f"ratio           {a / b:7.2f}")
    print(f"same {_TOP} best   {same} of {len(own_times)}; largest difference of probabilities {furthest:.4f}")


if __name__ == "__main__":
    main()
