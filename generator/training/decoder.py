"""`lectern train decoder --stage cloze|read|write`: the reader learns to find answers, then the decoder to say them.

Stage "cloze", where there is time for it, comes first: half of what is read are questions made by rule (cloze.py);
"read" goes on from its weights where they are named (`--from OUT/cloze`).
Stage "read" trains the reader's layers and heads: spans, evidence, relevance, support of claims. English sets teach
reading, the reading sets, the corpus and questions on documentation teach Russian, reading across languages and when
not to answer; half of the passages are near misses that a search returned. Stage "write" trains the decoder over that
reader, which stays as it is: mostly answers written as sentences, more distractors, a share without passages.
Everything is drawn from one seed. The third stage is in `aligning.py`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from corpus.planted import load_planted
from corpus.rows import load_rows
from generator.checkpoint import load_decoder, with_writing_of
from generator.engine import Engine
from generator.memory import PromptEncoder
from generator.model import Decoder, DecoderConfig
from generator.training.batches import Collator, Composed, Composer, Composition
from generator.training.claims import ClaimMaker
from generator.training.cloze import cloze_examples
from generator.training.corpus_examples import load_corpus_examples
from generator.training.dev import dev_prompts
from generator.training.documentation_examples import documentation_examples
from generator.training.examples import Example, load_reading_examples, shared_examples
from generator.training.loop import READING, LoopSettings, Stage, train
from generator.training.milestones import Milestones
from generator.training.mining import mine
from generator.vocabulary import Vocabulary
from retrieval.embedder import BilingualEmbedder
from retrieval.precision import fast_dtype

VOCABULARY_SIZE = 6000
# How often an example of a source is drawn, relative to others. "-written": rows of the shared sets for which
# somebody wrote the answer as a sentence; "cross": questions in another language than their passages.
WEIGHTS: dict[Stage, dict[str, float]] = {
    "read": {
        "new_wiki": 1.2, "new_wiki-written": 1.5, "reddit": 0.25, "amazon_reviews": 0.2, "nq_open_oracle": 0.8,
        "covidqa": 0.5, "cross": 1.2, "reading-ru": 1.8, "reading-en": 1.5, "reading-cross": 1.5,
        "corpus-ru": 5.0, "corpus-en": 5.0, "corpus-cross": 2.0, "reading-ru-asked": 2.2, "reading-en-asked": 2.0,
        "notes-ru": 3.0, "notes-en": 3.0, "notes-cross": 2.0,
        "docs-ru": 1.8, "docs-en": 1.6, "docs-cross": 1.0,
    },
    "write": {
        "new_wiki": 0.1, "new_wiki-written": 1.0, "reddit": 0.02, "amazon_reviews": 0.02, "nq_open_oracle": 0.1,
        "covidqa": 0.05, "cross": 0.7, "reading-ru": 1.5, "reading-en": 1.2, "reading-cross": 0.7,
        "corpus-ru": 3.0, "corpus-en": 2.5, "corpus-cross": 0.7, "reading-ru-asked": 1.0, "reading-en-asked": 0.8,
        "docs-ru": 2.0, "docs-en": 1.8, "docs-cross": 0.7, "notes-ru": 1.5, "notes-en": 1.2, "notes-cross": 0.7,
    },
}
WEIGHTS["cloze"] = {**WEIGHTS["read"], "cloze-ru": 5.6, "cloze-en": 4.4, "cloze-cross": 4.0}
COMPOSITIONS: dict[Stage, Composition] = {
    "read": Composition(
        closed_book=0.0, unanswerable=0.2, distractors=(0.35, 0.45, 0.2), verified=0.15, planted=0.1, cropped=0.6,
    ),
    "write": Composition(closed_book=1 / 3, unanswerable=0.0, distractors=(1.0,), focused=True),
    "align": Composition(closed_book=0.0, unanswerable=0.15, distractors=(1.0,), focused=True),
}
COMPOSITIONS["cloze"] = COMPOSITIONS["read"]


@dataclass(frozen=True, slots=True)
class DecoderData:
    """Examples to train on and, by source, to measure on; passages that only serve as distractors for each."""

    train: list[Example]
    dev: dict[str, list[Example]]
    fillers: list[Example]
    dev_fillers: list[Example]

    @classmethod
    def load(cls, data: Path, embedder: BilingualEmbedder) -> DecoderData:
        written = {row.id: row.text for row in load_rows("answers")}
        translated = {row.id: row.text for row in load_rows("translations")}
        corpus, fillers = load_corpus_examples("train", embedder.count_tokens)
        corpus_dev, dev_fillers = load_corpus_examples("dev", embedder.count_tokens)
        shared = list(shared_examples(data, written, translated))
        train = [example for example, is_dev in shared if not is_dev]
        dev: dict[str, list[Example]] = {}
        held = [example for example, is_dev in shared if is_dev]
        for example in [
            *held, *load_reading_examples("dev"), *corpus_dev, *documentation_examples(data, "dev")
        ]:
            dev.setdefault(example.source, []).append(example)
        train += [*load_reading_examples("train"), *corpus, *documentation_examples(data, "train")]
        return cls(train, dev, fillers, dev_fillers)


def train_decoder(
    data: Path, folder: Path, embedder: BilingualEmbedder, settings: LoopSettings, stage: Stage, *,
    resume: bool, report: Callable[[str], None], start: Path | None = None, config: DecoderConfig | None = None,
) -> None:
    """Train a stage and write `folder / stage`; dev scores go to the log and to `folder / "dev.jsonl"`.

    Stages "cloze" and "read" go on from the weights of `start`, its decoder's too, or begin a new model. Stage "write"
    takes the reader of `folder / "read"`, and the decoder of `start` or a new one. Raises DecoderMissing if they are
    not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sets = DecoderData.load(data, embedder)
    hard = mine(sets.train, [(e.language, passage) for e in [*sets.train, *sets.fillers] for passage in e.passages])
    if stage == "cloze":
        sets = replace(sets, train=[*sets.train, *cloze_examples(data, settings.seed)])
    examples = [example for example in sets.train if stage in READING or example.answerable]
    counts = Counter(example.source for example in examples)
    report(f"examples: {dict(counts)}; dev: { {name: len(rows) for name, rows in sets.dev.items()} }")
    if stage == "write":
        model, vocabulary, _ = load_decoder(embedder, folder / "read")
        if start is not None:
            model, vocabulary = with_writing_of(model, embedder, start)
    elif start is not None:
        model, vocabulary, _ = load_decoder(embedder, start)
    else:
        texts = [e.answer for e in examples if e.written or e.source == "new_wiki"]
        vocabulary = Vocabulary.choose(embedder.tokenizer, texts, VOCABULARY_SIZE)
        torch.manual_seed(settings.seed)
        model = Decoder(config or DecoderConfig(), embedder.network, vocabulary)
        model = model.to(embedder.device, fast_dtype(embedder.device))
    encoder = PromptEncoder(embedder.tokenizer, multiple=16)
    composition, weights = COMPOSITIONS[stage], WEIGHTS[stage]
    extra = {
        "settings": asdict(settings), "composition": asdict(composition), "examples": dict(counts),
        "weights": weights, "stage": stage,
    }
    milestones = Milestones(
        Engine(model, vocabulary, encoder), chosen_dev_prompts(sets, per_source=60 if stage in READING else 40), folder,
        stage, extra, report, write=stage == "write",
    )

    # No dropout: the engine holds the model in evaluation mode. Every example is seen once or twice, and on a CPU
    # dropout costs more than the products.
    train(
        model, Composer(examples, composition, sets.fillers, hard, load_planted()),
        Collator(encoder, vocabulary, composition.max_steps), examples, [weights[e.source] for e in examples],
        settings, stage, folder / f"{stage}.checkpoint.pt", resume=resume, report=report, on_milestone=milestones,
        milestones=sorted({round(settings.steps * share) for share in (0.5, 1.0)}),
        claims=ClaimMaker(examples, hard),
    )


def chosen_dev_prompts(sets: DecoderData, per_source: int) -> list[tuple[Example, Composed]]:
    """The dev prompts of every stage: the same at every call."""
    dev, fillers = sets.dev, sets.dev_fillers
    rng = random.Random(3)
    wanted = (
        "new_wiki", "cross", "reading-ru", "reading-en", "reading-cross", "corpus-ru", "corpus-en", "corpus-cross",
        "docs-ru", "docs-en", "notes-ru", "notes-en",
    )
    chosen = [e for name in wanted for e in rng.sample(dev.get(name, []), min(per_source, len(dev.get(name, []))))]
    everything = [example for rows in dev.values() for example in rows]
    hard = mine(chosen, [(e.language, passage) for e in [*everything, *fillers] for passage in e.passages])
    composer = Composer(everything, Composition(closed_book=0.0, unanswerable=0.0, mined=1.0), fillers, hard)
    return dev_prompts(chosen, composer)

