"""Counts the lexicon: rarity and company in all texts, paraphrases in those that exist in both languages.

Both languages: pages of a manual under the same path (`php+doc-en`, `php+doc-ru`) with as many paragraphs, paragraph by
paragraph, and the glossary. The embedder has read the same manual, sentence by sentence, and the glossary: the text is
shared with what answers, though no weight and no label is. Shapes: V words, L links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from api.experiments.entailment.lexicon import Lexicon
from api.experiments.entailment.training.text import Source, stems
from corpus.rows import load_glossary

Words = list[str]
Floats = NDArray[np.float64]

MAX_WORD = 24
WINDOW, COMPANY_WORDS, COMPANY_SIZE, COMPANY_COUNT = 5, 20_000, 64, 6
RARITY_COUNT = 3
PAIR_COUNT, PAIR_WORDS, ROUNDS, FLOOR, MOST, LEAST = 3, 60, 6, 0.01, 12, 0.12
_TWINS = ("php+doc-ru:", "php+doc-en:")


def count_lexicon(sources: Sequence[Source]) -> Lexicon:
    """The lexicon of the sources; half a minute for 12,000 documents, after two for their stems."""
    paragraphs = [[stems(paragraph) for paragraph in source.paragraphs] for source in sources]
    flat = [paragraph for own in paragraphs for paragraph in own]
    held = Counter(word for paragraph in flat for word in set(paragraph))
    rarity = {word: float(np.log(len(flat) / n)) for word, n in held.items() if n >= RARITY_COUNT and _is_word(word)}
    rows, company = count_company(flat)
    pairs = [*twins(sources, paragraphs), *2 * [(stems(e.english), stems(e.russian)) for e in load_glossary()]]
    return Lexicon(rarity, count_paraphrases(pairs), rows, company, float(np.log(len(flat))))


def twins(sources: Sequence[Source], paragraphs: Sequence[list[Words]]) -> Iterator[tuple[Words, Words]]:
    """(English, Russian) paragraphs of pages that exist in both languages."""
    by_id = {source.id: own for source, own in zip(sources, paragraphs, strict=True)}
    russian, english = _TWINS
    for name, own in by_id.items():
        other = by_id.get(name.replace(russian, english)) if name.startswith(russian) else None
        if other is not None and len(other) == len(own):
            for first, second in zip(other, own, strict=True):
                if 2 <= len(first) <= PAIR_WORDS and 2 <= len(second) <= PAIR_WORDS:
                    yield first, second


def count_company(paragraphs: Sequence[Words]) -> tuple[dict[str, int], NDArray[np.float32]]:
    """(stem -> row, vectors): positive mutual information of words within WINDOW, nearer ones weighing more, contexts
    smoothed by 0.75 (Levy, Goldberg & Dagan 2015), by truncated singular values, their roots as weights."""
    import scipy.sparse as sparse
    from sklearn.utils.extmath import randomized_svd

    counted = Counter(word for paragraph in paragraphs for word in paragraph)
    words = [w for w, n in counted.most_common(COMPANY_WORDS) if n >= COMPANY_COUNT and _is_word(w)]
    numbers = {word: n for n, word in enumerate(words)}
    gap = [-1] * (WINDOW + 1)
    line = np.array([n for p in paragraphs for n in (*(numbers[w] for w in p if w in numbers), *gap)], np.int32)
    shape = (len(words), len(words))
    near = sparse.csr_matrix(shape, dtype=np.float64)
    for distance in range(1, WINDOW + 1):
        first, second = line[:-distance], line[distance:]
        both = (first >= 0) & (second >= 0)
        weight = np.full(int(both.sum()), 1 / distance)
        one = sparse.coo_matrix((weight, (first[both], second[both])), shape=shape).tocsr()
        near = near + one + one.T
    near = near.tocoo()
    total = np.asarray(near.sum(axis=1)).ravel()
    context = total**0.75 / (total**0.75).sum()
    information = np.log(near.data / np.maximum(total[near.row] * context[near.col], 1e-9))
    positive = information > 0
    matrix = sparse.csr_matrix((information[positive], (near.row[positive], near.col[positive])), shape=shape)
    left, values, _ = randomized_svd(matrix, COMPANY_SIZE, n_iter=3, random_state=0)
    vectors = left * np.sqrt(values)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return numbers, vectors.astype(np.float32)


def count_paraphrases(pairs: Sequence[tuple[Words, Words]]) -> dict[str, dict[str, float]]:
    """stem -> stem -> likeness: of one language, the cosine of how they translate; of two, the geometric mean of
    translating one way and the other. At most MOST a word, from LEAST on."""
    import scipy.sparse as sparse

    english, russian = (_frequent([pair[side] for pair in pairs]) for side in (0, 1))
    links = _links(pairs, english, russian)
    shape = (len(english), len(russian))
    there = sparse.csr_matrix((_translate(links, "there"), (links.first, links.second)), shape=shape)
    back = sparse.csr_matrix((_translate(links, "back"), (links.first, links.second)), shape=shape)
    across = there.multiply(back).sqrt()
    like = sparse.bmat([[_cosines(there), across], [across.T, _cosines(back.T.tocsr())]]).tocsr()
    words = [*english, *russian]
    found: dict[str, dict[str, float]] = {}
    for row, word in enumerate(words):
        span = slice(like.indptr[row], like.indptr[row + 1])
        ranked = sorted(zip(like.data[span].tolist(), like.indices[span].tolist(), strict=True), reverse=True)
        near = {words[n]: value for value, n in ranked[: MOST + 1] if value >= LEAST and words[n] != word}
        if near:
            found[word] = {other: max(value, found.get(word, {}).get(other, 0.0)) for other, value in near.items()}
    return found


class _Links:
    """Every pair of an English and a Russian word of a pair of texts. of: [L] which distinct pair of words it is;
    first, second: the words of those. english, russian: [L] which occurrence each side is."""

    def __init__(self, first: list[int], second: list[int], english: list[int], russian: list[int], width: int) -> None:
        key = np.asarray(first, np.int64) * width + np.asarray(second, np.int64)
        distinct, self.of = np.unique(key, return_inverse=True)
        self.first, self.second = distinct // width, distinct % width
        self.english, self.russian = np.asarray(english, np.int64), np.asarray(russian, np.int64)


def _links(pairs: Sequence[tuple[Words, Words]], english: dict[str, int], russian: dict[str, int]) -> _Links:
    first: list[int] = []
    second: list[int] = []
    of_english: list[int] = []
    of_russian: list[int] = []
    seen_english = seen_russian = 0
    for one, other in pairs:
        left = [english[word] for word in dict.fromkeys(one) if word in english]
        right = [russian[word] for word in dict.fromkeys(other) if word in russian]
        for a, number in enumerate(left):
            first.extend([number] * len(right))
            second.extend(right)
            of_english.extend([seen_english + a] * len(right))
            of_russian.extend(range(seen_russian, seen_russian + len(right)))
        seen_english, seen_russian = seen_english + len(left), seen_russian + len(right)
    return _Links(first, second, of_english, of_russian, len(russian))


def _translate(links: _Links, way: str) -> Floats:
    """IBM model 1 by expectation maximisation: of each distinct pair, how likely the one word becomes the other; those
    below FLOOR are 0. way: "there" from English, "back" from Russian."""
    tokens, given = (links.russian, links.first) if way == "there" else (links.english, links.second)
    likely = np.ones(len(links.first))
    for _ in range(ROUNDS):
        weight = likely[links.of]
        counted = np.bincount(links.of, weight / np.bincount(tokens, weight)[tokens], len(likely))
        likely = counted / np.bincount(given, counted)[given]
    return np.where(likely >= FLOOR, likely, 0.0)


def _cosines(table: object) -> object:
    import scipy.sparse as sparse

    rows = sparse.csr_matrix(table)
    rows.eliminate_zeros()
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    unit = sparse.diags(1 / np.maximum(length, 1e-9)) @ rows
    return unit @ unit.T


def _frequent(texts: Sequence[Words]) -> dict[str, int]:
    held = Counter(word for text in texts for word in set(text))
    return {word: n for n, word in enumerate(sorted(w for w, k in held.items() if k >= PAIR_COUNT and _is_word(w)))}


def _is_word(stem: str) -> bool:
    return 1 < len(stem) <= MAX_WORD
