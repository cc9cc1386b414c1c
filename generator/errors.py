"""Errors of the generator, one root to catch: GeneratorError <- DecoderMissing, CheckpointError."""

from __future__ import annotations


class GeneratorError(Exception):
    """Root of what the generator raises; the message is one line that says what to do."""


class DecoderMissing(GeneratorError):
    """The decoder's weights are missing, damaged, or made for another embedder."""


class CheckpointError(GeneratorError):
    """A training checkpoint cannot be used."""
