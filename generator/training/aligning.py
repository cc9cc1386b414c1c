"""`lectern train decoder --stage align`: the decoder learns from its own samples which answers are better.

    training prompts --(samples.py: n answers each, nothing barred)--> align.samples.jsonl
    samples --(preferences.py: judged, paired, balanced)--> align.pairs.jsonl, with log-probabilities at the start
    pairs --(preference_loss.py: DPO with a likelihood term)--> folder / "align"

Method "best-of-n" fine-tunes on the best sample of each prompt and nothing else, from the same samples, for as many
steps, and writes `folder / "best-of-n"`: where DPO is not better than that, it gains nothing. The reader stays as it
is. Dev scores are taken before the first step, half way and at the end.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from generator.checkpoint import load_decoder
from generator.engine import Engine
from generator.errors import CheckpointError
from generator.memory import PromptEncoder
from generator.training.batches import Collator, Composer
from generator.training.decoder import COMPOSITIONS, WEIGHTS, DecoderData, chosen_dev_prompts
from generator.training.loop import LoopSettings, drawn, run_steps
from generator.training.milestones import Milestones
from generator.training.mining import mine
from generator.training.preference_loss import (
    Lesson,
    PreferenceLosses,
    lesson_batch,
    lesson_losses,
    reference_of,
)
from generator.training.preferences import (
    Judged,
    Preference,
    Quality,
    abstention,
    balanced,
    best,
    different,
    judge,
    preferences,
)
from generator.training.samples import Posed, SampleSettings, draw_samples, pose, read_samples
from retrieval.bilingual import file_sha256
from retrieval.embedder import BilingualEmbedder

Method = Literal["dpo", "best-of-n"]


@dataclass(frozen=True, slots=True)
class AlignSettings:
    """beta: how far the decoder may go from where it started; likelihood: weight of the chosen text's own loss;
    pairs: at most this many a prompt; unanswerable: share of prompts without an answer, where abstaining is right (0:
    nothing is learned about abstaining)."""

    method: Method = "dpo"
    beta: float = 0.1
    likelihood: float = 1.0
    pairs: int = 2
    unanswerable: float = 0.15
    samples: SampleSettings = SampleSettings()

    @property
    def name(self) -> str:
        """Of the folder with the weights, the checkpoint and the log."""
        return "align" if self.method == "dpo" else self.method


def align_decoder(
    data: Path, folder: Path, embedder: BilingualEmbedder, loop: LoopSettings, settings: AlignSettings, *,
    resume: bool, report: Callable[[str], None], start: Path | None = None,
) -> None:
    """Train the stage from the decoder in `start` (left out: `folder / "write"`).

    Raises DecoderMissing if it is not there, CheckpointError if its samples hold nothing to learn from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model, vocabulary, weights = load_decoder(embedder, start or folder / "write")
    engine = Engine(model, vocabulary, PromptEncoder(embedder.tokenizer, multiple=16))
    sets = DecoderData.load(data, embedder)
    hard = mine(sets.train, [(e.language, passage) for e in [*sets.train, *sets.fillers] for passage in e.passages])
    composition = replace(COMPOSITIONS["align"], unanswerable=settings.unanswerable)
    posed = pose(
        sets.train, WEIGHTS["write"], Composer(sets.train, composition, sets.fillers, hard), settings.samples
    )
    resume = resume and _checkpoint(folder, settings).is_file()
    lessons = lessons_of(engine, posed, settings, folder, weights, loop.seed, report, resume=resume)
    extra = {
        "settings": asdict(loop), "align": asdict(settings), "composition": asdict(composition),
        "start": weights, "stage": settings.name, "lessons": len(lessons),
    }
    prompts = chosen_dev_prompts(sets, per_source=40)
    milestones = Milestones(engine, prompts, folder, settings.name, extra, report, write=True)
    learn(engine, lessons, loop, settings, folder, milestones, resume=resume, report=report)


def lessons_of(
    engine: Engine, posed: Sequence[Posed], settings: AlignSettings, folder: Path, weights: str, seed: int,
    report: Callable[[str], None], *, resume: bool = False,
) -> list[Lesson]:
    """What the method learns from, out of the samples of the decoder in `engine` as it is; weights: its fingerprint.

    Samples, and log-probabilities at the start, are kept in files: either method and a resumed run use them again.
    resume: steps were taken, so they have to be there.
    """
    path = folder / "align.samples.jsonl"
    draw_samples(engine, posed, settings.samples, path, weights, report, resume=resume)
    judged = _judged(engine, posed, path, abstain=settings.unanswerable > 0.0)
    report(_told(posed, judged))
    if settings.method == "best-of-n":
        chosen = [(item, best(row)) for item, row in zip(posed, judged, strict=True)]
        lessons = [Lesson(item.composed.prompt, (j.text, j.passage)) for item, j in chosen if j is not None]
        report(f"best of {settings.samples.each}: {len(lessons)} prompts have a good sample")
    else:
        pairs = [pair for n, row in enumerate(judged) for pair in preferences(n, row, settings.pairs)]
        lessons = _with_references(
            engine, posed, balanced(pairs, random.Random(seed)), folder / "align.pairs.jsonl",
            {"samples": file_sha256(path), "pairs": settings.pairs, "seed": seed}, report,
        )
    if not lessons:
        raise CheckpointError(
            "too few samples are right and grounded to learn from: train --stage write longer, or draw more --samples"
        )
    return lessons


def learn(
    engine: Engine, lessons: Sequence[Lesson], loop: LoopSettings, settings: AlignSettings, folder: Path,
    milestones: Milestones, *, resume: bool, report: Callable[[str], None],
) -> None:
    """Run the steps; dev scores before the first too."""
    checkpoint = _checkpoint(folder, settings)
    if not (resume and checkpoint.is_file()):
        milestones.measure(0)
    collator = Collator(engine.encoder, engine.vocabulary, engine.model.config.max_steps)
    batch_at = drawn(lessons, [1.0] * len(lessons), loop, lambda lesson: lesson.length)

    def loss_at(step: int) -> PreferenceLosses:
        batch = lesson_batch(collator, batch_at(step))
        return lesson_losses(engine.model, batch, engine.device, settings.beta, settings.likelihood)

    run_steps(
        engine.model, loss_at, loop, "align", checkpoint, resume=resume, report=report, on_milestone=milestones,
        milestones=sorted({round(loop.steps * share) for share in (0.5, 1.0)}),
    )


def _checkpoint(folder: Path, settings: AlignSettings) -> Path:
    return folder / f"{settings.name}.checkpoint.pt"


def _judged(engine: Engine, posed: Sequence[Posed], path: Path, *, abstain: bool) -> list[list[Judged]]:
    """Per prompt its different samples that can be written, and with `abstain` an abstention."""
    collator = Collator(engine.encoder, engine.vocabulary, engine.model.config.max_steps)
    found = []
    for item, (sources, samples) in zip(posed, read_samples(path, posed, engine.encoder), strict=True):
        rows = [judge(item, sample) for sample in samples]
        kept = [
            row for row in different([*rows, abstention(item) if abstain else None])
            if collator.steps(sources, row.text, row.passage) is not None
        ]
        found.append(kept)
    return found


def _with_references(
    engine: Engine, posed: Sequence[Posed], pairs: Sequence[Preference], path: Path, header: dict[str, Any],
    report: Callable[[str], None],
) -> list[Lesson]:
    """`pairs` as lessons with their log-probabilities under the decoder as it is: from `path` if they are there."""
    rows: list[dict[str, Any]] = [
        {
            "id": posed[pair.prompt].id, "question": posed[pair.prompt].composed.prompt.question,
            "difference": pair.difference, "chosen": pair.chosen.text, "rejected": pair.rejected.text,
        }
        for pair in pairs
    ]
    told = dict(Counter(row["difference"] for row in rows))
    silent = sum(pair.abstention for pair in pairs)
    report(f"pairs: {len(pairs)}, that differ in {told}, {silent} with an abstention; "
           f"{sum(pair.longer for pair in pairs if not pair.abstention)} words more in the chosen ones")
    lessons = [
        Lesson(
            posed[pair.prompt].composed.prompt, (pair.chosen.text, pair.chosen.passage),
            (pair.rejected.text, pair.rejected.passage),
        )
        for pair in pairs
    ]
    kept = _kept_references(path, header, rows)
    if kept is None:
        kept = _references(engine, lessons, batch_size=16)
        lines = [header, *({**row, "reference": r} for row, r in zip(rows, kept, strict=True))]
        part = path.with_suffix(".part")
        part.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        part.replace(path)
    return [replace(lesson, reference=r) for lesson, r in zip(lessons, kept, strict=True)]


def _kept_references(
    path: Path, header: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> list[tuple[float, float]] | None:
    """The log-probabilities in `path`, None if it is not of these pairs."""
    if not path.is_file():
        return None
    first, *found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [tuple(row.pop("reference")) for row in found]
    return kept if first == header and found == list(rows) else None


def _references(engine: Engine, lessons: Sequence[Lesson], batch_size: int) -> list[tuple[float, float]]:
    """Log-probabilities of both texts of every lesson, batches of like length."""
    collator = Collator(engine.encoder, engine.vocabulary, engine.model.config.max_steps)
    order = sorted(range(len(lessons)), key=lambda n: lessons[n].length)
    found: dict[int, tuple[float, float]] = {}
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        batch = lesson_batch(collator, [lessons[n] for n in part])
        found.update(zip(part, reference_of(engine.model, batch, engine.device), strict=True))
    return [found[n] for n in range(len(lessons))]


def _told(posed: Sequence[Posed], judged: Sequence[Sequence[Judged]]) -> str:
    """A line on how good the samples are."""
    answers = [j for item, row in zip(posed, judged, strict=True) if item.gold for j in row if j.text]
    n = max(1, len(answers))
    shares = {name: sum(getattr(j.quality, name) for j in answers) / n for name in Quality._fields}
    return (
        f"{len(answers)} different answers to {sum(bool(item.gold) for item in posed)} answerable prompts: "
        + ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
    )
