"""The cache equals the full forward pass, a batch equals its members, padding changes nothing."""

from __future__ import annotations

import torch

from generator.memory import Passage, Prompt, PromptEncoder
from generator.sampling import SamplingOptions
from generator.training.targets import align, target_batch
from tests.generator.tiny import PASSAGE, prompts, tiny_engine


def test_steps_with_the_cache_equal_one_full_pass() -> None:
    engine = tiny_engine()
    given = prompts()[:2]
    memory, sources, _ = engine.read(given)
    batch = engine.encoder.batch(given)
    rows = [
        align(engine.encoder.tokenizer, engine.vocabulary, sources[b], "The cache stores keys and values.", 0, 40)
        for b in range(2)
    ]
    assert all(rows)
    targets = target_batch([row or [] for row in rows], batch, len(engine.vocabulary), 101)
    with torch.inference_mode():
        whole = engine.model.scores(
            memory, engine.model.prepare(memory, cached=False), targets.ids, targets.cases, targets.positions
        )
        prepared = engine.model.prepare(memory, cached=True)
        steps = [
            engine.model.scores(
                memory, prepared, targets.ids[:, t : t + 1], targets.cases[:, t : t + 1],
                targets.positions[:, t : t + 1],
            )
            for t in range(targets.ids.shape[1])
        ]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, atol=1e-4, rtol=1e-4)


def test_a_batch_writes_what_its_members_write_alone() -> None:
    engine = tiny_engine()
    together = engine.generate(prompts(), max_pieces=20)
    alone = [engine.generate([prompt], max_pieces=20)[0] for prompt in prompts()]
    assert [g.text for g in together] == [g.text for g in alone]
    assert all(g.text for g in together)


def test_padding_lengths_change_nothing() -> None:
    engine = tiny_engine()
    memory, _, _ = engine.read(prompts()[:1])
    padded = PromptEncoder(engine.encoder.tokenizer, multiple=16).batch(prompts()[:1])
    with torch.inference_mode():
        other = engine.model.read(padded)
    torch.testing.assert_close(other.relevance, memory.relevance, atol=1e-4, rtol=1e-4)
    Sq, wide = memory.piece_ids.shape[1] - 2 * memory.start.shape[2], padded.question_ids.shape[1]
    torch.testing.assert_close(other.states[:, :Sq], memory.states[:, :Sq], atol=1e-4, rtol=1e-4)
    S = memory.start.shape[2]
    torch.testing.assert_close(
        other.states[:, wide : wide + S], memory.states[:, Sq : Sq + S], atol=1e-4, rtol=1e-4
    )


def test_pairs_in_groups_of_like_length_are_read_as_all_at_once() -> None:
    engine = tiny_engine()
    text = " ".join([PASSAGE.text] * 4)
    many = tuple(Passage("Title", text[: 20 + 23 * n]) for n in (9, 0, 4, 11, 2, 6))
    batch = engine.encoder.batch([Prompt("What is stored?", many), Prompt("Why?", many[:4]), Prompt("And without?")])
    grouped = engine.model.read(batch)
    with torch.inference_mode():
        whole = engine.model.read(batch)
    torch.testing.assert_close(grouped.relevance, whole.relevance, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(grouped.evidence, whole.evidence, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(grouped.states[grouped.mask], whole.states[whole.mask], atol=1e-4, rtol=1e-4)


def test_streamed_text_grows_into_the_whole() -> None:
    engine = tiny_engine()
    prompt = prompts()[0]
    memory, sources, _ = engine.read([prompt])
    states = list(engine.stream(prompt, memory, sources, SamplingOptions(), 25))
    for before, after in zip(states, states[1:], strict=False):
        assert after.text.startswith(before.text)
    assert states[-1].text == engine.generate([prompt], max_pieces=25)[0].text


def test_the_seed_fixes_a_sampled_answer() -> None:
    engine = tiny_engine()
    options = SamplingOptions(temperature=1.5, seed=4)
    first, second = (engine.generate(prompts(), options, 15) for _ in range(2))
    assert [g.text for g in first] == [g.text for g in second]
    other = engine.generate(prompts(), SamplingOptions(temperature=1.5, seed=5), 15)
    assert [g.text for g in first] != [g.text for g in other]


def test_drafts_side_by_side_are_what_each_is_alone() -> None:
    engine = tiny_engine()
    prompt = prompts()[0]
    memory, sources, _ = engine.read([prompt])
    options = [SamplingOptions(), *(SamplingOptions(temperature=1.5, seed=seed) for seed in range(4))]
    together = engine.drafts(prompt, memory, sources[0], options, 20)
    alone = [engine.write([prompt], memory, sources, one, 20)[0] for one in options]
    assert [draft.text for draft in together] == [draft.text for draft in alone]
    assert len({draft.text for draft in together}) > 1
