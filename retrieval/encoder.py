"""What retrieval needs of an embedder, as a Protocol: the trained ones and the tests' fake both satisfy it.

Shapes: N texts, C dimensions, S_i tokens of text i.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns texts into unit vectors whose dot product is their likeness."""

    @property
    def name(self) -> str:
        """What a person calls the model."""

    @property
    def fingerprint(self) -> str:
        """Hash of weights and tokenizer: vectors of different fingerprints are never compared."""

    @property
    def dimension(self) -> int:
        """C, the length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens read of a text, special ones included; the rest is cut off."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes of the languages in which the encoder is to be trusted (fusion asks)."""

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, special ones included, before anything is cut off."""

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> NDArray[np.float32]:
        """Vectors [N, C], every row of norm 1."""

    def encode_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """What `encode` and `token_vectors` give, for the price of one."""

    def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """For each text the states of its tokens without the special ones [S_i, C], every row of norm 1."""
