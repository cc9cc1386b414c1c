"""How often the tests of an experiment declare a difference that is not there, and how often they find one that is.

    python -m tests.bench.bench_false_alarms [--experiments 1000] [--resamples 1000]

Imaginary experiments (tests/reference/simulated_arms.py): as many questions in as many notes as the corpus's test split
has, and as are asked of it with --limit 120 and --limit 60; four arms, the first compared with each other one.

False alarms: at least one of the three is declared after Holm. 5 % may be, and up to 6.4 % of 1,000 are within two
standard errors of counting. Worlds, of which the smaller sizes have `notes` alone:

- alike: questions depend on each other by how hard they are alone; every arm answers 70 %;
- notes: besides, each arm suits some notes better than others;
- coverage: besides, arms answer 90, 70, 50 and 30 %, at random;
- refusing: arms say the same and differ in what they refuse, at random; one answer in four is right;
- rare: the same, but one answer in twenty is right.

Power: every arm answers everything, the first is better by about 10 points; the share in which it is declared better
than the second, by itself, among three comparisons (as above) and among 18 (four arms, two figures, three groups: as
rag-vs-closed-book has). Among m means a p of at most 0.05 / m, Holm's first step: what is left where the other
comparisons have nothing to declare. Beside it, what three tests say of one pair that does not differ: this one, the
bootstrap's own p-value, McNemar's.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from dataclasses import replace

import numpy as np

from api.experiments.runner import choose
from api.experiments.statistics import LEVEL, compare
from corpus.format import LANGUAGES, load_questions
from retrieval.metrics import paired_bootstrap
from tests.reference.simulated_arms import World, declared, outcomes

LIMITS = (0, 120, 60)  # of the recorded runs; 0: the whole split
FAMILIES = (1, 3, 18)
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
    n, resamples = arguments.experiments, arguments.resamples
    bound = LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / n)
    for limit in LIMITS:
        sizes = sizes_of(limit)
        print(f"{2 * sum(sizes)} questions on {len(sizes)} notes", flush=True)
        for name in ("notes",) if limit else WORLDS:
            random, sized = np.random.default_rng(0), replace(WORLDS[name], sizes=sizes)
            alarms = sum(any(declared(sized, random, resamples=resamples)) for _ in range(n)) / n
            said = "at most" if alarms <= bound else "MORE THAN"
            print(f"  {name}: false alarms in {alarms:.1%} of {n}, {said} the {bound:.1%} that may be", flush=True)
        for name in ("alike", "notes"):
            world, random = replace(WORLDS[name], sizes=sizes, answered=(1.0, 1.0)), np.random.default_rng(1)
            found = np.mean([better(world, random, 4 * resamples) for _ in range(n)], axis=0)
            points = np.mean([true_points(world, random) for _ in range(200)])
            powers = ", ".join(f"{share:.1%} among {m}" for share, m in zip(found, FAMILIES, strict=True))
            print(f"  {name}: a difference of {100 * points:.1f} points is declared in {powers}", flush=True)
            if not limit:
                single = np.mean([one_pair(world, random, resamples) for _ in range(n)], axis=0)
                said = "by note {:.1%}, bootstrap {:.1%}, McNemar {:.1%}".format(*single)
                print(f"    one pair that does not differ, p <= 0.05: {said}", flush=True)


def sizes_of(limit: int) -> tuple[int, ...]:
    """How many questions, each in two languages, every note has among those that an experiment asks of the test split:
    [U]."""
    asked = choose(load_questions(split="test"), LANGUAGES, limit)
    notes = {question.pair: question.unit for question in asked}
    return tuple(Counter(notes.values()).values())


def better(world: World, random: np.random.Generator, resamples: int) -> list[bool]:
    """Whether the first arm, which gains TEN_POINTS, is declared better than the second, for each of FAMILIES."""
    arms, notes = outcomes(world, random, TEN_POINTS)
    compared = compare(*arms[:2], notes, resamples=resamples, drawn=2, seed=int(random.integers(2**31)))
    assert compared is not None
    return [compared.difference > 0 and compared.p_value <= LEVEL / m for m in FAMILIES]


def true_points(world: World, random: np.random.Generator) -> float:
    """Share right of the arm with the gain less that of the one without, in one experiment."""
    arms, _ = outcomes(world, random, TEN_POINTS)
    first, second = ([value for value in arm if value is not None] for arm in arms[:2])
    return float(np.mean(first) - np.mean(second))


def one_pair(world: World, random: np.random.Generator, resamples: int) -> tuple[bool, bool, bool]:
    """What each of three tests says of two arms that answer everything and do not differ."""
    arms, notes = outcomes(world, random)
    first, second = ([value for value in arm if value is not None] for arm in arms)
    compared = compare(first, second, notes, resamples=resamples, drawn=2, seed=int(random.integers(2**31)))
    assert compared is not None and compared.mcnemar is not None
    shifted = paired_bootstrap(first, second, notes, resamples=resamples, seed=int(random.integers(2**31)))
    return compared.p_value <= LEVEL, shifted.p_value <= LEVEL, compared.mcnemar.p_value <= LEVEL


if __name__ == "__main__":
    main()
