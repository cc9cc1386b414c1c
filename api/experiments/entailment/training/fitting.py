"""Fits the scoring verifier's trees and threshold, and measures them on the dev claims.

Gradient boosting with every figure's direction fixed (DIRECTIONS in features.py), by scikit-learn; the trees are then
copied into arrays of our own, so that using them needs no scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.experiments.entailment.features import DIRECTIONS, FEATURES, features
from api.experiments.entailment.lexicon import Lexicon
from api.experiments.entailment.training.counting import count_lexicon
from api.experiments.entailment.training.examples import WEIGHTS, Example, from_claims, from_rules
from api.experiments.entailment.training.text import load_sources
from api.experiments.entailment.trees import Trees
from api.experiments.entailment.verifier import ScoringVerifier
from corpus.claims import FAULTS, load_claims
from corpus.format import LANGUAGES
from retrieval.metrics import auroc

Floats = NDArray[np.float64]

ROUNDS, RATE, LEAVES, LEAST, RIDGE = 200, 0.05, 12, 40, 5.0


def train(data: Path, report: Callable[[str], None]) -> ScoringVerifier:
    """The verifier from `data/text` and the written claims. Raises OSError, ValueError, CorpusError."""
    sources = load_sources(data)
    report(f"{len(sources)} documents; counting words")
    lexicon = count_lexicon(sources)
    report(f"{len(lexicon.rarity)} words, {len(lexicon.paraphrases)} with paraphrases")
    claims = load_claims()
    held = frozenset(claim.row for claim in claims if claim.split == "dev")
    examples = [*from_claims(claims, sources), *from_rules(sources, held)]
    report(f"{len(examples)} examples, {sum(one.dev for one in examples)} of them to measure with; aligning")
    rows = np.stack([features(one.claim, one.text, lexicon) for one in examples])
    verifier = fit(examples, rows, lexicon)
    for line in measured(examples, rows, verifier):
        report(line)
    return verifier


def fit(examples: Sequence[Example], rows: Floats, lexicon: Lexicon) -> ScoringVerifier:
    """rows: [N, F] of the examples; those for dev choose the threshold alone."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    dev = np.array([one.dev for one in examples])
    carried = np.array([one.carried for one in examples])
    weights = np.array([WEIGHTS[one.group] for one in examples])
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=LEAST, l2_regularization=RIDGE,
        monotonic_cst=[DIRECTIONS[name] for name in FEATURES], early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(rows[~dev], carried[~dev], sample_weight=weights[~dev])
    trees = _trees(model)
    return ScoringVerifier(lexicon, trees, _threshold(trees.score(rows[dev]), carried[dev]))


def measured(examples: Sequence[Example], rows: Floats, verifier: ScoringVerifier) -> Iterator[str]:
    """AUROC on dev, by language: all, by fault against variants of the sentence (as near to the text as the false claim
    is), by what the text lacks against written true claims; the share of exact words alone beside each."""
    scores, words = verifier.trees.score(rows), rows[:, FEATURES.index("found exactly in the text")]
    for language in LANGUAGES:
        def among(groups: Sequence[str], fault: str = "", language: str = language) -> list[int]:
            return [n for n, one in enumerate(examples) if one.dev and one.language == language
                    and one.group in groups and fault in ("", one.fault)]  # fmt: skip

        chosen = [n for n, one in enumerate(examples) if one.dev and one.language == language]
        if not chosen:
            continue
        right = float(np.mean([(scores[n] >= verifier.threshold) == examples[n].carried for n in chosen]))
        yield f"{language}: {len(chosen)} dev examples, accuracy at {verifier.threshold:.3f}: {right:.3f}"
        tests = [("all", chosen)]
        varied, true = among(["varied"]), among(["written true"])
        tests += [(f"{fault} against a variant of the sentence", varied + among(["written false"], fault))
                  for fault in FAULTS]  # fmt: skip
        tests += [(f"{group} against a written true claim", true + among([group]))
                  for group in ("another sentence", "without evidence", "fault put in", "written false")]  # fmt: skip
        for name, test in tests:
            own, plain = (auroc([(float(v[n]), examples[n].carried) for n in test]) for v in (scores, words))
            yield f"{language}: {name} ({len(test)}): AUROC {own:.3f}, by shared words {plain:.3f}"


def _threshold(scores: Floats, carried: NDArray[np.bool_]) -> float:
    """Where the mean of the two shares judged rightly is highest."""
    tried = np.unique(np.round(scores, 3))
    balanced = [((scores[carried] >= t).mean() + (scores[~carried] < t).mean()) / 2 for t in tried]
    return float(tried[int(np.argmax(balanced))])


def _trees(model: object) -> Trees:
    """The fitted trees, from scikit-learn's own arrays (private there: its version is pinned by what imports it, and a
    test compares the two)."""
    predictors = [stage[0].nodes for stage in model._predictors]  # type: ignore[attr-defined]
    starts = np.cumsum([0, *(len(nodes) for nodes in predictors)])[:-1]
    nodes, offset = np.concatenate(predictors), np.repeat(starts, [len(one) for one in predictors])
    leaf = nodes["is_leaf"].astype(bool)
    return Trees(
        float(np.ravel(model._baseline_prediction)[0]),  # type: ignore[attr-defined]
        starts.astype(np.int32), np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32),
        np.where(leaf, 0.0, nodes["num_threshold"]), (nodes["left"] + offset).astype(np.int32),
        (nodes["right"] + offset).astype(np.int32), np.where(leaf, nodes["value"], 0.0),
    )  # fmt: skip
