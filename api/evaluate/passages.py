"""Collections of passages beside the library: what the embedder is measured on without chunks, titles or reranking.

    squadshifts     all paragraphs of the encyclopaedia articles held back from training, their questions
    cranfield       1,400 abstracts on aerodynamics, graded judgements (Cleverdon 1967), BEIR layout
    reading-ru      the Russian reading passages, questions of the dev ones (reading-en likewise)
    news-ru, -en    1,000 news sentences in English among which a Russian one finds its translation, and the reverse
    course-ru, -en  likewise the sentences of language-model courses held back from training

Each is ranked by BM25, by vectors, and by their fusion as in use; a second embedder is ranked beside the first, and
differences are paired by question.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from api.errors import ConfigError
from corpus.format import load_reading
from retrieval.analysis import analyze, analyze_query
from retrieval.bm25 import BM25Index
from retrieval.encoder import Encoder
from retrieval.fusion import fusion_weights, rrf
from retrieval.metrics import ndcg, recall_at_k, reciprocal_rank
from retrieval.training.pairs import held_out
from retrieval.training.parallel import Pair, load_pairs, read_json_lines, split_pairs

Name = Literal[
    "squadshifts", "cranfield", "reading-ru", "reading-en", "news-ru", "news-en", "course-ru", "course-en"
]
_DEPTH = 50
_SENTENCES = 1000
_LEAST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Query:
    """gains: what each relevant passage is worth; cluster: what the question shares its luck with."""

    text: str
    gains: Mapping[str, float]
    cluster: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages by id, and questions in `language`."""

    passages: Mapping[str, str]
    queries: Sequence[Query]
    language: str


def load(name: str, data: Path) -> Collection:
    """The collection called `name`, from the data folder. Raises ConfigError for another name or a missing folder."""
    loaders: dict[str, Callable[[], Collection]] = {
        "squadshifts": lambda: _squadshifts(data / "qa" / "squadshifts.jsonl.xz"),
        "cranfield": lambda: _cranfield(data / "retrieval" / "cranfield"),
        "reading-ru": lambda: _reading("ru"),
        "reading-en": lambda: _reading("en"),
        "news-ru": lambda: _translations(_news(data), "ru"),
        "news-en": lambda: _translations(_news(data), "en"),
        "course-ru": lambda: _translations(_courses(data), "ru"),
        "course-en": lambda: _translations(_courses(data), "en"),
    }
    if name not in loaders:
        raise ConfigError(f"unknown collection {name!r}: give one of {', '.join(get_args(Name))}")
    try:
        return loaders[name]()
    except FileNotFoundError as error:
        raise ConfigError(f"{error.filename} is missing: name the data folder with --data") from None


def _squadshifts(path: Path) -> Collection:
    passages: dict[str, str] = {}
    ids: dict[str, str] = {}
    queries = []
    for row in read_json_lines(path):
        group = f"new_wiki:{row['title']}"
        if str(row["id"]).split("-")[1] != "new_wiki" or not held_out(group):
            continue
        text = f"{str(row['title']).replace('_', ' ')}\n{row['context']}"
        name = ids.setdefault(text, f"p{len(ids)}")
        passages[name] = text
        queries.append(Query(str(row["question"]), {name: 1.0}, group))
    return Collection(passages, queries, "en")


def _cranfield(folder: Path) -> Collection:
    passages = {
        str(row["_id"]): f"{row['title']}\n{row['text']}" for row in read_json_lines(folder / "corpus.jsonl.xz")
    }
    gains: dict[str, dict[str, float]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream, delimiter="\t"):
            if float(line["score"]) > 0 and line["corpus-id"] in passages:
                gains.setdefault(line["query-id"], {})[line["corpus-id"]] = float(line["score"])
    rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    queries = [Query(row["text"], gains[row["_id"]], row["_id"]) for row in rows if row["_id"] in gains]
    return Collection(passages, queries, "en")


def _reading(language: Literal["en", "ru"]) -> Collection:
    every = load_reading(language=language)
    passages = {passage.id: f"{passage.title}\n{passage.text}" for passage in every}
    queries = [
        Query(question.question, {passage.id: 1.0}, passage.id)
        for passage in every
        for question in passage.questions
        if passage.split == "dev" and question.answer is not None
    ]
    return Collection(passages, queries, language)


def _news(data: Path) -> list[Pair]:
    return load_pairs(data / "parallel" / "en_ru_research_only.jsonl.xz")


def _courses(data: Path) -> list[Pair]:
    return split_pairs(load_pairs(data / "parallel" / "en_ru.jsonl.xz"))[1]


def _translations(pairs: Sequence[Pair], language: Literal["en", "ru"]) -> Collection:
    """Sentences in `language` look for their translation among those of the same pairs."""
    distinct: dict[str, Pair] = {}
    russian: set[str] = set()
    for pair in pairs:
        long = min(len(pair.english.split()), len(pair.russian.split())) >= _LEAST_WORDS
        if long and pair.english not in distinct and pair.russian not in russian:
            distinct[pair.english] = pair
            russian.add(pair.russian)
    step = max(1, len(distinct) // _SENTENCES)
    chosen = list(distinct.values())[::step][:_SENTENCES]
    passages = {str(n): pair.english if language == "ru" else pair.russian for n, pair in enumerate(chosen)}
    queries = [
        Query(pair.russian if language == "ru" else pair.english, {str(n): 1.0}, str(n))
        for n, pair in enumerate(chosen)
    ]
    return Collection(passages, queries, language)


def measure(collection: Collection, encoders: Mapping[str, Encoder]) -> dict[str, list[dict[str, float]]]:
    """Ranking -> metrics per question: "bm25", and for each encoder by name its own and "NAME + bm25"."""
    ids = list(collection.passages)
    texts = list(collection.passages.values())
    index = BM25Index.build(ids, [analyze(text) for text in texts])
    words = [[name for name, _ in index.search(analyze_query(q.text), _DEPTH)] for q in collection.queries]
    rankings = {"bm25": words}
    for name, encoder in encoders.items():
        vectors = encoder.encode(texts)
        asked = encoder.encode([query.text for query in collection.queries])
        nearest = np.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :_DEPTH]
        dense = [[ids[n] for n in row] for row in nearest]
        weights = fusion_weights(collection.language, encoder)
        rankings[name] = dense
        rankings[f"{name} + bm25"] = [
            [found for found, _ in rrf([one, other], [weights.bm25, weights.dense])]
            for one, other in zip(words, dense, strict=True)
        ]
    return {
        name: [_values(ranking, query.gains) for ranking, query in zip(rows, collection.queries, strict=True)]
        for name, rows in rankings.items()
    }


def _values(ranking: Sequence[str], gains: Mapping[str, float]) -> dict[str, float]:
    return {
        "accuracy@1": float(bool(ranking) and ranking[0] in gains),
        "recall@5": recall_at_k(ranking, gains, 5),
        "MRR@10": reciprocal_rank(ranking, gains, 10),
        "nDCG@10": ndcg(ranking, gains, 10),
    }
