"""Errors of retrieval, one root to catch; every message is one line that says what to do next.

RetrievalError
├── WeightsError          model weights are missing, damaged, or not the ones that were expected
├── EncodingError         the encoder returned something that is not a vector per text
├── QueryError            the query or its settings cannot be searched for
└── StoreError            the derived index cannot be used as it is
    ├── IndexMissing      there is none yet
    ├── IndexDamaged      a file differs from its hash, or the files do not belong together
    ├── IndexOutdated     it was made by another encoder or another version of the program
    └── IndexBusy         another process has been writing it for too long
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Root of what retrieval raises; the message is one line that says what to do."""


class WeightsError(RetrievalError):
    """Weights are missing, damaged, or not the ones that were expected."""


class EncodingError(RetrievalError):
    """The encoder returned something that is not one finite vector per text."""


class QueryError(RetrievalError):
    """The query, or a setting of the search, cannot be used."""


class StoreError(RetrievalError):
    """The derived index cannot be used as it is."""


class IndexMissing(StoreError):
    """No index has been made in this home yet."""


class IndexDamaged(StoreError):
    """A file of the index differs from its recorded hash, or the files do not belong together."""


class IndexOutdated(StoreError):
    """The index was made by another encoder or by another version of the program."""


class IndexBusy(StoreError):
    """Another process holds the right to write the index."""
