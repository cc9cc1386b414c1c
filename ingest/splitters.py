"""Where to cut: intervals of a text that are small enough, by the levels of text splitting.

The five levels are those of Greg Kamradt's tutorial "5 Levels of Text Splitting" (FullStackRetrieval.com).
The first three are langchain-text-splitters at work; the last two need an embedder, which the caller passes
in.

Every function here takes a text and returns intervals that cover it without gap or overlap. The trick that
makes langchain's strings into exact intervals: with separators kept, nothing stripped and no overlap its
pieces joined are the text again, so the offsets are a running sum, and a paragraph that occurs twice is no
riddle (its own `start_index` is a string search). Sentence ends come from `ingest.sentences`, shown to
langchain as a control character that no cleaned text contains. Overlap is added afterwards, in
`ingest.chunking`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ChunkingError
from ingest.sentences import split_sentences

CountTokens = Callable[[str], int]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Interval = tuple[int, int]

_SENTENCE_END = "\x1e"  # ASCII "record separator"
# Kamradt's semantic splitter: cut where the distance between neighbours is above this percentile of the
# document's.
_SEMANTIC_PERCENTILE = 90.0
# Agentic: what opening one more topic costs, as a multiple of the mean squared distance of a sentence to
# the mean of its document. At 1.5 topics have three to five sentences; below 1 hardly two sentences stay
# together.
_TOPIC_COST = 1.5
_MAX_TOPIC_SENTENCES = 40


def character_intervals(text: str, max_tokens: int, count_tokens: CountTokens) -> list[Interval]:
    """Level 1: equal lengths in characters, blind to words. The baseline that others must beat."""
    # A tenth below the document's own mean, so that few windows exceed the limit and have to be cut once
    # more.
    chars = max(1, int(0.9 * len(text) * max_tokens / max(1, count_tokens(text))))
    # Here and below: importing it takes half a second, and who only asks a question splits nothing.
    from langchain_text_splitters import CharacterTextSplitter

    splitter = CharacterTextSplitter(separator="", chunk_size=chars, chunk_overlap=0, strip_whitespace=False)
    return fitted(text, _offsets(splitter.split_text(text)), max_tokens, count_tokens)


def recursive_intervals(text: str, max_tokens: int, count_tokens: CountTokens) -> list[Interval]:
    """Level 2: paragraphs where they fit, else sentences, lines, words; neighbours packed while they fit."""
    text = text.replace(_SENTENCE_END, " ")
    ends = [start for start, _ in split_sentences(text)][1:]
    marked = _SENTENCE_END.join(text[a:b] for a, b in pairwise([0, *ends, len(text)]))
    extra = count_tokens("")  # special tokens, counted once for a chunk and not once for every piece of it

    def length(piece: str) -> int:
        return count_tokens(piece.replace(_SENTENCE_END, "")) - extra

    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=["\n\n", _SENTENCE_END, "\n", " "],
        keep_separator="end",
        chunk_size=max(1, max_tokens - extra),
        chunk_overlap=0,
        length_function=length,
        strip_whitespace=False,
    )
    pieces = [piece.replace(_SENTENCE_END, "") for piece in splitter.split_text(marked)]
    return fitted(text, _offsets(pieces), max_tokens, count_tokens)


def semantic_intervals(text: str, max_tokens: int, count_tokens: CountTokens, embed: Embed) -> list[Interval]:
    """Level 4: cut between sentences whose surroundings differ most.

    Each sentence is embedded together with its neighbours (a window of three evens out short sentences); a
    cut falls where the cosine distance of two consecutive windows is above the 90th percentile. Cost: one
    embedding per sentence.
    """
    bounds = _sentence_intervals(text)
    if len(bounds) < 3:
        return recursive_intervals(text, max_tokens, count_tokens)
    windows = [text[bounds[max(0, i - 1)][0] : bounds[min(len(bounds) - 1, i + 1)][1]] for i in range(len(bounds))]
    vectors = _unit_rows(embed(windows))  # [N, C]
    distances = 1.0 - np.einsum("nc,nc->n", vectors[:-1], vectors[1:])  # [N-1]
    threshold = np.percentile(distances, _SEMANTIC_PERCENTILE)
    cuts = [bounds[i + 1][0] for i in np.flatnonzero(distances > threshold)]
    return _split_groups(text, cuts, max_tokens, count_tokens)


def agentic_intervals(text: str, max_tokens: int, count_tokens: CountTokens, embed: Embed) -> list[Interval]:
    """Level 5: propositions grouped by topic, without a large model to ask.

    Sentences stand for propositions. Instead of asking a model of each one "same topic or a new one?" in
    turn, the whole sequence of answers is chosen at once: the segmentation that minimises the distance of
    sentences to the mean of their segment plus a fixed cost for each segment, by dynamic programming (as in
    Alemi & Ginsparg 2015, arXiv 1503.05543), where no segment exceeds `max_tokens`. Topics stay contiguous,
    because a chunk is a slice of its document. Cost: one embedding per sentence, and O(sentences x 40) for
    the search.
    """
    bounds = _sentence_intervals(text)
    if len(bounds) < 3:
        return recursive_intervals(text, max_tokens, count_tokens)
    vectors = _unit_rows(embed([text[start:end] for start, end in bounds]))  # [N, C]
    extra = count_tokens("")
    tokens = [count_tokens(text[start:end]) - extra for start, end in bounds]
    starts = _best_segmentation(vectors, tokens, max_tokens - extra)
    return _split_groups(text, [bounds[i][0] for i in starts[1:]], max_tokens, count_tokens)


def window_intervals(text: str, max_tokens: int, count_tokens: CountTokens, neighbours: int = 1) -> list[Interval]:
    """Sentence windows: each sentence with one neighbour on either side where they fit. These do overlap."""
    bounds = _sentence_intervals(text)
    windows: list[Interval] = []
    for i in range(len(bounds)):
        reach = neighbours
        while reach and not _fits(text, _window(bounds, i, reach), max_tokens, count_tokens):
            reach -= 1
        windows.extend(fitted(text, [_window(bounds, i, reach)], max_tokens, count_tokens))
    return [window for i, window in enumerate(windows) if i == 0 or window != windows[i - 1]]


def fitted(text: str, intervals: Sequence[Interval], max_tokens: int, count_tokens: CountTokens) -> list[Interval]:
    """The same intervals, those above `max_tokens` cut into longest pieces, at a space where there is one.

    Raises ChunkingError if not even one character fits.
    """
    pieces: list[Interval] = []
    for start, end in intervals:
        while start < end:
            cut = _longest_fit(text, start, end, max_tokens, count_tokens)
            pieces.append((start, cut))
            start = cut
    return pieces


def _longest_fit(text: str, start: int, end: int, max_tokens: int, count_tokens: CountTokens) -> int:
    """The largest `cut` such that `text[start:cut]` fits: doubling, then bisection, for huge words."""
    low, step = start, 4 * max_tokens
    high = min(end, start + step)
    while high < end and _fits(text, (start, high), max_tokens, count_tokens):
        low, step = high, 2 * step
        high = min(end, start + step)
    if high == end and _fits(text, (start, end), max_tokens, count_tokens):
        return end
    while high - low > 1:
        middle = (low + high) // 2
        if _fits(text, (start, middle), max_tokens, count_tokens):
            low = middle
        else:
            high = middle
    if low == start:
        raise ChunkingError(f"max_tokens={max_tokens} is too small for a single character: raise it")
    space = max(text.rfind(" ", start + 1, low), text.rfind("\n", start + 1, low))
    if space > start + (low - start) // 2 and _fits(text, (start, space + 1), max_tokens, count_tokens):
        return space + 1
    return low


def _fits(text: str, interval: Interval, max_tokens: int, count_tokens: CountTokens) -> bool:
    """Counted without outer whitespace, as in the chunk: some tokenizers count " word" differently."""
    return count_tokens(text[interval[0] : interval[1]].strip()) <= max_tokens


def _offsets(pieces: Sequence[str]) -> list[Interval]:
    ends = np.cumsum([len(piece) for piece in pieces]).tolist()
    return list(pairwise([0, *ends]))


def _sentence_intervals(text: str) -> list[Interval]:
    """Sentences with the whitespace after them, so that they cover the text."""
    starts = [start for start, _ in split_sentences(text)]
    return list(pairwise([0, *starts[1:], len(text)])) if text else []


def _window(bounds: Sequence[Interval], i: int, reach: int) -> Interval:
    return bounds[max(0, i - reach)][0], bounds[min(len(bounds) - 1, i + reach)][1]


def _split_groups(text: str, cuts: Sequence[int], max_tokens: int, count_tokens: CountTokens) -> list[Interval]:
    """Cuts `text` at `cuts`; groups that are too large are cut further by level 2."""
    intervals: list[Interval] = []
    for start, end in pairwise([0, *cuts, len(text)]):
        if _fits(text, (start, end), max_tokens, count_tokens):
            intervals.append((start, end))
        else:
            inner = recursive_intervals(text[start:end], max_tokens, count_tokens)
            intervals.extend((start + a, start + b) for a, b in inner)
    return intervals


def _unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = np.asarray(vectors, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), dtype=np.float64)


def _best_segmentation(vectors: NDArray[np.float64], tokens: Sequence[int], max_tokens: int) -> list[int]:
    """First sentence of each segment of the cheapest segmentation.

    For unit rows, the summed squared distance of a segment's sentences to their mean is n - |sum|^2 / n, so
    prefix sums give each segment's cost in O(C). A single sentence above `max_tokens` is allowed (and cut
    later).
    """
    count = len(vectors)
    prefix = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0)])  # [N+1, C]
    scatter = 1.0 - float(np.sum(prefix[-1] ** 2)) / count**2  # mean squared distance to the document's mean
    best = [0.0] + [np.inf] * count
    came_from = [0] * (count + 1)
    for end in range(1, count + 1):
        size = 0
        for start in range(end - 1, max(-1, end - 1 - _MAX_TOPIC_SENTENCES), -1):
            size += tokens[start]
            if size > max_tokens and start < end - 1:
                break
            length = end - start
            spread = length - float(np.sum((prefix[end] - prefix[start]) ** 2)) / length
            cost = best[start] + spread + _TOPIC_COST * scatter
            if cost < best[end]:
                best[end], came_from[end] = cost, start
    starts: list[int] = []
    end = count
    while end:
        end = came_from[end]
        starts.append(end)
    return starts[::-1]
