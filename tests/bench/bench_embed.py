"""Passages per second of the embedder against `SentenceTransformer.encode` with its default settings, in one run.

    python -m tests.bench.bench_embed [--passages 600]

Passages are the reading sets' and the notes' chunks; the peer reads the English ones with all-MiniLM-L6-v2, whose
body has the same size. Beside it what an ingest does: the same pass with the token vectors, made into codes.
"""

from __future__ import annotations

import argparse
import time

from corpus.format import load_reading
from retrieval import token_codes
from retrieval.embedder import HubEmbedder, load_embedder
from retrieval.training.notes import load_notes


def main() -> None:
    """Warm both up, then time each on the same English passages, twice in turn; the better time counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=600)
    given = parser.parse_args()
    own = load_embedder()
    peer = load_embedder("all-MiniLM-L6-v2")
    assert isinstance(peer, HubEmbedder)
    english = [note for name, note in load_notes(own.count_tokens).items() if "/en/" in name]
    notes = [chunk.text for note in english for chunk in note.chunks]
    texts = ([passage.text for passage in load_reading(language="en")] + notes)[: given.passages]
    best = {"own": float("inf"), "codes": float("inf"), "peer": float("inf")}
    own.encode(texts[:32])
    peer.model.encode(texts[:32], show_progress_bar=False)
    for _ in range(2):
        started = time.perf_counter()
        own.encode(texts)
        best["own"] = min(best["own"], time.perf_counter() - started)
        started = time.perf_counter()
        for tokens in own.encode_with_tokens(texts)[1]:
            token_codes.encode(tokens)
        best["codes"] = min(best["codes"], time.perf_counter() - started)
        started = time.perf_counter()
        peer.model.encode(texts, show_progress_bar=False)
        best["peer"] = min(best["peer"], time.perf_counter() - started)
    print(f"{len(texts)} English passages, {sum(own.count_tokens(text) for text in texts) // len(texts)} tokens each")
    print(f"lectern-bilingual                {len(texts) / best['own']:7.1f} passages/s")
    print(f"with codes of all tokens         {len(texts) / best['codes']:7.1f} passages/s")
    print(f"SentenceTransformer.encode       {len(texts) / best['peer']:7.1f} passages/s")
    ratio, with_codes = best["peer"] / best["own"], best["peer"] / best["codes"]
    print(f"ratio                            {ratio:7.2f}, with codes {with_codes:.2f}")


if __name__ == "__main__":
    main()
