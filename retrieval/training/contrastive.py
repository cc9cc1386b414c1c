"""`lectern train embedder --stage contrast`: questions learn to lie near the passages that answer them.

In-batch softmax (Karpukhin et al. 2020, arXiv 2004.04906) over passages that come in clusters of neighbours by the
vectors at the start: near ones are the hard negatives, and they cost no more than easy ones. Questions are short, so
each passage brings several. What may answer too is no negative: a passage that another pair names, one that holds the
words that answer, and the same note in the other language. Some batches are translations, so that languages stay
together, and every vector of English text that is moved away from where it was is pulled back a little.

Only the body is trained: word rows and position rows stay, so whatever reads the same rows keeps its input.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from retrieval import bilingual
from retrieval.bert import Bert, pool
from retrieval.precision import made_fast
from retrieval.training.embedder import encode_rows, padded, token_rows, translation_accuracy
from retrieval.training.mixed import MasterAdamW, cosine_rate
from retrieval.training.pairs import (
    QuestionPassage,
    corpus_pairs,
    documentation_pairs,
    reading_pairs,
    shared_pairs,
)
from retrieval.training.parallel import Pair, load_pairs, split_pairs

# How often a pair of a source is drawn, relative to others.
WEIGHTS = {
    "new_wiki": 0.35, "nq_open_oracle": 0.5, "covidqa": 0.3, "cross": 0.8, "reading-en": 1.0, "reading-ru": 1.5,
    "reading-cross": 1.5, "notes-en": 2.0, "notes-ru": 2.0, "notes-cross": 2.0, "corpus-en": 3.0, "corpus-ru": 3.5,
    "corpus-cross": 2.0, "docs-en": 1.5, "docs-ru": 2.0, "docs-cross": 1.5,
}
# Shorter answers than this stand in too many passages to tell which of them answer.
_TELLING = 4


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """steps of `passages` passages in clusters of `cluster`, each drawn from the `near` nearest of its first, with
    `questions` questions a passage; rate: peak learning rate; temperature: of the softmax; max_tokens: longer
    passages are cut; parallel_every: each so-many-th step is `translations` pairs of sentences; keep: weight of
    staying near the old vectors."""

    steps: int = 600
    passages: int = 64
    cluster: int = 4
    near: int = 12
    questions: int = 2
    rate: float = 1e-4
    temperature: float = 0.05
    max_tokens: int = 200
    parallel_every: int = 5
    translations: int = 128
    keep: float = 1.0
    warmup_steps: int = 40
    seed: int = 41
    checkpoint_seconds: float = 300.0


class Pairs:
    """Pairs by passage, each passage with its nearest of the same language.

    vectors: [passages, C] of norm 1, in the order of `passages`, which are the distinct ones of `pairs` as they come.
    """

    def __init__(self, pairs: Sequence[QuestionPassage], vectors: torch.Tensor, near: int) -> None:
        self.by_passage: dict[str, list[QuestionPassage]] = defaultdict(list)
        for pair in pairs:
            self.by_passage[pair.passage].append(pair)
        self.passages = list(self.by_passage)
        self.weights = [sum(WEIGHTS[pair.source] for pair in rows) for rows in self.by_passage.values()]
        languages = [rows[0].language for rows in self.by_passage.values()]
        self.near: list[list[int]] = [[] for _ in self.passages]
        for language in sorted(set(languages)):
            own = torch.tensor([index for index, found in enumerate(languages) if found == language])
            for start in range(0, len(own), 1024):
                part = own[start : start + 1024]
                scores = vectors[part] @ vectors[own].T
                best = own[scores.topk(min(near + 1, len(own))).indices]
                for index, row in zip(part.tolist(), best.tolist(), strict=True):
                    self.near[index] = [other for other in row if other != index][:near]


def draw_clusters(pairs: Pairs, settings: ContrastSettings, rng: random.Random) -> list[QuestionPassage]:
    """One batch: passages drawn by the weights of their questions, each with neighbours, none twice."""
    wanted = min(settings.passages, len(pairs.passages))
    taken: dict[int, None] = {}
    while len(taken) < wanted:
        (first,) = rng.choices(range(len(pairs.passages)), weights=pairs.weights)
        others = rng.sample(pairs.near[first], min(settings.cluster - 1, len(pairs.near[first])))
        taken |= dict.fromkeys([first, *others])
    batch: list[QuestionPassage] = []
    for index in list(taken)[:wanted]:
        rows = pairs.by_passage[pairs.passages[index]]
        drawn = rng.choices(rows, weights=[WEIGHTS[row.source] for row in rows], k=settings.questions)
        batch += dict.fromkeys(drawn)
    return batch


def may_answer(pair: QuestionPassage, others: Sequence[QuestionPassage]) -> bool:
    """Whether the passage of `others`, which is not the pair's own, may answer the pair's question, so that it is no
    wrong answer: the question is asked of it too, it is the same text in the other language, or it holds what
    answers."""
    other = others[0]
    if other.group == pair.group and other.language != pair.language:
        return True
    if len(pair.gold) >= _TELLING and pair.gold.casefold() in other.passage.casefold():
        return True
    return any(other.question == pair.question for other in others)


class ContrastRun:
    """One run in `folder`, from the embedder in `start`."""

    def __init__(
        self, data: Path, folder: Path, start: Path, settings: ContrastSettings, device: str,
        report: Callable[[str], None],
    ) -> None:
        self.folder, self.settings, self.report = folder, settings, report
        self.device = torch.device(device)
        folder.mkdir(parents=True, exist_ok=True)
        model = bilingual.load(start)
        self.pieces, self.tokenizer = model.russian_pieces, model.tokenizer
        self.network = made_fast(model.network, self.device)
        self.before = made_fast(bilingual.load(start).network, self.device)
        shared = list(shared_pairs(data))
        train = [pair for pair, is_dev in shared if not is_dev]
        train += [*reading_pairs("train"), *corpus_pairs("train", self._count), *documentation_pairs(data, "train")]
        report(f"{len(train)} pairs of questions and passages; looking for each passage's neighbours")
        rows = token_rows(self.tokenizer, list(dict.fromkeys(pair.passage for pair in train)), settings.max_tokens)
        with torch.no_grad():
            self.train_pairs = Pairs(train, encode_rows(self.network, rows, self.device), settings.near)
        self.dev_pairs = [pair for pair, is_dev in shared if is_dev]
        self.dev_pairs += [*reading_pairs("dev"), *corpus_pairs("dev", self._count)]
        self.parallel, self.held = split_pairs(load_pairs(data / "parallel" / "en_ru.jsonl.xz"))
        self.parallel = [pair for pair in self.parallel if 6 <= len(pair.english.split()) <= 40]

    def _count(self, text: str) -> int:
        return len(self.tokenizer.encode(text).ids)

    def train(self, *, resume: bool) -> None:
        """All steps; weights go to `folder / "weights"`."""
        settings = self.settings
        self.network.embeddings.requires_grad_(False)
        body = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        optimizer = MasterAdamW([{"params": body, "lr": settings.rate}])
        checkpoint = self.folder / "contrast.checkpoint.pt"
        first = 0
        if resume and checkpoint.is_file():
            state = torch.load(checkpoint, weights_only=True)
            optimizer.load_state_dict(state["optimizer"])
            first = int(state["step"])
            self.report(f"resumed at step {first} of {settings.steps}")
        else:
            self.report(f"{len(self.train_pairs.passages)} passages; before: {self.scores()}")
        started = saved_at = time.monotonic()
        running, seen, step = 0.0, 0, first
        try:
            while step < settings.steps:
                rng = random.Random(settings.seed * 1_000_003 + step)
                if step % settings.parallel_every == settings.parallel_every - 1:
                    loss = self._parallel_loss(rng.sample(self.parallel, settings.translations))
                else:
                    batch = draw_clusters(self.train_pairs, settings, rng)
                    loss = self._loss(batch)
                    seen += len(batch)
                    running = 0.95 * running + 0.05 * float(loss.detach()) if running else float(loss.detach())
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step(cosine_rate(step, settings.steps, settings.warmup_steps))
                step += 1
                if step % 20 == 0:
                    seconds = time.monotonic() - started
                    left = seconds / (step - first) * (settings.steps - step)
                    self.report(
                        f"step {step}/{settings.steps} loss {running:.3f} {seen / seconds:.1f} pairs/s "
                        f"{left / 60:.0f} min left"
                    )
                if time.monotonic() - saved_at > settings.checkpoint_seconds:
                    torch.save({"optimizer": optimizer.state_dict(), "step": step}, checkpoint)
                    saved_at = time.monotonic()
        except KeyboardInterrupt:
            torch.save({"optimizer": optimizer.state_dict(), "step": step}, checkpoint)
            self.report(f"stopped at step {step}; go on with --resume")
            raise
        rows = bilingual.word_table(self.network)[bilingual.ENGLISH_ROWS :]
        bilingual.save(self.network, rows, self.pieces, self.folder / "weights")
        self.report(f"after: {self.scores()}")

    def _vectors(self, network: Bert, texts: Sequence[str]) -> torch.Tensor:
        ids, mask = padded(token_rows(self.tokenizer, list(texts), self.settings.max_tokens), self.device)
        return pool(network(ids, mask), mask)

    def _loss(self, batch: Sequence[QuestionPassage]) -> torch.Tensor:
        """Ranking of the batch's passages by each question, and nearness of English passages to where they were."""
        passages = list(dict.fromkeys(pair.passage for pair in batch))
        places = {passage: index for index, passage in enumerate(passages)}
        order = sorted(range(len(passages)), key=lambda index: len(passages[index]))
        halves = [order[: len(order) // 2], order[len(order) // 2 :]]
        parts = [self._vectors(self.network, [passages[index] for index in half]) for half in halves]
        vectors = torch.cat(parts)[torch.argsort(torch.tensor([*halves[0], *halves[1]]))]
        questions = self._vectors(self.network, [pair.question for pair in batch])
        scores = questions @ vectors.T / self.settings.temperature
        asked = self.train_pairs.by_passage
        also = torch.tensor([
            [passage != pair.passage and may_answer(pair, asked[passage]) for passage in passages]
            for pair in batch
        ], device=self.device)
        gold = torch.tensor([places[pair.passage] for pair in batch], device=self.device)
        loss = F.cross_entropy(scores.masked_fill(also, -1e4), gold)
        with torch.no_grad():
            english = [row for row, pair in enumerate(batch) if pair.language == "en" and not pair.cross][:16]
            old = self._vectors(self.before, [batch[row].question for row in english]) if english else None
        if old is not None:
            loss = loss + self.settings.keep * (1.0 - (questions[english] * old).sum(-1)).mean()
        return loss

    def _parallel_loss(self, pairs: Sequence[Pair]) -> torch.Tensor:
        """Translations find each other, and stay near the old vectors of the English side."""
        english = self._vectors(self.network, [pair.english for pair in pairs])
        russian = self._vectors(self.network, [pair.russian for pair in pairs])
        with torch.no_grad():
            old = self._vectors(self.before, [pair.english for pair in pairs])
        scores = russian @ english.T / self.settings.temperature
        gold = torch.arange(len(pairs), device=self.device)
        ranking = 0.5 * (F.cross_entropy(scores, gold) + F.cross_entropy(scores.T, gold))
        kept = (1.0 - (english * old).sum(-1)).mean() + (1.0 - (russian * old).sum(-1)).mean()
        return ranking + self.settings.keep * kept

    def scores(self) -> dict[str, float]:
        """recall@5 of each source's dev questions among all dev passages of its collection, and translations."""
        found = translation_accuracy(self.network, self.tokenizer, self.held[:500])
        translated = {name: round(value, 3) for name, value in found.items()}
        return translated | dev_recall(self.network, self.tokenizer, self.dev_pairs)


def dev_recall(
    network: Bert, tokenizer: Tokenizer, pairs: Sequence[QuestionPassage], per_source: int = 250, k: int = 5
) -> dict[str, float]:
    """recall@k per source of at most `per_source` questions among all passages of the same language."""
    device = next(network.parameters()).device
    rng = random.Random(7)
    found: dict[str, float] = {}
    by_source: dict[str, list[QuestionPassage]] = defaultdict(list)
    for pair in pairs:
        by_source[pair.source].append(pair)
    for language in ("en", "ru"):
        passages = list(dict.fromkeys(pair.passage for pair in pairs if pair.language == language))
        vectors = encode_rows(network, token_rows(tokenizer, passages, 256), device, 32)
        for source, rows in sorted(by_source.items()):
            own = [row for row in rows if row.language == language]
            if not own:
                continue
            chosen = rng.sample(own, min(per_source, len(own)))
            asked = encode_rows(network, token_rows(tokenizer, [r.question for r in chosen], 128), device)
            top = (asked @ vectors.T).topk(k).indices.tolist()
            hits = [row.passage in {passages[i] for i in best} for row, best in zip(chosen, top, strict=True)]
            found[f"{source}>{language}"] = round(sum(hits) / len(hits), 3)
    return found
