"""The decoder's small cased vocabulary: what it can write without copying.

An entry is (WordPiece id, case). The vectors are rows of the embedder's word table plus a learned vector per case,
so the vocabulary's size costs nothing in shipped weights. Entry 0 ends the answer. Single letters are always in,
so every word of the two alphabets can be spelt; whatever else an answer needs has to be copied.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer

from generator.pieces import Case, pieces_of, special_id, token_of, with_case

END = 0


class Vocabulary:
    """Entries (WordPiece id, case) by index; `index` gives the way back.

    `digits`, `capitals`: indices that numbers and names are made of; barred when documents are given, so that both
    can only be copied.
    """

    def __init__(self, entries: list[tuple[int, Case]], tokenizer: Tokenizer) -> None:
        self.entries = [(special_id(tokenizer, "[SEP]"), Case.LOWER), *entries]
        self.index = {entry: number for number, entry in enumerate(self.entries) if number != END}
        self.surfaces, self.continues = [""], [False]
        for id_, case in entries:
            token = token_of(tokenizer, id_)
            self.continues.append(token.startswith("##"))
            self.surfaces.append(with_case(token.removeprefix("##"), case))
        self.digits = [i for i, surface in enumerate(self.surfaces) if any(c.isdigit() for c in surface)]
        self.capitals = [i for i, (_, case) in enumerate(self.entries) if case is not Case.LOWER]

    def __len__(self) -> int:
        return len(self.entries)

    @classmethod
    def choose(cls, tokenizer: Tokenizer, texts: Iterable[str], size: int) -> Vocabulary:
        """The `size` most frequent entries of `texts`, with all single letters, digits and marks besides."""
        counts: Counter[tuple[int, Case]] = Counter()
        for text in texts:
            counts.update((p.id, p.case) for p in pieces_of(tokenizer, text) if p.case is not Case.IRREGULAR)
        letters = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя"
        always = {
            (id_, case)
            for token in [*letters, *(f"##{c}" for c in letters), *".,;:!?()-—«»\"'%/0123456789"]
            if (id_ := tokenizer.token_to_id(token)) is not None
            for case in ((Case.LOWER, Case.CAPITAL) if token in letters else (Case.LOWER,))
        }
        unknown = tokenizer.token_to_id("[UNK]")
        chosen = {entry for entry, _ in counts.most_common(size) if entry[0] != unknown} | always
        return cls(sorted(chosen), tokenizer)

    def save(self, path: Path) -> None:
        """A JSON list of [id, case]."""
        path.write_text(json.dumps([[id_, int(case)] for id_, case in self.entries[1:]]), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, tokenizer: Tokenizer) -> Vocabulary:
        """What `save` wrote."""
        entries = json.loads(path.read_text(encoding="utf-8"))
        return cls([(int(id_), Case(case)) for id_, case in entries], tokenizer)
