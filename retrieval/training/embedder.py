"""`lectern train embedder`: the English sentence embedder learns that a translation means the same.

Distillation (Reimers & Gurevych 2020, arXiv 2004.09813): the teacher is the English model on the English sentence,
the student must give the same vector for the Russian one; in-batch ranking keeps different sentences apart. Two
phases in one run: Russian rows alone under a frozen body, then rows and body at a low rate, with English sentences
among the batch so that English stays where it was.

Price on two cores: about 200 sentences a second. A checkpoint is written every `checkpoint_seconds` and on Ctrl-C;
`--resume` continues from it with the same batches.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from retrieval.bert import Bert, pool
from retrieval.bilingual import SplitRows, build_tokenizer, english_network, save, word_table
from retrieval.precision import made_fast
from retrieval.training.alignment import initial_rows
from retrieval.training.mixed import MasterAdamW, cosine_rate
from retrieval.training.parallel import Pair, load_pairs, split_pairs
from retrieval.training.vocabulary import choose_pieces, russian_text


@dataclass(frozen=True, slots=True)
class EmbedderSettings:
    """Knobs of one run.

    pieces: Russian pieces added. row_epochs, body_epochs: passes over the pairs per phase. tokens_per_batch: padded
    Russian tokens. row_rate, body_rate: peak learning rates. english_share: English sentences per Russian one in
    the second phase. temperature: of the ranking softmax. max_tokens: longer sentences are cut.
    """

    pieces: int = 18_000
    row_epochs: float = 0.3
    body_epochs: float = 0.7
    tokens_per_batch: int = 4096
    row_rate: float = 3e-3
    body_rate: float = 1.5e-4
    english_share: float = 0.25
    temperature: float = 0.05
    max_tokens: int = 96
    seed: int = 17


def padded(rows: list[list[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both [B, S], padded with 0."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids.to(device), mask.to(device)


def token_rows(tokenizer: Tokenizer, texts: list[str], max_tokens: int) -> list[list[int]]:
    """Token ids of each text with the special ones, at most `max_tokens`."""
    tokenizer.enable_truncation(max_tokens)
    rows = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    tokenizer.no_truncation()
    return rows


@torch.no_grad()
def encode_rows(network: Bert, rows: list[list[int]], device: torch.device, batch: int = 128) -> torch.Tensor:
    """Sentence vectors [N, C] float32 for token rows, computed in length order."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    out = torch.empty(len(rows), network.shape.width)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        ids, mask = padded([rows[index] for index in part], device)
        out[part] = pool(network(ids, mask), mask).cpu()
    return out


def translation_accuracy(network: Bert, tokenizer: Tokenizer, pairs: list[Pair]) -> dict[str, float]:
    """accuracy@1 of finding the translation among all of `pairs`, both ways."""
    device = next(network.parameters()).device
    english = encode_rows(network, token_rows(tokenizer, [p.english for p in pairs], 128), device)
    russian = encode_rows(network, token_rows(tokenizer, [p.russian for p in pairs], 128), device)
    scores = russian @ english.T
    gold = torch.arange(len(pairs))
    return {
        "ru->en": float((scores.argmax(1) == gold).float().mean()),
        "en->ru": float((scores.argmax(0) == gold).float().mean()),
    }


def batches(lengths: list[int], tokens_per_batch: int, rng: random.Random) -> list[list[int]]:
    """Indices in batches of like length, in random order, each of at most `tokens_per_batch` padded tokens."""
    order = sorted(range(len(lengths)), key=lambda index: lengths[index] + rng.random() * 4)
    out: list[list[int]] = []
    current: list[int] = []
    for index in order:
        if current and max(lengths[index], lengths[current[-1]]) * (len(current) + 1) > tokens_per_batch:
            out.append(current)
            current = []
        current.append(index)
    out.append(current)
    rng.shuffle(out)
    return out


class Run:
    """One training run in `folder`: state on disk, so that it can stop and go on."""

    def __init__(
        self, data: Path, folder: Path, settings: EmbedderSettings, device: str, report: Callable[[str], None]
    ) -> None:
        self.folder, self.settings, self.report = folder, settings, report
        self.device = torch.device(device)
        folder.mkdir(parents=True, exist_ok=True)
        self.pairs, self.held = split_pairs(load_pairs(data / "parallel" / "en_ru.jsonl.xz"))
        pieces_path = folder / "pieces.json"
        if pieces_path.is_file():
            self.pieces: list[str] = json.loads(pieces_path.read_text(encoding="utf-8"))
        else:
            report("choosing Russian pieces")
            self.pieces = choose_pieces(russian_text(data, self.pairs), settings.pieces)
            pieces_path.write_text(json.dumps(self.pieces, ensure_ascii=False), encoding="utf-8")
        self.tokenizer = build_tokenizer(self.pieces)
        self.teacher = made_fast(english_network(), self.device)
        self.english_rows = token_rows(self.tokenizer, [pair.english for pair in self.pairs], settings.max_tokens)
        self.russian_rows = token_rows(self.tokenizer, [pair.russian for pair in self.pairs], settings.max_tokens)
        self.targets = self._targets()
        self.student = english_network()
        table = word_table(self.student)
        self.rows = SplitRows(table, initial_rows(self.tokenizer, self.pairs, table, len(self.pieces)))
        self.student.embeddings.word_embeddings = self.rows
        made_fast(self.student, self.device)

    def _targets(self) -> torch.Tensor:
        """Teacher vectors of the English sentences [N, C]; computed once, kept on disk."""
        path = self.folder / "targets.pt"
        if path.is_file():
            saved: torch.Tensor = torch.load(path, weights_only=True)
            if len(saved) == len(self.pairs):
                return saved
        self.report(f"teacher vectors of {len(self.pairs)} English sentences")
        english_only = build_tokenizer([])  # the teacher knows no Russian pieces
        rows = token_rows(english_only, [pair.english for pair in self.pairs], self.settings.max_tokens)
        targets = encode_rows(self.teacher, rows, self.device)
        torch.save(targets, path)
        return targets

    def _phase(self, name: str, train_body: bool, epochs: float, resume: bool, checkpoint_seconds: float) -> None:
        settings = self.settings
        done_path, state_path = self.folder / f"{name}.done", self.folder / f"{name}.pt"
        if resume and done_path.is_file():
            self.student.load_state_dict(torch.load(done_path, weights_only=True))
            return
        table = self.rows.russian
        for parameter in self.student.parameters():
            parameter.requires_grad_(train_body)
        table.requires_grad_(True)
        body = [p for p in self.student.parameters() if p is not table and p.requires_grad]
        row_rate = settings.row_rate if not train_body else settings.row_rate * 0.3
        groups = [{"params": [table], "lr": row_rate}]
        if train_body:
            groups.append({"params": body, "lr": settings.body_rate})
        optimizer = MasterAdamW(groups)
        rng = random.Random(settings.seed + train_body)
        plan: list[list[int]] = []
        lengths = [len(row) for row in self.russian_rows]
        whole_epochs, rest = divmod(epochs, 1.0)
        for _ in range(int(whole_epochs)):
            plan += batches(lengths, settings.tokens_per_batch, rng)
        if rest:
            epoch = batches(lengths, settings.tokens_per_batch, rng)
            plan += epoch[: int(rest * len(epoch))]
        first = 0
        if resume and state_path.is_file():
            state = torch.load(state_path, weights_only=True)
            optimizer.load_state_dict(state["optimizer"])
            first = int(state["step"])
            self.report(f"{name}: resumed at step {first} of {len(plan)}")
        started = saved_at = time.monotonic()
        seen = 0
        running = 0.0
        try:
            for step in range(first, len(plan)):
                loss = self._loss(plan[step], rng, with_english=train_body)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step(cosine_rate(step, len(plan), 100))
                seen += len(plan[step])
                running = float(loss.detach()) if step == first else 0.98 * running + 0.02 * float(loss.detach())
                if step % 50 == 49:
                    seconds = time.monotonic() - started
                    left = seconds / (step + 1 - first) * (len(plan) - step - 1)
                    self.report(
                        f"{name}: step {step + 1}/{len(plan)} loss {running:.4f} {seen / seconds:.0f} pairs/s "
                        f"{left / 60:.0f} min left"
                    )
                if time.monotonic() - saved_at > checkpoint_seconds:
                    torch.save({"optimizer": optimizer.state_dict(), "step": step + 1}, state_path)
                    saved_at = time.monotonic()
        except KeyboardInterrupt:
            torch.save({"optimizer": optimizer.state_dict(), "step": step}, state_path)
            self.report(f"stopped at step {step}; go on with --resume")
            raise
        torch.save(self.student.state_dict(), done_path)
        state_path.unlink(missing_ok=True)

    def _loss(self, indices: list[int], rng: random.Random, *, with_english: bool) -> torch.Tensor:
        """Distance to the teacher plus in-batch ranking, mean over the batch."""
        ids, mask = padded([self.russian_rows[index] for index in indices], self.device)
        target = self.targets[indices].to(self.device)
        student = pool(self.student(ids, mask), mask)
        scores = student @ target.T / self.settings.temperature
        # The same English sentence may stand in the batch twice; a twin is no wrong answer.
        twins = (target @ target.T > 0.999) & ~torch.eye(len(indices), dtype=torch.bool, device=self.device)
        gold = torch.arange(len(indices), device=self.device)
        ranking = F.cross_entropy(scores.masked_fill(twins, -1e4), gold)
        distance = (1.0 - (student * target).sum(-1)).mean()
        loss = 5.0 * distance + 0.5 * ranking
        if with_english:
            chosen = rng.sample(indices, max(1, int(len(indices) * self.settings.english_share)))
            ids, mask = padded([self.english_rows[index] for index in chosen], self.device)
            english = pool(self.student(ids, mask), mask)
            kept = 1.0 - (english * self.targets[chosen].to(self.device)).sum(-1)
            loss = loss + 5.0 * kept.mean()
        return loss

    def train(self, *, resume: bool, checkpoint_seconds: float = 300.0) -> None:
        """Both phases; the weights go to `folder / "weights"`."""
        sample = self.held[:500]
        self.report(f"{len(self.pairs)} pairs, {len(self.pieces)} Russian pieces; held back {len(self.held)}")
        self.report(f"start: {translation_accuracy(self.student, self.tokenizer, sample)}")
        self._phase("rows", False, self.settings.row_epochs, resume, checkpoint_seconds)
        self.report(f"after rows: {translation_accuracy(self.student, self.tokenizer, sample)}")
        save(self.student, self.rows.russian, self.pieces, self.folder / "weights")
        self._phase("body", True, self.settings.body_epochs, resume, checkpoint_seconds)
        self.report(f"after body: {translation_accuracy(self.student, self.tokenizer, sample)}")
        save(self.student, self.rows.russian, self.pieces, self.folder / "weights")
        (self.folder / "settings.json").write_text(json.dumps(asdict(self.settings), indent=2))
