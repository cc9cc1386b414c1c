"""How far the scoring verifier agrees with people, on three sets that it was not trained on.

- halueval_qa (HaluEval, Li et al. 2023, arXiv 2305.11747): a right and an invented answer to a question on a given
  text. The claim is the answer as it stands, and, apart, the question followed by the answer. Accuracy at the
  verifier's threshold, AUROC, how often the right one scores higher. Most right answers there are a name, and invented
  ones sentences: how often the shorter one is right stands beside it, and a verifier below that shows less than the
  lengths do.
- our own triples (corpus/triples.py): does the cited text carry the sentence, labelled blind. Accuracy at the
  threshold, AUROC, Cohen's kappa with the label, and of the two readers who labelled. "partly" counts as not carried.
  Beside it plain overlap (the share of the sentence's words that the cited text has, Russian by lemma), which whoever
  copies what they cite passes: a verifier that is not above it has nothing to add. Best accuracy: at whichever
  threshold suits these very triples best, so it flatters; the only one that overlap, which has no threshold, has.
- ragchecker_meta_human (RAGChecker, Ru et al. 2024, arXiv 2408.08067): which of two answers people think more correct
  and more complete, -2..2, every pair by two of them. As there: the difference of a metric between the answers against
  both people's labels; claim precision (sentences of the answer that the reference carries) for correctness, claim
  recall (of the reference that the answer carries) for completeness, their harmonic mean for both. Beside them the same
  with the share of words found in the verifier's place, token F1, and one person's labels against the other's, which no
  metric can be expected to pass. Sentences are the claims; RAGChecker takes claims out of them with a large model.

Shapes: N things judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.experiments.entailment.features import FEATURES, features
from api.experiments.entailment.verifier import ScoringVerifier
from corpus.triples import Labelled
from generator.metrics import token_f1, words
from ingest.sentences import split_sentences
from retrieval.metrics import auroc
from retrieval.training.parallel import read_json_lines

HALUEVAL, RAGCHECKER = "halueval_qa_small.jsonl.xz", "ragchecker_meta_human.jsonl.xz"
_WORDS = FEATURES.index("found in the text")
CRITERIA = ("correctness", "completeness", "overall")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A score and whether people say that the claim is carried."""

    score: float
    carried: bool


def figures(judged: Sequence[Judgement], threshold: float) -> Json:
    """Number, share carried, accuracy and Cohen's kappa at the threshold, AUROC; empty for none."""
    if not judged:
        return {}
    said = [one.score >= threshold for one in judged]
    label = [one.carried for one in judged]
    return {
        "judged": len(judged), "carried": sum(label) / len(label),
        "accuracy": sum(a == b for a, b in zip(said, label, strict=True)) / len(label),
        "kappa": kappa(said, label), "auroc": auroc([(one.score, one.carried) for one in judged]),
    }  # fmt: skip


def best_accuracy(judged: Sequence[Judgement]) -> float:
    """The highest accuracy that any threshold gives on these very judgements; 0 for none."""
    if not judged:
        return 0.0
    thresholds = {one.score for one in judged} | {np.inf}
    return max(float(np.mean([(one.score >= at) == one.carried for one in judged])) for at in thresholds)


def overlap(claim: str, text: str) -> float:
    """Share of the claim's different words that the text has, 0..1; 0 for a claim without words."""
    wanted = set(words(claim))
    return len(wanted & set(words(text))) / len(wanted) if wanted else 0.0


def kappa(first: Sequence[object], second: Sequence[object]) -> float:
    """Agreement beyond chance, at most 1: (observed - expected) / (1 - expected) (Cohen 1960); 0 where both always say
    the same one thing. Example: yes yes no no against yes no no no is 0.75 observed, 0.5 expected, kappa 0.5."""
    n = len(first)
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    expected = sum((list(first).count(x) / n) * (list(second).count(x) / n) for x in set(first) | set(second))
    return (observed - expected) / (1 - expected) if expected < 1 else 0.0


def halueval(folder: Path, verifier: ScoringVerifier) -> Json:
    """By what the claim is. On `folder/halueval_qa_small.jsonl.xz`. Raises OSError."""
    rows: list[Json] = list(read_json_lines(folder / HALUEVAL))
    found: Json = {}
    for name, before in (("answer", ""), ("question and answer", "question")):
        scores = verifier.scores([
            (f"{row.get(before, '')} {row[key]}", row["knowledge"])
            for row in rows for key in ("right_answer", "hallucinated_answer")
        ])  # fmt: skip
        right, invented = np.array(scores[::2]), np.array(scores[1::2])
        judged = [Judgement(float(s), True) for s in right] + [Judgement(float(s), False) for s in invented]
        found[name] = {**figures(judged, verifier.threshold), "right one higher": _wins(right - invented)}
    lengths = np.array([[len(row["right_answer"]), len(row["hallucinated_answer"])] for row in rows])
    found["lengths alone"] = {"shorter one is right": _wins(lengths[:, 1] - lengths[:, 0])}
    return found


def triples(labelled: Sequence[Labelled], verifier: ScoringVerifier) -> Json:
    """By language and "all"; with the two markers' agreement on three labels where there are two."""
    found: Json = {}
    scores = verifier.scores([(one.triple.sentence, one.triple.cited) for one in labelled])
    plain = [overlap(one.triple.sentence, one.triple.cited) for one in labelled]
    for group in ("all", *sorted({one.triple.language for one in labelled})):
        own = [(one, score, shared) for one, score, shared in zip(labelled, scores, plain, strict=True)
               if group in ("all", one.triple.language)]  # fmt: skip
        twice = [one for one, _, _ in own if one.second is not None]
        judged = [Judgement(score, one.label == "supported") for one, score, _ in own]
        shares = [Judgement(shared, one.label == "supported") for one, _, shared in own]
        found[group] = figures(judged, verifier.threshold) | {
            "best accuracy": best_accuracy(judged),
            "plain overlap's auroc": auroc([(one.score, one.carried) for one in shares]),
            "plain overlap's best accuracy": best_accuracy(shares),
        }
        if twice:
            found[group]["readers' kappa"] = kappa([one.label for one in twice], [one.second for one in twice])
            first, second = ([label == "supported" for label in labels]
                             for labels in zip(*((one.label, one.second) for one in twice), strict=True))  # fmt: skip
            found[group]["readers' kappa, supported or not"] = kappa(first, second)
    return found if labelled else {}


def ragchecker(folder: Path, verifier: ScoringVerifier) -> Json:
    """Criterion -> metric -> correlations with people. On `folder/ragchecker_meta_human.jsonl.xz`. Raises OSError."""
    rows: list[Json] = list(read_json_lines(folder / RAGCHECKER))
    pairs = rows[::2]  # every pair comes twice in a row, once for each person
    labels = {name: np.array([row[f"{name}_label"] for row in rows], np.float64) for name in CRITERIA}
    measured = [
        [_metrics(row[key]["response"], row["gt_answer"], verifier) for key in ("model1", "model2")] for row in pairs
    ]
    found: Json = {}
    for criterion in CRITERIA:
        given = labels[criterion]
        found[criterion] = {
            name: _correlations(np.repeat([second[name] - first[name] for first, second in measured], 2), given)
            for name in measured[0][0]
        }
        found[criterion]["the other person"] = _correlations(given[::2], given[1::2])
    return found


def _metrics(response: str, reference: str, verifier: ScoringVerifier) -> dict[str, float]:
    """Claim precision, recall and F1 of a response, by shares carried and by mean scores; token F1."""
    forth = _figures(_sentences(response), reference, verifier)
    back = _figures(_sentences(reference), response, verifier)
    held, found = (np.where(rows.any(axis=1), verifier.trees.score(rows), 0.0) for rows in (forth, back))
    values: dict[str, float] = {}
    for name, precision, recall in (
        ("share carried", float((held >= verifier.threshold).mean()), float((found >= verifier.threshold).mean())),
        ("mean score", float(held.mean()), float(found.mean())),
        ("words found", float(forth[:, _WORDS].mean()), float(back[:, _WORDS].mean())),
    ):
        both = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        values |= {f"claim precision, {name}": precision, f"claim recall, {name}": recall, f"claim F1, {name}": both}
    return {**values, "token F1": token_f1(response, [reference])}


def _figures(claims: Sequence[str], text: str, verifier: ScoringVerifier) -> NDArray[np.float64]:
    """Of each claim against the text [N, F]; one row of zeros for no claims."""
    rows = [features(claim, text, verifier.lexicon) for claim in claims]
    return np.stack(rows) if rows else np.zeros((1, len(FEATURES)))


def _sentences(text: str) -> list[str]:
    """Those of three words or more: a heading or a list's number claims nothing."""
    found = (" ".join(text[a:z].split()) for a, z in split_sentences(text))
    return [sentence for sentence in found if len(sentence.split()) >= 3]


def _correlations(difference: NDArray[np.float64], label: NDArray[np.float64]) -> Json:
    """Pearson, Spearman, Kendall's tau-b; and of the labels that prefer one, the share preferred by the metric too, a
    tie of the metric half."""
    from scipy import stats

    decided = label != 0
    return {
        "pearson": float(stats.pearsonr(difference, label)[0]),
        "spearman": float(stats.spearmanr(difference, label)[0]),
        "kendall": float(stats.kendalltau(difference, label)[0]),
        "pairwise": _wins(difference[decided] * np.sign(label[decided])),
    }


def _wins(difference: NDArray[Any]) -> float:
    """Share above 0, those at 0 half."""
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def lines(found: Json) -> Iterator[str]:
    """All of it as lines for people."""
    judged = {f"HaluEval QA, {k}": v for k, v in found["halueval_qa"].items()}
    judged |= {f"triples, {k}": v for k, v in found["triples"].items()}
    for name, value in judged.items():
        yield f"{name}: " + ", ".join(f"{key} {_shown(figure)}" for key, figure in value.items())
    if not found["triples"]:
        yield "triples: none are labelled (corpus/triples/labels.jsonl)"
    for criterion, metrics in found["ragchecker"].items():
        for metric, value in metrics.items():
            yield f"RAGChecker {criterion}, {metric}: " + ", ".join(f"{k} {_shown(v)}" for k, v in value.items())


def _shown(value: float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
