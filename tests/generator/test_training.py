"""Targets rebuild the answer, prompts train as they serve, a resumed run is the undisturbed one."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from corpus.format import ReadingPassage, ReadingQuestion
from generator.memory import Passage
from generator.model import READER, Decoder
from generator.pieces import Assembler, token_of
from generator.training.batches import Collator, Composer, Composition
from generator.training.examples import Example, answer_by_rule, reading_examples
from generator.training.loop import LoopSettings, Stage, train
from generator.training.mining import mine
from generator.training.targets import align
from tests.generator.tiny import OTHER, PASSAGE, prompts, tiny_engine

SENTENCE = (0, PASSAGE.text.index("In 2017"))


def example(name: str, **changes: object) -> Example:
    values: dict[str, object] = {
        "id": name, "source": "reading-en", "group": "g", "language": "en", "question": "What does the cache store?",
        "passages": (PASSAGE,), "answer": "The cache stores keys and values.", "span": (20, 35),
        "evidence": ((SENTENCE,),), "written": True,
    }
    return Example(**{**values, **changes})  # type: ignore[arg-type]


EXAMPLES = [
    example("a"),
    example("b", passages=(OTHER,), answer="It is a piece of a word.", span=(11, 26), evidence=(((0, 27),),)),
    example("c", answer="", span=None, evidence=((),)),
]


@pytest.mark.parametrize(
    "answer", ["The cache stores keys and values.", "It took 3.5 GB in 2017.", "Кэш хранит ключи.", "Zebras, zzz."]
)
def test_aligned_steps_spell_the_answer(answer: str) -> None:
    engine = tiny_engine()
    tokenizer = engine.encoder.tokenizer
    batch = engine.encoder.batch(prompts()[:1])
    steps = align(tokenizer, engine.vocabulary, batch.sources[0], answer, 0, 60)
    if steps is None:  # a piece that is in neither
        assert any(character.isdigit() for character in answer)
        return
    assembler = Assembler()
    for step in steps:
        token = token_of(tokenizer, step.id)
        source = batch.sources[0][step.position] if step.position >= 0 else None
        assert source is None or source.piece.id == step.id
        assembler.add(token.removeprefix("##"), continues=token.startswith("##"))
    assert assembler.text.lower().replace(" ", "") == answer.lower().replace(" ", "")


def test_a_copied_run_goes_on_where_it_was() -> None:
    engine = tiny_engine()
    batch = engine.encoder.batch(prompts()[:1])
    steps = align(engine.encoder.tokenizer, engine.vocabulary, batch.sources[0], "The KV cache stores keys and values.",
                  0, 60)
    assert steps is not None
    positions = [step.position for step in steps]
    runs = sum(b == a + 1 for a, b in zip(positions, positions[1:], strict=False) if a >= 0)
    assert runs >= len(steps) - 3


def test_prompts_are_built_for_training_as_for_serving() -> None:
    engine = tiny_engine()
    composer = Composer(EXAMPLES, Composition(closed_book=0.0, unanswerable=0.0))
    composed = composer.compose(EXAMPLES[0], 1, random.Random(0))
    trained = Collator(engine.encoder, engine.vocabulary, 60).for_writing([composed]).memory
    served = engine.encoder.batch([composed.prompt])
    assert torch.equal(trained.passage_ids, served.passage_ids) and torch.equal(trained.piece_ids, served.piece_ids)
    assert len(composed.prompt.passages) == 2 and sum(bool(gold) for gold in composed.gold) == 1


def test_labels_fall_on_the_evidence() -> None:
    engine = tiny_engine()
    composer = Composer(EXAMPLES, Composition(closed_book=0.0, unanswerable=0.0))
    composed = composer.compose(EXAMPLES[0], 0, random.Random(0))
    batch = Collator(engine.encoder, engine.vocabulary, 60).for_reading([composed])
    assert batch.reading is not None and batch.reading.relevant.tolist() == [[1]]
    Sq = batch.memory.question_ids.shape[1]
    start, end = int(batch.reading.start[0]) + Sq, int(batch.reading.end[0]) + Sq
    first, last = batch.memory.sources[0][start], batch.memory.sources[0][end]
    assert first is not None and last is not None
    assert PASSAGE.text[first.piece.start : last.piece.end] == "keys and values"
    marked = [m for m, flag in enumerate(batch.reading.evidence[0, 0].tolist()) if flag]
    inside = [batch.memory.sources[0][m + Sq] for m in marked]
    assert all(source is not None and source.piece.start < SENTENCE[1] for source in inside) and inside


def test_the_rule_keeps_the_span_and_the_length() -> None:
    sentence = "After a long war, which lasted nine years and cost both dearly, the city fell in 1453, as they say."
    start = sentence.index("1453")
    answer = answer_by_rule(sentence, (start, start + 4), max_words=8)
    assert "1453" in answer and len(answer.split()) <= 8
    assert answer_by_rule("It fell in 1453.", (11, 15)) == "It fell in 1453."


def fresh_model() -> Decoder:
    engine = tiny_engine()
    torch.manual_seed(3)
    return Decoder(engine.model.config, engine.model.network, engine.vocabulary)


def run(
    model: Decoder, steps: int, checkpoint: Path, stage: Stage, *, resume: bool, stop_at: int | None = None
) -> None:
    engine = tiny_engine()
    composition = Composition(closed_book=0.2, unanswerable=0.2)

    def stop(step: int) -> None:
        raise KeyboardInterrupt if step == stop_at else AssertionError

    train(
        model, Composer(EXAMPLES, composition), Collator(engine.encoder, engine.vocabulary, 60), EXAMPLES,
        [1.0] * len(EXAMPLES), LoopSettings(steps=steps, batch_size=2, warmup_steps=2), stage, checkpoint,
        resume=resume, report=[].append, on_milestone=stop, milestones=() if stop_at is None else (stop_at,),
    )


@pytest.mark.parametrize("stage", ["read", "write"])
def test_a_stopped_run_ends_where_an_undisturbed_one_does(tmp_path: Path, stage: Stage) -> None:
    whole = fresh_model()
    run(whole, 6, tmp_path / "whole.pt", stage, resume=False)
    stopped = fresh_model()
    with pytest.raises(KeyboardInterrupt):
        run(stopped, 6, tmp_path / "stopped.pt", stage, resume=False, stop_at=3)
    resumed = fresh_model()
    run(resumed, 6, tmp_path / "stopped.pt", stage, resume=True)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, msg=name)


@pytest.mark.parametrize("stage", ["read", "write"])
def test_a_stage_trains_its_own_half_alone(tmp_path: Path, stage: Stage) -> None:
    model = fresh_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run(model, 4, tmp_path / "half.pt", stage, resume=False)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all(name.startswith(READER) is (stage == "read") for name in changed)


def test_near_misses_share_words_and_lack_the_answer() -> None:
    near = Passage("Caches", "The cache of a disk stores sectors.")
    pool = [("en", passage) for passage in (PASSAGE, OTHER, near)]
    found = mine([EXAMPLES[0], example("a@", question="Что хранит кэш?")], pool)
    assert found["a"] and found["a"][0] == near and PASSAGE not in found["a"]
    assert found["a@"] == found["a"]


def test_a_new_reader_goes_on_with_an_earlier_decoders_writing(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from generator.checkpoint import save_decoder, with_writing_of

    engine = tiny_engine()
    embedder = SimpleNamespace(tokenizer=engine.encoder.tokenizer, network=engine.model.network, device="cpu")
    save_decoder(engine.model, engine.vocabulary, tmp_path, {})
    reader = fresh_model()
    joined, vocabulary = with_writing_of(reader, embedder, tmp_path)  # type: ignore[arg-type]
    assert vocabulary.entries == engine.vocabulary.entries
    for name, value in joined.state_dict().items():
        source = reader if name.startswith(READER) else engine.model
        torch.testing.assert_close(value, source.state_dict()[name], rtol=0.01, atol=0.01, msg=name)


def test_gold_sentences_come_in_the_order_of_the_passage_and_notes_are_a_source_of_their_own() -> None:
    sentences = ("Linen rots when wet.", "Sails were dried on Sundays.", "Nylon does not rot.")
    text = " ".join(sentences)
    at = text.index("Nylon")
    two = ReadingQuestion("en-n1a-01-01", "What rots?", "Что гниёт?", "Nylon", "Linen rots.", (2, 0), at, at + 5)
    none = ReadingQuestion("en-n1a-01-02", "Who dried them?", None, None, None, (), None, None)
    note = ReadingPassage("en-n1a-01", "en", "Sails", "rigging", sentences, text, (two, none), "train")
    answered, other, silent = reading_examples([note])
    assert [text[a:z] for a, z in answered.evidence[0]] == [sentences[0], sentences[2]]
    assert answered.span is not None and text[slice(*answered.span)] == "Nylon"
    assert (answered.source, other.source, silent.source) == ("notes-en", "notes-cross", "notes-en")
    assert not silent.answerable and silent.evidence == ((),)
    (other_kind, *_) = reading_examples([replace(note, id="en-nautical-01")])
    assert other_kind.source == "reading-en"
