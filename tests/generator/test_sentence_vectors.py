"""What is remembered is what would be computed, and old sentences give way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.sentence_vectors import SentenceVectors
from tests.fakes import HashEncoder


def test_remembered_vectors_are_the_computed_ones() -> None:
    encoder, computed = HashEncoder(), []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        computed.extend(texts)
        return encoder.encode(texts)

    vectors = SentenceVectors(encode, kept=3)
    for texts in (["a b", "c", "a b"], ["c", "d e"], ["a b"], [], ["f", "g", "h"], ["a b"]):
        np.testing.assert_array_equal(vectors(texts), encoder.encode(texts))
    assert computed == ["a b", "c", "d e", "f", "g", "h", "a b"]
