"""The documents that answers were just made from, kept at hand: a citation and five hits look up the same
texts.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from ingest.document import Document
from ingest.library import Library

KEPT_DOCUMENTS = 64


class DocumentCache:
    """The last KEPT_DOCUMENTS documents read; emptied whenever the library changes, so it is never out of
    date.
    """

    def __init__(self) -> None:
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._generation = -1
        self._lock = threading.Lock()

    def get(self, library: Library, document_id: str) -> Document:
        """The document from memory or from the library. Raises UnknownDocument."""
        generation = library.generation()
        with self._lock:
            if generation != self._generation:
                self._documents.clear()
                self._generation = generation
            if (known := self._documents.get(document_id)) is not None:
                self._documents.move_to_end(document_id)
                return known
        document = library.document(document_id)
        with self._lock:
            if generation == self._generation:
                self._documents[document_id] = document
                if len(self._documents) > KEPT_DOCUMENTS:
                    self._documents.popitem(last=False)
        return document
