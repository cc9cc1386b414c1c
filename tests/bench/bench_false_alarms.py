"""How often the tests of an experiment declare a difference that is not there, and how often they find one that is.

    python -m tests.bench.bench_false_alarms [--experiments 1000] [--resamples 1000]

Imaginary experiments (tests/reference/simulated_arms.py) of the size of the corpus's test split: 24 notes, about 17
questions a note in two languages, four arms, the first compared with each other one. False alarms: at least one of the
three is declared after Holm. 5 % may be, and up to 6.4 % of 1,000 are within the error of counting. Worlds:

- alike: questions depend on each other by how hard they are alone; every arm answers 70 %;
- notes: besides, each arm suits some notes better than others;
- coverage: besides, arms answer 90, 70, 50 and 30 %, at random;
- refusing: arms say the same and differ in what they refuse, at random; one answer in four is right;
- rare: the same, but one answer in twenty is right.

Power: the share in which a first arm that is better by about 10 points is declared better than the second. Beside it,
what three tests say of one pair that answers everything: this one, the bootstrap's own p-value, McNemar's.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from api.experiments.statistics import LEVEL, compare
from retrieval.metrics import paired_bootstrap
from tests.reference.simulated_arms import World, declared, outcomes

# Adds about 10 points to a share right near one half, spread as the questions here are.
TEN_POINTS = 0.55
EQUAL, UNEQUAL = (0.7,) * 4, (0.9, 0.7, 0.5, 0.3)
WORLDS = {
    "alike": World(interaction=0.0, answered=EQUAL),
    "notes": World(answered=EQUAL),
    "coverage": World(answered=UNEQUAL),
    "refusing": World(answered=UNEQUAL, same=True, hard=1.4),
    "rare": World(answered=UNEQUAL, same=True, hard=3.7),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    arguments = parser.parse_args()
    n = arguments.experiments
    for name, world in WORLDS.items():
        random = np.random.default_rng(0)
        alarms = sum(any(declared(world, random, resamples=arguments.resamples)) for _ in range(n))
        print(f"{name}: false alarms {alarms / n:.1%} of {n}", flush=True)
    for name in ("alike", "notes"):
        world, random = WORLDS[name], np.random.default_rng(1)
        found = [declared(world, random, gain=TEN_POINTS, resamples=arguments.resamples)[0] for _ in range(n)]
        points = np.mean([true_points(world, random) for _ in range(200)])
        print(f"{name}: a difference of {100 * points:.1f} points is declared in {np.mean(found):.1%}", flush=True)
        single = np.mean([one_pair(world, random, arguments.resamples) for _ in range(n)], axis=0)
        print("  one pair, p <= 0.05: by note {:.1%}, bootstrap {:.1%}, McNemar {:.1%}".format(*single), flush=True)


def true_points(world: World, random: np.random.Generator) -> float:
    """Share right of the arm with the gain less that of the one without, in one experiment."""
    arms, _ = outcomes(world, random, TEN_POINTS)
    first, second = ([value for value in arm if value is not None] for arm in arms[:2])
    return float(np.mean(first) - np.mean(second))


def one_pair(world: World, random: np.random.Generator, resamples: int) -> tuple[bool, bool, bool]:
    """What each of three tests says of two arms that answer everything and do not differ."""
    arms, notes = outcomes(replace(world, answered=(1.0, 1.0)), random)
    first, second = ([value for value in arm if value is not None] for arm in arms)
    compared = compare(first, second, notes, resamples=resamples, seed=int(random.integers(2**31)))
    assert compared is not None and compared.mcnemar is not None
    shifted = paired_bootstrap(first, second, notes, resamples=resamples, seed=int(random.integers(2**31)))
    return compared.p_value <= LEVEL, shifted.p_value <= LEVEL, compared.mcnemar.p_value <= LEVEL


if __name__ == "__main__":
    main()
