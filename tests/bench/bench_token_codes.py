"""Late interaction by codes of a bit a dimension against exact token vectors: order, time, bytes, in one run.

    python -m tests.bench.bench_token_codes [--every 1] [--candidates 30]

For every dev question, by language: the nearest chunks of the study notes by vectors, put into order by late
interaction, once with the vectors of their tokens, once with the codes that an ingest keeps. Printed: MRR@10 of either,
of chunks that hold a quote, with the interval of their paired difference; the median correlation of the scores; the
time of computing the candidates' vectors, as without codes, and of decoding them; bytes for each token.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

import numpy as np

from corpus.format import LANGUAGES, Language, load_questions
from ingest.document import Chunk
from retrieval.embedder import BilingualEmbedder, load_embedder
from retrieval.entries import text_to_embed
from retrieval.metrics import paired_bootstrap, reciprocal_rank
from retrieval.rerank import late_interaction
from retrieval.token_codes import decode, encode, turned
from retrieval.training.notes import load_notes


def main() -> None:
    """One block of figures for each language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="every how manieth question is asked")
    parser.add_argument("--candidates", type=int, default=30)
    given = parser.parse_args()
    embedder = load_embedder()
    assert isinstance(embedder, BilingualEmbedder)
    chunks: defaultdict[str, list[tuple[Chunk, str]]] = defaultdict(list)
    for note in load_notes(embedder.count_tokens).values():
        chunks[note.document.language] += [(chunk, note.document.title) for chunk in note.chunks]
    for language in LANGUAGES:
        measure(embedder, language, chunks[language], given.every, given.candidates)


def measure(
    embedder: BilingualEmbedder, language: Language, chunks: list[tuple[Chunk, str]], every: int, candidates: int
) -> None:
    """Ask the dev questions of one language and print what came of it."""
    texts = [text_to_embed(chunk, title, embedder) for chunk, title in chunks]
    vectors, tokens = embedder.encode_with_tokens(texts)
    codes = [encode(one) for one in tokens]
    exact_ranks: list[float] = []
    code_ranks: list[float] = []
    units: list[str] = []
    alike, computing, decoding = [], [], []
    told = [" ".join(chunk.text.split()) for chunk, _ in chunks]
    questions = [one for one in load_questions(split="dev", language=language) if one.answerable][::every]
    for question in questions:
        quotes = [" ".join(evidence.quote.split()) for evidence in question.evidence]
        asked = embedder.token_vectors([question.question])[0]
        nearest = np.argsort(-(vectors @ embedder.encode([question.question])[0]))[:candidates].tolist()
        gains = {str(n): 1.0 for n, text in enumerate(told) if any(quote in text for quote in quotes)}
        if not gains:  # each quote was cut in two
            continue
        units.append(question.unit)
        started = time.perf_counter()
        embedder.token_vectors([texts[n] for n in nearest])
        computed = time.perf_counter()
        decoded = [decode(codes[n], embedder.dimension) for n in nearest]
        by_codes = late_interaction(turned(asked), decoded)
        ended = time.perf_counter()
        computing.append(1000 * (computed - started))
        decoding.append(1000 * (ended - computed))
        exact = late_interaction(asked, [tokens[n] for n in nearest])
        alike.append(float(np.corrcoef(exact, by_codes)[0, 1]))
        for ranks, scores in ((exact_ranks, exact), (code_ranks, by_codes)):
            ranking = [str(nearest[n]) for n in np.argsort(-scores, kind="stable")]
            ranks.append(reciprocal_rank(ranking, gains, 10))
    moved = paired_bootstrap(code_ranks, exact_ranks, units)
    bytes_each = sum(map(len, codes)) / sum(map(len, tokens))
    print(f"{language}: {len(exact_ranks)} questions, {len(chunks)} chunks, {candidates} candidates each")
    print(f"  MRR@10 by vectors {np.mean(exact_ranks):.3f}, by codes {np.mean(code_ranks):.3f}, "
          f"difference [{moved.low:+.3f}, {moved.high:+.3f}]; correlation of scores {statistics.median(alike):.3f}")
    print(f"  computing {statistics.median(computing):.0f} ms, by codes {statistics.median(decoding):.0f} ms; "
          f"{bytes_each:.0f} bytes a token, {4 * embedder.dimension} as vectors")


if __name__ == "__main__":
    main()
