"""Text as pieces with case, and back: what the decoder reads, copies and writes.

The embedder's WordPiece vocabulary is lower case; a piece here is a WordPiece id together with its case, so that
two lower-case pieces «lo» «##ra» can be written «Lo» «RA». A copied piece keeps its very characters.

Spacing: pieces that stood side by side in a source keep the source's spacing; between others the spacing follows
the rules of punctuation (`Assembler`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from tokenizers import Tokenizer


class Case(IntEnum):
    """How a piece is written: as in the vocabulary, with a first capital, all capitals, or irregularly.

    Irregular pieces («iOS» in one piece) can be copied but not written from the vocabulary.
    """

    LOWER = 0
    CAPITAL = 1
    UPPER = 2
    IRREGULAR = 3


CASES = len(Case)


def case_of(surface: str) -> Case:
    """The case of a piece as it stands in a text; pieces without letters are LOWER."""
    if surface == surface.lower():
        return Case.LOWER
    if len(surface) > 1 and surface == surface.upper():
        return Case.UPPER
    if surface[0] == surface[0].upper() and surface[1:] == surface[1:].lower():
        return Case.CAPITAL
    return Case.IRREGULAR


def with_case(piece: str, case: Case) -> str:
    """The lower-case `piece` written in `case`."""
    if case is Case.CAPITAL:
        return piece[:1].upper() + piece[1:]
    return piece.upper() if case is Case.UPPER else piece


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: WordPiece id, case, and the characters `text[start:end]` it covers.

    continues: it goes on the word before it without a gap (a `##` piece).
    """

    id: int
    case: Case
    start: int
    end: int
    continues: bool


def special_id(tokenizer: Tokenizer, token: str) -> int:
    """Id of a special token. Raises ValueError if the tokenizer lacks it."""
    id_ = tokenizer.token_to_id(token)
    if id_ is None:
        raise ValueError(f"the tokenizer has no {token}")
    return id_


def token_of(tokenizer: Tokenizer, id_: int) -> str:
    """The token with this id. Raises ValueError if there is none."""
    token = tokenizer.id_to_token(id_)
    if token is None:
        raise ValueError(f"the tokenizer has no piece {id_}")
    return token


def pieces_of(tokenizer: Tokenizer, text: str, limit: int | None = None) -> list[Piece]:
    """The pieces of `text` in order, at most `limit`, special tokens left out."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    pieces = [
        Piece(id_, case_of(text[start:end]), start, end, token.startswith("##"))
        for id_, token, (start, end) in zip(encoding.ids, encoding.tokens, encoding.offsets, strict=True)
        if end > start
    ]
    return pieces if limit is None else pieces[:limit]


SENTENCE_END = frozenset(".!?…")
_NO_SPACE_BEFORE = frozenset(".,;:!?…)]}»”%’'")
_NO_SPACE_AFTER = frozenset("([{«“$#@’'")
_TIGHT = frozenset("-/_=+^~*<>|\\")


class Assembler:
    """Puts pieces together into text, one at a time: `add` returns the characters that the piece adds.

    A piece that stood right after the one before it in the same source keeps the gap it had there, so a copied run
    is the source's own text. Elsewhere: no space before closing punctuation or after opening brackets, none around
    hyphens and slashes, one space otherwise. The first letter of a sentence becomes a capital unless the run that
    it stands in is being copied on.
    """

    def __init__(self) -> None:
        self.text = ""
        self._tight_next = False

    @property
    def at_sentence_start(self) -> bool:
        """True before the first piece and after a full stop, question or exclamation mark."""
        return not self.text or self.text[-1] in SENTENCE_END

    def add(self, surface: str, *, continues: bool, gap: str | None = None) -> str:
        """Append `surface`. gap: the source's characters between it and the piece before it, None if not a run."""
        starts = self.at_sentence_start
        if gap is None and starts and not continues:
            surface = surface[:1].upper() + surface[1:]
        before = gap if gap is not None else self._space(surface, continues)
        self._tight_next = surface in _NO_SPACE_AFTER or surface in _TIGHT
        added = before + surface
        self.text += added
        return added

    def _space(self, surface: str, continues: bool) -> str:
        if not self.text or continues or self._tight_next:
            return ""
        return "" if surface in _NO_SPACE_BEFORE or surface in _TIGHT else " "
