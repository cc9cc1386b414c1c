"""A claim beside a text, as numbers: what of the claim is found, where, in which order, and what speaks against it.

Words are aligned greedily, each word of the claim with the word most like it (as BERTScore does with embeddings, Zhang
et al. 2020, arXiv 1904.09675, here with paraphrases counted in translations), weighted by rarity. That says whether
the text speaks of the same things; the rest asks whether it says the same of them: numbers and names that are nowhere,
words replaced by others of the same company, a denial on one side, opposites, bounds, order, and whether what stands
together in the claim stands together in the text.

None of the figures looks at the claim alone, or at what the text says besides: a text carries what is a part of it.
(With figures on what the claim leaves unsaid, trees learn that a claim shorter than its source is unlikely: agreement
with people on whole answers falls.) And each figure may only move the score one way (DIRECTIONS). The written claims
would teach otherwise: their true ones are paraphrases and their false ones near copies, so that sharing *fewer* words
tells true from false (AUROC 0.95 on dev), and free trees come to 0.98 by that. An answer copied word for word from its
source would then count as unsupported.

Shapes: C content words of the claim, T of the text, S sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from api.experiments.entailment.lexicon import Lexicon
from api.experiments.entailment.words import Marks, Text, Word, opposites, read

# name -> +1 where more of it may only speak for the claim, -1 only against, 0 either way
DIRECTIONS: dict[str, int] = {
    "found exactly in the sentence": 1, "found exactly in the text": 1, "found in the sentence": 1,
    "found in the text": 1, "least found": 1, "second least found": 1, "rarest not found": -1, "share not found": -1,
    "number not found": -1, "sentence above the next": 1, "found in two sentences": 1,
    "numbers missing in the text": -1, "numbers missing in the sentence": -1, "a number far from its words": -1,
    "names missing in the text": -1, "names missing in the sentence": -1,
    "replaced by company": -1, "company of the missing": 1,
    "denial on one side": -1, "opposites": -1, "bounds added": -1,
    "common order": 1, "pairs kept": 1, "turned round": -1, "gap between neighbours": -1,
    "likeness of company": 1, "other language": 0,
}  # fmt: skip
FEATURES: tuple[str, ...] = tuple(DIRECTIONS)

_FOUND = 0.3  # likeness from which a word counts as found
Floats = NDArray[np.float64]


def features(claim: str, text: str, lexicon: Lexicon) -> Floats:
    """The figures named by FEATURES. A claim or text without words has all of them 0."""
    said, held = read(claim), read(text)
    values = np.zeros(len(FEATURES))
    wanted = [word for word in said.words if word.content] or list(said.words)
    if not wanted or not held.words:
        return values
    weight = np.array([lexicon.rarity_of(word.stem) for word in wanted])
    weight /= weight.sum()
    like = likenesses(wanted, held.words, lexicon)  # [C, T]
    exact = like >= 1.0
    by_sentence = np.array([weight @ like[:, a:z].max(axis=1) for a, z in held.sentences])  # [S]
    best = int(by_sentence.argmax())
    first, last = held.sentences[best]
    ranked = np.sort(by_sentence)[::-1]
    in_text, in_sentence = like.max(axis=1), like[:, first:last].max(axis=1)
    order = np.argsort(in_text)
    missing = [n for n in range(len(wanted)) if in_text[n] < _FOUND]
    pair = max((_two(weight, like, held, n) for n in range(len(held.sentences) - 1)), default=float(by_sentence[best]))
    sentence = held.words[first:last]
    unsaid = [word for word, top in zip(sentence, like[:, first:last].max(axis=0), strict=True)
              if word.content and top < _FOUND]  # fmt: skip
    values[:11] = [
        weight @ exact[:, first:last].any(axis=1), weight @ exact.any(axis=1), by_sentence[best], weight @ in_text,
        in_text[order[0]], in_text[order[min(1, len(order) - 1)]],
        max((lexicon.rarity_of(wanted[n].stem) for n in missing), default=0.0), len(missing) / len(wanted),
        min(4, len(missing)), ranked[0] - ranked[1] if len(ranked) > 1 else ranked[0], pair,
    ]  # fmt: skip
    values[11:16] = _kinds(wanted, in_text, in_sentence, like[:, first:last])
    values[16:18] = _replaced(wanted, in_sentence, missing, unsaid, lexicon)
    values[18:21] = _marks(said, held.marks[best], wanted, sentence)
    values[21:25] = _order(like, first, last)
    values[25:27] = [
        _topic(wanted, [word for word in sentence if word.content], lexicon),
        float(_cyrillic(wanted) != _cyrillic(sentence)),
    ]  # fmt: skip
    return values


def likenesses(wanted: Sequence[Word], held: Sequence[Word], lexicon: Lexicon) -> Floats:
    """How far each word of the claim means each of the text: [C, T]. Numbers are the same or are not."""
    columns: dict[str, list[int]] = {}
    for n, word in enumerate(held):
        columns.setdefault(word.stem, []).append(n)
    by_letters: dict[str, list[str]] = {}
    for stem in columns:
        by_letters.setdefault(stem[:5], []).append(stem)
    like = np.zeros((len(wanted), len(held)))
    for row, word in enumerate(wanted):
        if word.stem in columns:
            like[row, columns[word.stem]] = 1.0
        if word.number:
            continue
        known = lexicon.paraphrases.get(word.stem, {})
        near = known.keys() & columns.keys() if len(known) < len(columns) else [s for s in columns if s in known]
        for stem in {*near, *by_letters.get(word.stem[:5], ())} - {word.stem}:
            like[row, columns[stem]] = lexicon.likeness(word.stem, stem)
    return like


def _two(weight: Floats, like: Floats, held: Text, n: int) -> float:
    """What sentences n and n + 1 hold together."""
    return float(weight @ like[:, held.sentences[n][0] : held.sentences[n + 1][1]].max(axis=1))


def _kinds(wanted: Sequence[Word], in_text: Floats, in_sentence: Floats, like: Floats) -> list[float]:
    """Numbers and names: how many, which are nowhere, which stand far from the words beside them."""
    numbers = [n for n, word in enumerate(wanted) if word.number]
    names = [n for n, word in enumerate(wanted) if word.name]
    far = 0.0
    for n in numbers:
        if in_sentence[n] >= 1.0:
            places = np.flatnonzero(like[n] >= 1.0)
            near = [np.flatnonzero(like[m] >= _FOUND) for m in (n - 1, n + 1) if 0 <= m < len(wanted)]
            gaps = [float(np.abs(places[:, None] - other).min()) for other in near if len(other)]
            far = max(far, min(gaps, default=10.0) / 10)
    return [
        sum(in_text[n] < 1 for n in numbers), sum(in_sentence[n] < 1 for n in numbers),
        min(1.0, far),
        sum(in_text[n] < _FOUND for n in names), sum(in_sentence[n] < _FOUND for n in names),
    ]  # fmt: skip


def _replaced(
    wanted: Sequence[Word], in_sentence: Floats, missing: Sequence[int], unsaid: Sequence[Word], lexicon: Lexicon
) -> list[float]:
    """How much a word that the sentence lacks is like one that the claim leaves out; how like the missing are."""
    lacking = [word for word, found in zip(wanted, in_sentence, strict=True) if found < _FOUND and not word.number]
    replaced = max((lexicon.in_company(a.stem, b.stem) for a in lacking for b in unsaid), default=0.0)
    others = [max((lexicon.in_company(wanted[n].stem, b.stem) for b in unsaid), default=0.0) for n in missing]
    return [replaced, float(np.mean(others)) if others else 1.0]


def _marks(said: Text, held: Marks, wanted: Sequence[Word], sentence: Sequence[Word]) -> list[float]:
    """A denial on one side alone, opposites, bounds that the sentence does not set."""
    denied = sum(marks.negations for marks in said.marks)
    bounds = frozenset().union(*(marks.bounds for marks in said.marks))
    own, other = {word.stem for word in wanted}, {word.stem for word in sentence}
    against = sum(bool(opposites().get(stem, frozenset()) & (other - own)) for stem in own - other)
    return [
        float(denied % 2 != held.negations % 2), min(2, against),
        min(2, len(bounds - held.bounds)),
    ]  # fmt: skip


def _order(like: Floats, first: int, last: int) -> list[float]:
    """Of the words found in the sentence: the longest run in the claim's order (longest increasing subsequence of
    places) over their number; of neighbours in the claim, the shares that are neighbours there and that are turned
    round, and their mean gap."""
    inside = like[:, first:last]
    places = [int(row.argmax()) for row in inside if row.max() >= _FOUND]
    if len(places) < 2:
        return [1.0, 0.0, 0.0, 0.0]
    longest: list[int] = []
    for place in places:
        at = int(np.searchsorted(longest, place))
        longest[at : at + 1] = [place]
    steps = np.diff(places)
    return [
        len(longest) / len(set(places)), float(np.mean((steps >= 1) & (steps <= 2))), float(np.mean(steps < 0)),
        float(np.mean(np.minimum(np.abs(steps), 20)) / 20),
    ]  # fmt: skip


def _topic(wanted: Sequence[Word], sentence: Sequence[Word], lexicon: Lexicon) -> float:
    """Cosine of the two means of company."""
    means = []
    for words in (wanted, sentence):
        rows = [lexicon.rows[word.stem] for word in words if word.stem in lexicon.rows]
        if not rows:
            return 0.0
        means.append(lexicon.company[rows].mean(axis=0))
    length = float(np.linalg.norm(means[0]) * np.linalg.norm(means[1]))
    return float(means[0] @ means[1]) / length if length else 0.0


def _cyrillic(words: Sequence[Word]) -> bool:
    return 2 * sum("а" <= word.stem[:1] <= "я" for word in words) > len(words)
