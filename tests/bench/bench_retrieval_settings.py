"""Retrieval settings side by side, one changed at a time, with 95 % intervals: what the defaults were chosen by.

    python -m tests.bench.bench_retrieval_settings [--split dev] [--limit 0] [--only "tokens|recursive"]

All notes and entries in both languages are chunked, embedded and searched in memory; no reranker. Chunks differ in
size between settings, so recall is of evidence within a budget of text: the share of a question's quotes that stand
in the first chunks that together hold 1,000 tokens (about five chunks of the default). MRR is of the first chunk that
holds a quote. Own language: English questions want English quotes. Across: only documents in the other language are
searched, for the quotes of the same question there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus.format import ROOT, Question, load_questions
from corpus.rows import load_glossary
from ingest.chunking import ChunkSettings, Splitter, chunk_document
from ingest.document import Chunk, Document
from ingest.formats import markdown
from ingest.limits import Limits
from retrieval.analysis import analyze, analyze_query
from retrieval.bm25 import BM25Index
from retrieval.embedder import BilingualEmbedder, load_embedder
from retrieval.fusion import rrf
from retrieval.metrics import bootstrap, paired_bootstrap
from retrieval.translations import replaced, translations

_BUDGET = 1000


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. text: what is indexed of a chunk; fusion: "rrf" (k, weight) or "sum" (weight)."""

    name: str
    splitter: Splitter = "structure"
    max_tokens: int = ChunkSettings().max_tokens
    text: str = "title, headings"
    fusion: str = "rrf"
    k: int = 5
    weight: float = 0.75
    depth: int = 50
    own_first: bool = True
    glossary: bool = False
    parents: bool = False


DEFAULT = Setting("default")
SETTINGS = [
    DEFAULT,
    replace(DEFAULT, name="BM25 alone", weight=0.0),
    replace(DEFAULT, name="dense alone", weight=1e9),
    replace(DEFAULT, name="RRF k=60, equal", k=60, weight=1.0),
    replace(DEFAULT, name="RRF k=10, equal", k=10, weight=1.0),
    replace(DEFAULT, name="RRF k=5, dense 1.0", weight=1.0),
    replace(DEFAULT, name="RRF k=5, dense 1.5", weight=1.5),
    replace(DEFAULT, name="weighted sum of scores, 0.5", fusion="sum", weight=0.5),
    replace(DEFAULT, name="weighted sum of scores, 0.7", fusion="sum", weight=0.7),
    replace(DEFAULT, name="depth 20", depth=20),
    replace(DEFAULT, name="depth 100", depth=100),
    replace(DEFAULT, name="no language preferred", own_first=False),
    replace(DEFAULT, name="query expanded by glossary", glossary=True),
    replace(DEFAULT, name="text alone", text=""),
    replace(DEFAULT, name="title and text", text="title"),
    replace(DEFAULT, name="100 tokens", max_tokens=100),
    replace(DEFAULT, name="150 tokens", max_tokens=150),
    replace(DEFAULT, name="200 tokens", max_tokens=200),
    replace(DEFAULT, name="recursive", splitter="recursive"),
    replace(DEFAULT, name="character", splitter="character"),
    replace(DEFAULT, name="semantic", splitter="semantic"),
    replace(DEFAULT, name="agentic", splitter="agentic"),
    replace(DEFAULT, name="sentence windows, 60", splitter="sentence_window", max_tokens=60),
    replace(DEFAULT, name="100 tokens, parents of the default", max_tokens=100, parents=True),
]


@dataclass(frozen=True, slots=True)
class Indexed:
    """Chunks of all documents with their vectors [N, C]; parents[i]: the number of the larger chunk around chunk i."""

    documents: list[Document]
    chunks: list[Chunk]
    vectors: NDArray[np.float32]
    index: BM25Index
    sizes: list[int]
    parents: list[Chunk] | None


class Bench:
    """Indexes by what shapes them, so that settings which only rank differently share one."""

    def __init__(self, encoder: BilingualEmbedder) -> None:
        self.encoder = encoder
        self._indexed: dict[tuple[object, ...], Indexed] = {}
        self._glossary: dict[str, set[str]] = {}
        for entry in load_glossary():
            self._glossary.setdefault(entry.english.lower(), set()).add(entry.russian.lower())
            self._glossary.setdefault(entry.russian.lower(), set()).add(entry.english.lower())

    def indexed(self, setting: Setting) -> Indexed:
        """Chunk and embed, once per shape."""
        key = (setting.splitter, setting.max_tokens, setting.text, setting.parents)
        if key not in self._indexed:
            self._indexed[key] = self._make(setting)
        return self._indexed[key]

    def _cut(self, document: Document, headings: object, splitter: Splitter, size: int) -> list[Chunk]:
        return chunk_document(
            document, splitter=splitter, max_tokens=size, count_tokens=self.encoder.count_tokens,
            embed=self.encoder.encode, headings=headings,  # type: ignore[arg-type]
        )

    def _make(self, setting: Setting) -> Indexed:
        documents, chunks, parents = [], [], []
        texts = []
        for path in sorted([*ROOT.glob("notes/*/*.md"), *ROOT.glob("materials/*/*.md")]):
            parsed = markdown.parse(path.read_bytes(), path.name, Limits())
            document = parsed.document(path.relative_to(ROOT).as_posix())
            whole = ChunkSettings().max_tokens
            large = self._cut(document, parsed.headings, "structure", whole) if setting.parents else []
            for chunk in self._cut(document, parsed.headings, setting.splitter, setting.max_tokens):
                documents.append(document)
                chunks.append(chunk)
                headings = " > ".join(h for h in chunk.headings if h != document.title)
                head = {"": [], "title": [document.title], "title, headings": [document.title, headings]}[setting.text]
                texts.append("\n".join([*(part for part in head if part), chunk.text]))
                middle = (chunk.start + chunk.end) // 2
                parents.append(next((c for c in large if c.start <= middle < c.end), chunk))
        return Indexed(
            documents, chunks, self.encoder.encode(texts),
            BM25Index.build([str(n) for n in range(len(texts))], [analyze(text) for text in texts]),
            [self.encoder.count_tokens(chunk.text) for chunk in (parents if setting.parents else chunks)],
            parents if setting.parents else None,
        )

    def expanded(self, text: str) -> str:
        """The question with the other language's words for the glossary terms in it."""
        lowered = f" {' '.join(text.lower().split())} "
        found = [t for term, others in self._glossary.items() if f" {term} " in lowered for t in others]
        return f"{text} {' '.join(found)}"

    def ranking(
        self, setting: Setting, question: str, vector: NDArray[np.float32], wanted: str, across: bool
    ) -> list[int]:
        """Chunk numbers, best first. across: only documents in `wanted` are searched; else both languages."""
        data = self.indexed(setting)
        allowed = np.array([not across or document.language == wanted for document in data.documents])
        words = analyze_query(self.expanded(question) if setting.glossary else question)
        held = data.index.search(words, setting.depth, allowed)
        cosines = np.where(allowed, data.vectors @ vector, -1.0)
        near = [(str(n), float(cosines[n])) for n in np.argsort(-cosines, kind="stable")[: 2 * setting.depth]]
        if setting.own_first and not across:
            names = list(dict.fromkeys(name for name, _ in [*held, *near]))
            vectors = data.vectors[[int(name) for name in names]]
            found = translations(vectors, np.array([data.documents[int(name)].language == wanted for name in names]))
            by = {names[foreign]: names[own] for foreign, own in found.items()}
            held, near = replaced(held, by), replaced(near, by)
        scores = {int(name): score for name, score in held[: setting.depth]}
        nearest = [int(name) for name, _ in near[: setting.depth]]
        if setting.fusion == "sum":
            likeness = {int(name): score for name, score in near}
            best = max(scores.values(), default=1.0) or 1.0
            pool = set(scores) | set(nearest)
            total = {
                n: (1 - setting.weight) * scores.get(n, 0.0) / best
                + setting.weight * likeness.get(n, float(cosines[n]))
                for n in pool
            }
            return sorted(total, key=lambda n: -total[n])
        fused = rrf([[str(n) for n in scores], [str(n) for n in nearest]], [1.0, setting.weight], setting.k)
        return [int(name) for name, _ in fused]


def values(data: Indexed, ranking: Sequence[int], quotes: Sequence[str]) -> tuple[float, float]:
    """(share of quotes within the budget, reciprocal rank of the first chunk with one)."""
    shown = [data.parents[n] if data.parents else data.chunks[n] for n in ranking]
    texts, used, first = [], 0, 0.0
    seen: set[str] = set()
    rank = 0
    for n, chunk in zip(ranking, shown, strict=True):
        if chunk.id in seen:
            continue
        seen.add(chunk.id)
        rank += 1
        holds = any(_held(quote, chunk.text) for quote in quotes)
        if holds and not first and rank <= 20:
            first = 1.0 / rank
        if used + data.sizes[n] <= _BUDGET:
            texts.append(chunk.text)
            used += data.sizes[n]
        elif first or rank > 20:
            break
    found = sum(any(_held(quote, text) for text in texts) for quote in quotes)
    return found / len(quotes), first


def _held(quote: str, text: str) -> bool:
    """The quote, or most of it where a chunk ends within."""
    return quote in text or quote[: len(quote) // 2 + 10] in text or quote[len(quote) // 2 - 10 :] in text


def main() -> None:
    """The table, one line per setting: recall and MRR in both languages, across, and the difference to the default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--only", default="", help="settings whose name holds one of these, divided by |")
    given = parser.parse_args()
    questions = [q for q in load_questions(split=given.split) if q.answerable]
    if given.limit:
        pairs = list(dict.fromkeys(q.pair for q in questions))
        kept = set(pairs[:: max(1, len(questions) // given.limit)])
        questions = [q for q in questions if q.pair in kept]
    twins: dict[tuple[str, str], Question] = {(q.pair, q.language): q for q in questions}
    encoder = load_embedder()
    assert isinstance(encoder, BilingualEmbedder)
    bench = Bench(encoder)
    vectors = encoder.encode([q.question for q in questions])
    before: dict[tuple[str, bool], list[float]] = {}
    wanted_names = given.only.split("|")
    for setting in SETTINGS:
        if setting is not DEFAULT and not any(name in setting.name for name in wanted_names):
            continue
        line = [f"{setting.name:32}"]
        data = bench.indexed(setting)
        for across in (False, True):
            for language in ("en", "ru"):
                other = {"en": "ru", "ru": "en"}[language]
                wanted = other if across else language
                rows = [
                    (values(data, bench.ranking(setting, q.question, vectors[n], wanted, across),
                            [e.quote for e in twins[(q.pair, wanted)].evidence]), q.unit)
                    for n, q in enumerate(questions)
                    if q.language == language and (q.pair, wanted) in twins
                ]
                recall, units = [row[0][0] for row in rows], [row[1] for row in rows]
                e = bootstrap(recall, units)
                mrr = sum(row[0][1] for row in rows) / len(rows)
                base = before.setdefault((language, across), recall)
                d = paired_bootstrap(recall, base, units)
                line.append(f"{language}>{wanted} {e.mean:.3f} [{e.low:.3f}, {e.high:.3f}] MRR {mrr:.3f} "
                            f"({d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}])")
        print(" | ".join(line), flush=True)


if __name__ == "__main__":
    main()
