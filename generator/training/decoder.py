"""`lectern train decoder --stage read|write`: reader's top and decoder together, spans first, written answers last.

Stage "read": English sets teach reading, the reading sets and the corpus teach Russian and when not to answer; most
answers are cut out by rule. Stage "write" goes on from its weights: mostly answers written as sentences, questions
in Russian on English passages, more distractors. Everything is drawn from one seed.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import torch

from corpus.rows import load_rows
from generator.checkpoint import load_decoder, save_decoder
from generator.engine import Engine
from generator.memory import PromptEncoder
from generator.model import Decoder, DecoderConfig
from generator.training.batches import Collator, Composer, Composition
from generator.training.corpus_examples import load_corpus_examples
from generator.training.dev import dev_prompts, dev_scores
from generator.training.examples import Example, load_reading_examples, shared_examples
from generator.training.loop import LoopSettings, train
from generator.vocabulary import Vocabulary
from retrieval.embedder import BilingualEmbedder

VOCABULARY_SIZE = 6000
Stage = Literal["read", "write"]

# How often an example of a source is drawn, relative to others. "-written": rows of the shared sets for which
# somebody wrote the answer as a sentence; "cross": Russian questions on English passages.
WEIGHTS: dict[Stage, dict[str, float]] = {
    "read": {
        "new_wiki": 1.0, "new_wiki-written": 1.0, "reddit": 0.5, "amazon_reviews": 0.35, "nq_open_oracle": 0.8,
        "covidqa": 0.5, "cross": 1.0, "reading-ru": 4.0, "reading-en": 3.0, "corpus-ru": 4.0, "corpus-en": 3.0,
    },
    "write": {
        "new_wiki": 0.2, "new_wiki-written": 1.5, "reddit": 0.05, "amazon_reviews": 0.03, "nq_open_oracle": 0.2,
        "covidqa": 0.1, "cross": 1.0, "reading-ru": 3.0, "reading-en": 3.0, "corpus-ru": 5.0, "corpus-en": 4.0,
    },
}
COMPOSITIONS: dict[Stage, Composition] = {
    "read": Composition(distractors=(0.65, 0.35)),
    "write": Composition(distractors=(0.5, 0.4, 0.1)),
}


def train_decoder(
    data: Path, folder: Path, embedder: BilingualEmbedder, settings: LoopSettings, stage: Stage, *,
    resume: bool, report: Callable[[str], None], config: DecoderConfig | None = None,
) -> None:
    """Train a stage and write `folder / stage`; dev scores go to the log and to `folder / "dev.jsonl"`.

    Stage "write" starts from `folder / "read"`; raises DecoderMissing if that is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    written = {row.id: row.text for row in load_rows("answers")}
    translated = {row.id: row.text for row in load_rows("translations")}
    examples: list[Example] = []
    dev: dict[str, list[Example]] = {}
    for example, is_dev in shared_examples(data, written, translated):
        (dev.setdefault(example.source, []) if is_dev else examples).append(example)
    corpus, fillers = load_corpus_examples("train", embedder.count_tokens)
    corpus_dev, fillers_dev = load_corpus_examples("dev", embedder.count_tokens)
    examples += load_reading_examples("train") + corpus
    for example in load_reading_examples("dev") + corpus_dev:
        dev.setdefault(example.source, []).append(example)
    counts = Counter(example.source for example in examples)
    report(f"examples: {dict(counts)}; dev: { {name: len(rows) for name, rows in dev.items()} }")

    if stage == "write":
        model, vocabulary, _ = load_decoder(embedder, folder / "read")
        model = model.to(torch.bfloat16).train()
    else:
        texts = [e.answer for e in examples if e.written or e.source == "new_wiki"]
        vocabulary = Vocabulary.choose(embedder.tokenizer, texts, VOCABULARY_SIZE)
        torch.manual_seed(settings.seed)
        model = Decoder(config or DecoderConfig(), embedder.network, vocabulary)
        model = model.to(embedder.device, torch.bfloat16).train()
    encoder = PromptEncoder(embedder.tokenizer, multiple=16)
    composition = COMPOSITIONS[stage]
    weights = WEIGHTS[stage]
    composer = Composer(examples, composition, fillers)
    collator = Collator(encoder, vocabulary, composition.max_steps)
    engine = Engine(model, vocabulary, encoder)
    prompts = _dev_prompts(dev, fillers_dev, per_source=40)
    extra = {
        "settings": asdict(settings), "composition": asdict(composition), "examples": dict(counts),
        "weights": weights, "stage": stage,
    }

    def milestone(step: int) -> None:
        model.eval()
        scores = dev_scores(engine, prompts)
        model.train()
        for source, row in scores.items():
            report(f"dev {source}: " + " ".join(f"{name} {value}" for name, value in row.items()))
        with (folder / "dev.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"stage": stage, "step": step, "scores": scores}) + "\n")
        minutes = (time.monotonic() - started) / 60
        save_decoder(
            model, vocabulary, embedder.fingerprint, folder / stage,
            {**extra, "step": step, "minutes": round(minutes, 1), "dev": scores},
        )

    marks = sorted({round(settings.steps * share) for share in (0.5, 1.0)})
    train(
        model, composer, collator, examples, [weights[example.source] for example in examples], settings,
        folder / f"{stage}.checkpoint.pt", resume=resume, report=report, on_milestone=milestone, milestones=marks,
    )


def _dev_prompts(dev: dict[str, list[Example]], fillers: list[Example], per_source: int) -> list:  # type: ignore[type-arg]
    rng = random.Random(3)
    wanted = ("new_wiki", "reading-ru", "reading-en", "corpus-ru", "corpus-en")
    chosen = [e for name in wanted for e in rng.sample(dev.get(name, []), min(per_source, len(dev.get(name, []))))]
    everything = [example for rows in dev.values() for example in rows]
    composer = Composer(everything, Composition(closed_book=0.0, unanswerable=0.0), fillers)
    return dev_prompts(chosen, composer)

