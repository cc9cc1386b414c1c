"""The preference loss is that of its definition, samples and steps resume, and the stage runs from end to end."""

from __future__ import annotations

import copy
import json
import math
import random
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from generator.checkpoint import WEIGHTS_FILE
from generator.engine import Engine
from generator.errors import CheckpointError
from generator.memory import Prompt
from generator.model import READER
from generator.training.aligning import AlignSettings, Method, learn, lessons_of
from generator.training.batches import Collator, Composed, Composer, Composition
from generator.training.dev import bits_per_byte
from generator.training.loop import LoopSettings, run_steps, train
from generator.training.loss import log_probabilities
from generator.training.milestones import Milestones
from generator.training.preference_loss import Lesson, lesson_batch, lesson_losses, preference_loss, reference_of
from generator.training.samples import Posed, SampleSettings, draw_samples, pose, read_samples
from tests.generator.test_training import EXAMPLES, SENTENCE, example
from tests.generator.tiny import OTHER, PASSAGE, tiny_engine

CPU = torch.device("cpu")
SAMPLES = SampleSettings(prompts=3, each=4, temperature=0.7, max_pieces=12, batch_size=2)
LOOP = LoopSettings(steps=6, batch_size=2, new_rate=1e-3, warmup_steps=1)
POSED = [
    Posed("a", Composed(Prompt("What does the cache store?", (PASSAGE, OTHER)), ((SENTENCE,), ()), (20, 35), 0, "x"),
          ("keys and values",)),
    Posed("b", Composed(Prompt("What is a token?", (OTHER,)), (((0, 28),),), (11, 27), 0, "x"), ("a piece of a word",)),
    Posed("c", Composed(Prompt("Who won?", (OTHER, PASSAGE)), ((), ()), None, -1, ""), ()),
]
LESSONS = [
    Lesson(POSED[0].composed.prompt, ("The KV cache stores keys and values.", 0), ("It is a piece of a word.", 1)),
    Lesson(POSED[1].composed.prompt, ("A token is a piece of a word.", 0), ("", -1)),
    Lesson(POSED[2].composed.prompt, ("", -1), ("Keys and values.", 1)),
]


@lru_cache(maxsize=1)
def _taught() -> Engine:
    engine = copy.deepcopy(tiny_engine())
    composer = Composer(EXAMPLES[:2], Composition(closed_book=0.0, unanswerable=0.0))
    with TemporaryDirectory() as folder:
        train(
            engine.model, composer, Collator(engine.encoder, engine.vocabulary, 60), EXAMPLES[:2], [1.0, 1.0],
            LoopSettings(steps=60, batch_size=2, new_rate=1e-2, warmup_steps=5), "write", Path(folder) / "taught.pt",
            resume=False, report=[].append,
        )
    with torch.no_grad():
        # So few steps do not teach it to stop, nor to leave the letters alone.
        engine.model.output_bias[0] += 2.0
        engine.model.output_bias[1:] -= 2.0
    return engine


def taught_engine() -> Engine:
    """A tiny decoder that has seen two answers often: some of its samples are right, some are not."""
    return copy.deepcopy(_taught())


def collator_of(engine: Engine) -> Collator:
    return Collator(engine.encoder, engine.vocabulary, engine.model.config.max_steps)


def with_reference(engine: Engine, lessons: list[Lesson]) -> list[Lesson]:
    found = reference_of(engine.model, lesson_batch(collator_of(engine), lessons), CPU)
    return [Lesson(x.prompt, x.chosen, x.rejected, r) for x, r in zip(lessons, found, strict=True)]


def test_the_preference_loss_by_hand() -> None:
    # Chosen: from -11 up to -10; rejected: from -9.5 up to -8. Margin 1 - 1.5; -log sigmoid(0.4 * -0.5).
    loss, margin = preference_loss(
        torch.tensor([-10.0, -4.0]), torch.tensor([-8.0, -6.0]), torch.tensor([[-11.0, -9.5], [-4.0, -3.0]]), 0.4
    )
    assert margin.tolist() == pytest.approx([-0.5, 3.0])
    assert loss.tolist() == pytest.approx([math.log(1 + math.exp(0.2)), math.log(1 + math.exp(-1.2))], abs=1e-6)


def test_log_probabilities_are_those_of_taking_one_step_after_the_other() -> None:
    engine = tiny_engine()
    batch = lesson_batch(collator_of(engine), LESSONS)
    found = reference_of(engine.model, batch, CPU)
    for b, lesson in enumerate(LESSONS):
        assert lesson.rejected is not None
        for side, (text, passage) in enumerate((lesson.chosen, lesson.rejected)):
            # The slow twin: alone, with the cache, a sum of plain probabilities at every step.
            memory, (sources,), _ = engine.read([lesson.prompt])
            steps = collator_of(engine).steps(sources, text, passage)
            assert steps is not None and bool(steps) == bool(text)
            targets = collator_of(engine).targets(engine.encoder.batch([lesson.prompt]), [(text, passage)])
            with torch.inference_mode():
                prepared = engine.model.prepare(memory, cached=True)
            total = 0.0
            for t in range(len(steps) + 1):
                one = (part[:, t : t + 1] for part in (targets.ids, targets.cases, targets.positions))
                with torch.inference_mode():
                    probabilities = engine.model.scores(memory, prepared, *one)[0, 0].softmax(-1)
                total += math.log(float(probabilities[targets.allowed[0, t]].sum()))
            assert found[b][side] == pytest.approx(total, abs=2e-3)


def test_an_abstention_is_the_end_and_nothing_before_it() -> None:
    engine = tiny_engine()
    targets = collator_of(engine).targets(
        engine.encoder.batch([LESSONS[2].prompt] * 2), [("", -1), (None, -1)]
    )
    assert targets.mask.sum(1).tolist() == [1, 0] and targets.allowed[0, 0].nonzero().flatten().tolist() == [0]
    scores = torch.zeros(2, *targets.allowed.shape[1:])
    expected = [-math.log(scores.shape[-1]), 0.0]
    assert log_probabilities(scores, targets).tolist() == pytest.approx(expected, abs=1e-4)


def test_at_the_start_the_loss_is_log_2_and_a_step_parts_the_two() -> None:
    engine = copy.deepcopy(tiny_engine())
    batch = lesson_batch(collator_of(engine), with_reference(engine, LESSONS))
    result = lesson_losses(engine.model, batch, CPU, beta=0.1, likelihood=0.0)
    assert result.shown["preference"] == pytest.approx(math.log(2.0), abs=1e-5)
    assert float(result.total.detach()) == result.shown["preference"]
    assert result.shown["margin"] == pytest.approx(0.0, abs=1e-4)
    result.total.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in engine.model.parameters():
            if parameter.grad is not None:
                parameter -= 0.05 * parameter.grad
    before = [lesson.reference for lesson in with_reference(tiny_engine(), LESSONS)]
    after = reference_of(engine.model, batch, CPU)
    moved = [(new[0] - old[0]) - (new[1] - old[1]) for old, new in zip(before, after, strict=True)]
    assert sum(moved) > 0.0
    again = lesson_losses(engine.model, batch, CPU, beta=0.1, likelihood=0.0)
    assert again.shown["preference"] < math.log(2.0) and again.shown["margin"] > 0.0


def test_the_likelihood_term_is_that_of_the_chosen_texts() -> None:
    engine = tiny_engine()
    lessons = with_reference(engine, LESSONS)
    both = lesson_losses(engine.model, lesson_batch(collator_of(engine), lessons), CPU, beta=0.1, likelihood=0.5)
    alone = [Lesson(x.prompt, x.chosen) for x in lessons]
    own = lesson_losses(engine.model, lesson_batch(collator_of(engine), alone), CPU, beta=0.1, likelihood=0.5)
    assert own.shown == {"likelihood": pytest.approx(float(own.total.detach()))}
    assert float(both.total.detach()) == pytest.approx(
        both.shown["preference"] + 0.5 * own.shown["likelihood"], abs=1e-4
    )
    with pytest.raises(ValueError, match="one batch"):
        lesson_batch(collator_of(engine), [lessons[0], alone[1]])


def test_prompts_are_drawn_without_repetition_and_know_what_is_right() -> None:
    many = [example(f"e{n}", source="often" if n % 2 else "never") for n in range(20)]
    composer = Composer(many, Composition(closed_book=0.0, unanswerable=0.5, distractors=(1.0,)), EXAMPLES)
    settings = SampleSettings(prompts=10, batch_size=4)
    posed = pose([*many, EXAMPLES[2]], {"often": 1.0, "never": 1e-9, "reading-en": 1.0}, composer, settings)
    assert sorted(item.id for item in posed) == sorted(f"e{n}" for n in range(1, 20, 2))
    assert posed == pose([*many, EXAMPLES[2]], {"often": 1.0, "never": 1e-9}, composer, settings)
    for item in posed:
        assert bool(item.gold) == bool(item.composed.answer) == any(item.composed.gold)
    assert {bool(item.gold) for item in posed} == {True, False}


def test_stopped_sampling_goes_on_to_the_same_file(tmp_path: Path) -> None:
    engine = tiny_engine()
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    draw_samples(engine, POSED, SAMPLES, whole, "w", [].append)
    lines = whole.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + len(POSED)
    for kept in (b"", lines[0], b"".join(lines[:3]), b"".join(lines[:3]) + lines[3][:20], b"".join(lines)):
        cut.write_bytes(kept)
        said: list[str] = []
        draw_samples(engine, POSED, SAMPLES, cut, "w", said.append)
        assert cut.read_bytes() == whole.read_bytes()
        assert any("goes on at prompt 2" in line for line in said) == (len(lines[0]) < len(kept) < len(b"".join(lines)))
    with pytest.raises(CheckpointError, match="leave out --resume"):
        draw_samples(engine, POSED, SAMPLES, cut, "other weights", [].append, resume=True)
    assert cut.read_bytes() == whole.read_bytes()
    draw_samples(engine, POSED, SAMPLES, cut, "other weights", [].append)
    assert json.loads(cut.read_bytes().splitlines()[0])["weights"] == "other weights"
    with pytest.raises(CheckpointError, match="other prompts"):
        list(read_samples(whole, POSED[:2], engine.encoder))


def test_samples_come_back_as_they_were_and_differ_from_one_another(tmp_path: Path) -> None:
    engine = tiny_engine()
    path = tmp_path / "samples.jsonl"
    settings = SampleSettings(prompts=3, each=3, temperature=1.0, max_pieces=12, batch_size=3)
    draw_samples(engine, POSED, settings, path, "w", [].append)
    for item, (sources, samples) in zip(POSED, read_samples(path, POSED, engine.encoder), strict=True):
        assert len({sample.text for sample in samples}) > 1
        for sample in samples:
            assert not sample.pieces or sample.pieces[-1].end == len(sample.text)
            for piece in sample.pieces:
                assert piece.source is None or piece.source in sources
                if piece.source is not None:
                    shown = sample.text[piece.start : piece.end]
                    assert shown.lower().endswith(piece.source.surface.lower())
        assert item.composed.prompt.passages


@pytest.mark.parametrize("method", ["dpo", "best-of-n"])
def test_the_stage_from_end_to_end(tmp_path: Path, method: Method) -> None:
    engine = taught_engine()
    before = {name: value.clone() for name, value in engine.model.state_dict().items()}
    settings = AlignSettings(method, samples=SampleSettings(prompts=3, each=8, temperature=0.7, max_pieces=14))
    said: list[str] = []
    lessons = lessons_of(engine, POSED, settings, tmp_path, "w", 1, said.append)
    assert lessons and all((lesson.rejected is not None) == (method == "dpo") for lesson in lessons)
    drawn = (tmp_path / "align.samples.jsonl").read_bytes()
    again = lessons_of(engine, POSED, settings, tmp_path, "w", 1, said.append)
    assert again == lessons and (tmp_path / "align.samples.jsonl").read_bytes() == drawn
    dev = [(e, Composer(EXAMPLES, Composition(0.0, 0.0)).compose(e, 0, random.Random(1)))
           for e in EXAMPLES[:1]]
    milestones = Milestones(engine, dev, tmp_path, settings.name, {}, said.append, write=True)
    learn(engine, lessons, LOOP, settings, tmp_path, milestones, resume=False, report=said.append)
    log = [json.loads(line) for line in (tmp_path / "dev.jsonl").read_text().splitlines()]
    assert [(row["stage"], row["step"]) for row in log] == [(settings.name, step) for step in (0, 3, 6)]
    assert {"match", "closed", "words", "bits_per_byte"} <= set(log[0]["scores"]["reading-en"])
    assert (tmp_path / settings.name / WEIGHTS_FILE).is_file()
    curve = [json.loads(line) for line in (tmp_path / f"{settings.name}.losses.jsonl").read_text().splitlines()]
    assert [row["step"] for row in curve] == [6] and ("preference" in curve[0]) == (method == "dpo")
    changed = {name for name, value in engine.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and not any(name.startswith(READER) for name in changed)


def test_a_resumed_run_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    lessons = with_reference(tiny_engine(), LESSONS)

    class Stopping(Milestones):
        """Ctrl-C at half time."""

        def __call__(self, step: int) -> None:
            if self.name == "stopped" and step == 3:
                raise KeyboardInterrupt

    def run(folder: str, name: str, *, resume: bool) -> Engine:
        engine = copy.deepcopy(tiny_engine())
        (tmp_path / folder).mkdir(exist_ok=True)
        stops = Stopping(engine, [], tmp_path / folder, name, {}, [].append, write=True)
        learn(engine, lessons, LOOP, AlignSettings(), tmp_path / folder, stops, resume=resume, report=[].append)
        return engine

    whole = run("whole", "align", resume=False)
    with pytest.raises(KeyboardInterrupt):
        run("parts", "stopped", resume=False)
    resumed = run("parts", "align", resume=True)
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(resumed.model.state_dict()[name], value, msg=name)


def test_a_resumed_curve_repeats_no_step(tmp_path: Path) -> None:
    engine = copy.deepcopy(tiny_engine())
    batch = lesson_batch(collator_of(engine), with_reference(engine, LESSONS[:1]))

    def steps(count: int, *, resume: bool) -> list[int]:
        run_steps(
            engine.model, lambda _: lesson_losses(engine.model, batch, CPU, 0.1, 0.0),
            LoopSettings(steps=count, batch_size=1, warmup_steps=1), "align", tmp_path / "a.checkpoint.pt",
            resume=resume, report=[].append,
        )
        return [json.loads(line)["step"] for line in (tmp_path / "a.losses.jsonl").read_text().splitlines()]

    assert steps(2, resume=False) == [2] and steps(4, resume=True) == [2, 4]
    with (tmp_path / "a.losses.jsonl").open("a") as file:
        file.write('{"step": 50}\n')  # from after the checkpoint
    assert steps(5, resume=True) == [2, 4, 5] and steps(1, resume=False) == [1]


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    settings = AlignSettings(unanswerable=0.0, samples=SampleSettings(prompts=1, each=1, max_pieces=2))
    with pytest.raises(CheckpointError, match="too few samples"):
        lessons_of(tiny_engine(), POSED[:1], settings, tmp_path, "w", 1, [].append)


def test_bits_per_byte_by_hand() -> None:
    engine = tiny_engine()
    answer = "The KV cache stores keys and values."
    composed = Composed(POSED[0].composed.prompt, ((SENTENCE,), ()), (20, 35), 0, answer)
    lesson = Lesson(composed.focused.prompt, (composed.answer, 0))
    ((log_p, _),) = reference_of(engine.model, lesson_batch(collator_of(engine), [lesson]), CPU)
    found = bits_per_byte(engine, [(EXAMPLES[0], composed), (EXAMPLES[0], POSED[2].composed)])
    assert found == {"reading-en": pytest.approx(-log_p / math.log(2) / len(composed.answer), rel=1e-3)}
