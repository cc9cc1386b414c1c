"""Questions that nobody wrote, for stage "cloze": of texts there are enough in both languages, of questions few.

- A sentence with one word masked, asked of the passage that it was taken out of; the word, a name three times as often,
  stands in one other sentence of it, in any inflection, and is to be found there (recurring span selection: Ram et al.
  2021, arXiv 2101.00438).
- A sentence asked of a passage in the other language that holds its translation; a word that both have, a name or a
  number, is masked and to be found.

The reader meets words in this way that stand in no passage that questions were written on. The passages beside the gold
one are any others of the set: no search is made for them.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.documentation import split_of_row
from generator.memory import Passage
from generator.training.examples import Example, Interval
from ingest.sentences import split_sentences
from retrieval.analysis import analyze
from retrieval.training.documentation import is_open, title_or_nothing
from retrieval.training.parallel import Pair, load_pairs, read_json_lines, split_pairs

MASK = "[MASK]"
CLOZE = "cloze-"  # how their sources begin
# How many examples of each set, about; sources are "cloze-ru", "cloze-en", "cloze-cross".
COUNTS = {"tech_docs_ru": 5500, "ru_literature": 5500, "tech_docs_en": 1500, "llm_docs": 3000}
PAIRED = 6000

_LETTERS = (700, 1100)  # of a passage
_SENTENCE_WORDS = (7, 32)
_PAIRED_WORDS = (5, 40)
_FEWEST_SENTENCES, _SHORTEST_STEM = 6, 4
# Of the characters of prose at least so many are letters or spaces; code and tables have fewer.
_PROSE = 0.88
# A stem that more of the passages hold is no name, no term.
_COMMON = 0.02
_NAMES = 3.0  # how much oftener a name is masked: questions are about names
_MOST_CHUNKS = 60  # of one text
_WORD = re.compile(r"[^\W_][\w'’-]*[^\W_]|[^\W_]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some sentences of a text."""

    title: str
    language: str
    text: str


def cloze_examples(data: Path, seed: int) -> list[Example]:
    """Examples of all sets; the same for the same data and seed."""
    rng = random.Random(seed)
    found: list[Example] = []
    for name, count in COUNTS.items():
        chunks = list(_chunks(data / "text" / f"{name}.jsonl.xz", 3 * count, rng))
        found += masked(f"cloze:{name}", chunks, rng)[:count]
    train, _ = split_pairs(load_pairs(data / "parallel" / "en_ru.jsonl.xz"))
    return found + list(paired(train, PAIRED, rng))


def _chunks(path: Path, count: int, rng: random.Random) -> Iterator[Chunk]:
    """About `count` chunks of prose, spread over the texts of a set, in any order."""
    rows = [
        row for row in read_json_lines(path)
        if row["lang"] in ("en", "ru") and is_open(str(row["license"])) and split_of_row(str(row["id"])) == "train"
    ]
    chunks = []
    for row in rows:
        whole = str(row["text"])
        for _ in range(max(1, min(_MOST_CHUNKS, count // len(rows), len(whole) // _LETTERS[1]))):
            if (text := _cut(whole, rng)) is not None:
                chunks.append(Chunk(title_or_nothing(str(row["title"])), str(row["lang"]), text))
    rng.shuffle(chunks)
    yield from chunks


def _cut(text: str, rng: random.Random) -> str | None:
    """Whole sentences from some place of the text; None where there is no prose."""
    size = rng.randint(*_LETTERS)
    start = rng.randrange(max(1, len(text) - size))
    part = " ".join(text[start : start + size + 150].split())
    sentences = split_sentences(part)
    if len(sentences) < _FEWEST_SENTENCES:
        return None
    part = part[sentences[1][0] : sentences[-2][1]]
    prose = sum(char.isalpha() or char.isspace() for char in part)
    return part if prose > _PROSE * len(part) else None


def masked(name: str, chunks: Sequence[Chunk], rng: random.Random) -> list[Example]:
    """An example of each chunk that has a word for it; `name` begins their ids."""
    frequency = Counter(stem for chunk in chunks for stem in set(_stems(chunk.text)))
    made = (_masked(f"{name}:{n}", chunk, frequency, len(chunks), rng) for n, chunk in enumerate(chunks))
    return [example for example in made if example is not None]


def _stems(text: str) -> list[str]:
    return [term for term in analyze(text) if not term.startswith("=")]


def _masked(
    id: str, chunk: Chunk, frequency: Mapping[str, int], total: int, rng: random.Random
) -> Example | None:
    text, sentences = chunk.text, split_sentences(chunk.text)
    places: dict[str, list[tuple[int, Interval]]] = defaultdict(list)  # of each stem: (sentence, word)
    # The title may not say the word, and a part of a compound («64-битных», `max_length`) does not stand for the whole.
    unfit = set(_stems(chunk.title))
    for n, (a, z) in enumerate(sentences):
        for match in _WORD.finditer(text, a, z):
            stems = _stems(match.group())
            if len(stems) != 1 or not match.group().isalpha():
                unfit.update(stems)
            for stem in stems:
                places[stem].append((n, match.span()))
    fitting: list[tuple[str, int]] = []
    for stem, found in places.items():
        within = {n for n, _ in found}
        rare = len(stem) >= _SHORTEST_STEM and frequency[stem] <= _COMMON * total
        if stem not in unfit and len(within) == 2 and rare:
            fitting += [(stem, n) for n in sorted(within) if _fits(text[slice(*sentences[n])], _SENTENCE_WORDS)]
    if not fitting:
        return None
    weights = [_NAMES if _is_name(text, sentences, places[stem]) else 1.0 for stem, _ in fitting]
    stem, asked = rng.choices(fitting, weights=weights)[0]
    question, begin = text[slice(*sentences[asked])], sentences[asked][0]
    for n, (a, z) in reversed(places[stem]):
        if n == asked:
            question = question[: a - begin] + MASK + question[z - begin :]
    answering, word = next((n, word) for n, word in places[stem] if n != asked)
    passage, starts = _joined([text[slice(*interval)] for n, interval in enumerate(sentences) if n != asked])
    start = starts[answering - (answering > asked)]
    a, z = sentences[answering]
    evidence = (start, start + z - a)
    return Example(
        id, f"{CLOZE}{chunk.language}", id.rsplit(":", 1)[0], chunk.language, question,
        (Passage(chunk.title, passage),), passage[slice(*evidence)], (start + word[0] - a, start + word[1] - a),
        ((evidence,),), False,
    )


def _is_name(text: str, sentences: Sequence[Interval], places: Sequence[tuple[int, Interval]]) -> bool:
    """Whether the word has a capital somewhere else than at the beginning of a sentence."""
    return any(text[start].isupper() and start > sentences[n][0] for n, (start, _) in places)


def paired(pairs: Sequence[Pair], count: int, rng: random.Random) -> Iterator[Example]:
    """At most `count` examples across languages; pairs: as they follow each other in their sources."""
    for number in range(count):
        size = rng.randint(4, 7)
        at = rng.randrange(max(1, len(pairs) - size))
        window = pairs[at : at + size]
        gold, russian = rng.randrange(len(window)), rng.random() < 0.4
        sides = [(pair.english, pair.russian) if russian else (pair.russian, pair.english) for pair in window]
        question, found = sides[gold]
        passage, starts = _joined([told if told[-1] in ".!?:" else f"{told}." for _, told in sides])
        different = all(len({pair[n] for pair in sides}) == len(sides) for n in range(2))
        if not _fits(question, _PAIRED_WORDS) or not different or len(passage) > 1.2 * _LETTERS[1]:
            continue
        if [a for a, _ in split_sentences(passage)] != starts:
            continue  # two would be taken for one sentence
        evidence = (starts[gold], starts[gold] + len(found))
        span = None
        shared = [m for m in _WORD.finditer(found) if len(m.group()) > 2 and _in(m.group()).search(question)]
        if shared:
            word = rng.choice(shared)
            question = _in(word.group()).sub(MASK, question)
            span = (evidence[0] + word.start(), evidence[0] + word.end())
        # Grouped by language, so that the passage in the other language than the question is not always the right one.
        language = "ru" if russian else "en"
        yield Example(
            f"cloze:pair:{number}", f"{CLOZE}cross", f"cloze:pair:{language}", language, question,
            (Passage("", passage),), found, span, ((evidence,),), False,
        )


def _fits(sentence: str, words: tuple[int, int]) -> bool:
    return words[0] <= len(sentence.split()) <= words[1]


def _in(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}\b")


def _joined(sentences: Sequence[str]) -> tuple[str, list[int]]:
    """The sentences with a space between them, and where each begins."""
    starts = [0]
    for sentence in sentences:
        starts.append(starts[-1] + len(sentence) + 1)
    return " ".join(sentences), starts[:-1]
