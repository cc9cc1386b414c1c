"""The language of a question, from `ingest`, under the name that retrieval's callers look for."""

from ingest.language import detect_language as detect

__all__ = ["detect"]
