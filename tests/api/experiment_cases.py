"""Questions on the two notes of the fixtures, and records to judge: what the tests of experiments share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.experiments import definition, places, runner
from api.experiments.runner import Finished
from api.pipeline import Pipeline
from corpus.format import Evidence, Question
from generator.answer import Answer, Citation, Sentence
from ingest.document import Chunk
from retrieval.hit import Hit

# Three arms of an experiment file, and when it was run.
ARMS = """
[[arm]]
name = "rag"
[[arm]]
name = "closed-book"
mode = "closed_book"
[[arm]]
name = "refuse"
control = "always_refuse"
"""
DATE = "2026-01-02T03:04:05+00:00"
STORES = "A KV cache stores the keys and values of past tokens."
GROWS = "Its memory grows with the length of the sequence and the number of layers."
STAGES = "Обучение языковой модели состоит из трёх этапов: предобучение, обучение с учителем и согласование."


def question(**changes: Any) -> Question:
    """An answerable English question on `STORES`, unless `changes` say otherwise."""
    given: dict[str, Any] = {
        "id": "kv-cache-01-en", "pair": "kv-cache-01", "unit": "kv-cache", "kind": "fact", "language": "en",
        "question": "What does a KV cache store?", "answer": "It stores keys and values.", "gold": ("keys and values",),
        "gold_all": (), "evidence": (Evidence("notes/en/kv-cache.md", STORES),), "fault": None, "split": "dev",
    }  # fmt: skip
    return Question(**{**given, **changes})


def unanswerable(**changes: Any) -> Question:
    """A question that the notes do not answer."""
    nothing = {"kind": "unanswerable", "answer": "", "gold": (), "evidence": (), "fault": "near_miss"}
    return question(**{**nothing, **changes})


def hit(name: str = "d:0-53", text: str = STORES) -> Hit:
    """A passage that was read."""
    return Hit(Chunk(name, "d", 0, len(text), text), 1.0, 1, "fused")


def citation(quote: str = STORES, chunk: str = "d:0-53") -> Citation:
    """A citation of a quote at the beginning of document d."""
    return Citation(1, chunk, "d", "KV cache", "kv-cache.md", 1, 0, len(quote), quote)


def answered(text: str, *citations: Citation, **changes: Any) -> Answer:
    """An answer of one sentence; `changes` are fields of Answer."""
    given: dict[str, Any] = {
        "id": "a", "question": "?", "language": "en", "mode": "rag", "status": "answered", "reason": "", "text": text,
        "sentences": (Sentence(text, "decoder", citations),), "hits": (hit(),), "confidence": 0.8, "model": "fake",
        "config_hash": "",
    }  # fmt: skip
    return Answer(**{**given, **changes})


def abstained() -> Answer:
    """A refusal."""
    return answered("", status="abstained", reason="not_answerable", sentences=())


def write_experiment(folder: Path, arms: str = ARMS, more: str = "") -> Path:
    """An experiment on the question file of the two notes; more: lines before the arms."""
    write_questions(folder)
    path = folder / "mine.toml"
    head = 'name = "mine"\nquestion = "Does <b>it</b> help?"\nquestions = "questions.jsonl"\n'
    path.write_text(head + more + arms, encoding="utf-8")
    return path


def go(pipeline: Pipeline, path: Path, **options: Any) -> Finished:
    """A run with the date of the tests."""
    return runner.run(pipeline, definition.load(path), date=DATE, **options)


def figures(finished: Finished) -> dict[str, Any]:
    """Everything that a run measured."""
    return {k: v for k, v in finished.results.items() if k not in ("asked", "provenance")}


def forget_answers(home: Path) -> None:
    """Leave the searches alone."""
    for kept in (home / places.FOLDER / places.CACHE).rglob("*.json"):
        kept.unlink()


def write_questions(folder: Path) -> Path:
    """A question file on the two notes: three answerable questions, one unanswerable, in two languages."""
    rows = [
        _pair("kv-cache-01", "What does a KV cache store?", "keys and values", STORES),
        _pair("kv-cache-02", "What does its memory grow with?", "number of layers", GROWS),
        _pair("stages-01", "Из каких этапов состоит обучение?", "предобучение", STAGES, "ru"),
        {
            "id": "stages-02", "kind": "unanswerable", "fault": "other_field",
            "ru": {"question": "Сколько весит кошка?", "answer": "", "gold": [], "evidence": []},
            "en": {"question": "Who won the World Cup?", "answer": "", "gold": [], "evidence": []},
        },
    ]  # fmt: skip
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def _pair(name: str, asked: str, gold: str, quote: str, language: str = "en") -> dict[str, Any]:
    side = {
        "question": asked, "answer": gold, "gold": [gold],
        "evidence": [{"document": f"notes/{language}/{name[:-3]}.md", "quote": quote}],
    }  # fmt: skip
    return {"id": name, "kind": "fact", language: side}
