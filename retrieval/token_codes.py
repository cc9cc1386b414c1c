"""A token vector in 50 bytes instead of 1,536, so that late interaction need not compute them for every question.

A unit vector is turned by a random rotation, always the same, and of each coordinate the sign is kept, with one factor
by which the code's product with the turned vector is 1 (RaBitQ: Gao & Long 2024, arXiv 2405.12497). The product of a
code with any other turned vector then estimates that of the two vectors without bias, off by 0.04 (standard deviation)
at 384 dimensions; the best match of many is a little overestimated, more in long passages. A question keeps its own
vectors, turned. What it does to the order of passages is measured by `python -m tests.bench.bench_token_codes`.

Shapes: S tokens, C dimensions.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# A change in the codes must change this number: what is kept of earlier ones is then computed anew.
CODES_VERSION = 1
_SEED = 7


@lru_cache(maxsize=4)
def rotation(dimension: int) -> NDArray[np.float32]:
    """A random orthogonal matrix [C, C], the same everywhere: QR of a Gaussian one, the signs of R's diagonal made
    positive (else they are the linear algebra library's choice)."""
    gaussian = np.random.default_rng(_SEED).standard_normal((dimension, dimension))
    orthogonal, upper = np.linalg.qr(gaussian)
    found: NDArray[np.float32] = (orthogonal * np.sign(np.diag(upper))).astype(np.float32)
    return found


def turned(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors [S, C] in the coordinates of codes."""
    found: NDArray[np.float32] = vectors @ rotation(vectors.shape[1])
    return found


def encode(vectors: NDArray[np.float32]) -> bytes:
    """Unit vectors [S, C] as codes: of each the signs, C / 8 bytes, then all factors, 2 bytes each."""
    coordinates = turned(vectors)
    factors: NDArray[np.float32] = 1.0 / np.maximum(np.abs(coordinates).sum(axis=1), 1e-4)
    signs: NDArray[np.uint8] = np.packbits(coordinates > 0, axis=1)
    return signs.tobytes() + factors.astype("<f2").tobytes()


def decode(code: bytes, dimension: int) -> NDArray[np.float32]:
    """The turned vectors [S, C] that a code stands for. Raises ValueError if it is no code of this dimension."""
    width = -(-dimension // 8)
    tokens, rest = divmod(len(code), width + 2)
    if rest:
        raise ValueError(f"{len(code)} bytes are no codes of {dimension} dimensions")
    packed = np.frombuffer(code, np.uint8, tokens * width).reshape(tokens, width)
    factors = np.frombuffer(code, "<f2", tokens, tokens * width).astype(np.float32)
    signs = np.unpackbits(packed, axis=1, count=dimension).astype(np.float32) * 2 - 1
    found: NDArray[np.float32] = signs * factors[:, None]
    return found
