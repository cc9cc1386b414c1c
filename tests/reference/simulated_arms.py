"""Answers of imaginary arms with a known true difference, to see how often the tests declare one.

Notes differ in how hard they are, questions within a note too, and an arm may suit one note better than another
(`interaction`): the last is what makes questions dependent and what a test by questions alone is misled by. The true
share right is the same for all arms unless `gain` is added to the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.experiments.statistics import LEVEL, compare, holm

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """How an experiment looks. units: notes; pairs: questions per note, each in two languages, from half to one and a
    half times as many; sizes: the questions of each note, in place of both; interaction: standard deviation, in
    log-odds, of an arm's luck with a note; answered: for each arm the chance that it answers a question; same: whether
    arms give the same answer where both give one, so that they differ in what they refuse alone; hard: log-odds taken
    from all."""

    units: int = 24
    pairs: int = 17
    interaction: float = 0.5
    answered: tuple[float, ...] = (0.7, 0.7, 0.7)
    same: bool = False
    hard: float = 0.0
    sizes: tuple[int, ...] = ()


def outcomes(
    world: World, random: np.random.Generator, gain: float = 0.0
) -> tuple[list[list[float | None]], list[int]]:
    """(for each arm 1 right, 0 wrong, None abstained, for N questions; the note of each). gain: log-odds of arm 0."""
    drawn = random.integers(world.pairs // 2, 3 * world.pairs // 2 + 1, world.units)
    sizes = np.array(world.sizes) if world.sizes else drawn  # [U]
    notes = np.repeat(np.arange(len(sizes)), 2 * sizes)  # [N]
    pairs = np.repeat(np.arange(sizes.sum()), 2)  # [N]
    easy = random.normal(0, 0.7, len(sizes))[notes] + random.normal(0, 1, sizes.sum())[pairs]
    arms: list[list[float | None]] = []
    right = np.zeros(len(notes), bool)
    for arm, answered in enumerate(world.answered):
        if arm == 0 or not world.same:
            luck = random.normal(0, world.interaction, len(sizes))[notes] + (gain if arm == 0 else 0.0)
            right = random.random(len(notes)) < 1 / (1 + np.exp(-(luck + easy - world.hard)))
        given = random.random(len(notes)) < answered
        arms.append([float(one) if said else None for one, said in zip(right, given, strict=True)])
    return arms, [int(note) for note in notes]


def declared(world: World, random: np.random.Generator, *, gain: float = 0.0, resamples: int = 500) -> list[bool]:
    """Of the first arm with each other, in order, whether a difference is declared after Holm."""
    arms, notes = outcomes(world, random, gain)
    p_values = []
    for other in arms[1:]:
        compared = compare(arms[0], other, notes, resamples=resamples, drawn=2, seed=int(random.integers(2**31)))
        assert compared is not None
        p_values.append(compared.p_value)
    if min(p_values) > LEVEL:  # Holm's correction lowers none, and the library that makes it is slow to call
        return [False] * len(p_values)
    return [p <= LEVEL for p in holm(p_values)]
