"""What an arm sets, and which settings go together: a knob that the arm could not feel is refused.

The plain knobs are those of `lectern ask`; the rest are techniques of the reading list and trials of what is read
(api/experiments/techniques/), controls (api/experiments/arms.py), how the documents are cut and which weights read and
write (api/experiments/variants/), and who writes (api/experiments/outside/).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from api.config import MAX_DEPTH, MAX_TOP_K, RetrievalSettings, RetrieverName
from generator.answer import Mode
from generator.options import AnswerOptions
from ingest.chunking import ChunkSettings, Splitter

Control = Literal["always_refuse", "copy_first_sentence", "shuffled_citations"]
Query = Literal["hyde", "keywords"]
Retrieve = Literal["again", "corrective"]
Order = Literal["best-first", "best-last", "shuffled"]
DistractorKind = Literal["near misses", "other topics"]
Documents = Literal["same language", "other language"]

_SEARCH = {"retriever", "rerank", "top_k"}
_NARROW = ("top_p", "min_p", "top_k_sampling")  # felt by what is sampled
_WRITE = {"temperature", "repetition_penalty", *_NARROW}
_DECIDE = {"abstain", "verify", "risk", *_WRITE}
_FLOATS = {"temperature", "risk", "top_p", "min_p", "repetition_penalty"}
_FIND = {"query", "retrieve", "relevance", "documents"}
_READ = {"order", "distractors", "distractor_kind", "contradiction", "injection"}
_CUT = {"splitter": "splitter", "chunk_tokens": "max_tokens", "chunk_overlap": "overlap_tokens"}  # knob: setting
_ANY_TOKENS = 1_000_000  # an overlap by itself goes with the home's chunk size, whatever that is
_OUTSIDE = {"abstain", "temperature"}  # of _DECIDE, what a model from outside can feel
TECHNIQUES = (
    "query", "retrieve", "relevance", "documents", "order", "distractors", "distractor_kind", "contradiction",
    "injection",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Knobs:
    """What an arm sets; None and False are as configured.

    mode: "rag" or "closed_book". retriever, rerank, top_k: see `api.config.RetrievalSettings`. abstain, verify,
    risk, temperature, and what narrows sampling beside it (top_p, min_p, top_k_sampling, repetition_penalty): see
    `generator.options.AnswerOptions`. oracle: read the passages that hold the evidence instead
    of searching. control: an arm that must lose, or expose a metric (api/experiments/arms.py).

    query: what is searched for in place of the question. retrieve: a second search, while answering ("again") or where
    the first was poor ("corrective": no passage scored `relevance`, 0..1, by the reranker). documents: only those in
    the question's language are searched, or only those in another. order: of the passages as they are read.
    distractors: so many passages without the evidence are added, of `distractor_kind` ("near misses" where it is not
    given). contradiction: a copy of the gold passage that says something else stands beside it. injection: an
    instruction is planted in a passage. generator: the name of a model from outside that writes in place of Lectern's
    decoder.

    splitter, chunk_tokens, chunk_overlap: the documents are cut by these for the arm alone, see
    `ingest.chunking.ChunkSettings`. weights: folder of another decoder, a path from the home or an absolute one.
    """

    mode: Mode = "rag"
    retriever: RetrieverName | None = None
    rerank: bool | None = None
    top_k: int | None = None
    abstain: bool | None = None
    verify: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    min_p: float | None = None
    top_k_sampling: int | None = None
    repetition_penalty: float | None = None
    risk: float | None = None
    oracle: bool = False
    control: Control | None = None
    query: Query | None = None
    retrieve: Retrieve | None = None
    relevance: float | None = None
    documents: Documents | None = None
    order: Order | None = None
    distractors: int = 0
    distractor_kind: DistractorKind | None = None
    contradiction: bool = False
    injection: bool = False
    generator: str | None = None
    splitter: Splitter | None = None
    chunk_tokens: int | None = None
    chunk_overlap: int | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a value out of range and for a knob that the arm could not feel; ChunkingError."""
        given = self.options()
        search = {key: value for key, value in given.items() if key in _SEARCH}
        RetrievalSettings(**{**search, "depth": MAX_DEPTH})
        AnswerOptions(**{key: value for key, value in given.items() if key in _DECIDE})
        ChunkSettings(**{"max_tokens": _ANY_TOKENS, **self.chunking()})
        if self.relevance is not None and not 0.0 < self.relevance < 1.0:
            raise ValueError(f"relevance must be between 0 and 1, not {self.relevance}")
        if not 0 <= self.distractors <= MAX_TOP_K:
            raise ValueError(f"distractors must be 0 to {MAX_TOP_K}, not {self.distractors}")
        felt = self._felt()
        named = [name for name in ("generator", "weights", *_CUT) if getattr(self, name) is not None]
        for name in (*named, *given, *(["oracle"] if self.oracle else []), *self.techniques()):
            if name not in felt:
                raise ValueError(f"{self._what(name)} does not depend on {name}: take it out")
        if self.mode == "closed_book" and self.control is not None:
            raise ValueError(f"the control {self.control} reads documents: take out mode or control")
        if self.contradiction and self.injection:
            raise ValueError("a contradiction and an injection are measured apart: make two arms")
        if self.contradiction and self.documents == "other language":
            raise ValueError("a contradiction is made of evidence in the question's language: take out documents")
        if self.retrieve == "corrective" and self.rerank is False:
            raise ValueError("corrective retrieval goes by the reranker's scores: take out rerank = false")

    def lacking(self) -> tuple[str, str] | None:
        """(a knob that was turned, what it lacks to be felt); None where nothing is amiss. Apart from the checks
        above because a file is checked knob by knob first."""
        if self.retrieve == "corrective" and self.relevance is None:
            return "retrieve", "corrective retrieval needs relevance = the score below which it searches again"
        if self.relevance is not None and self.retrieve != "corrective":
            return "relevance", 'relevance is felt with retrieve = "corrective" alone'
        if self.distractor_kind is not None and not self.distractors:
            return "distractor_kind", "distractor_kind is felt with distractors = 1 or more"
        narrowed = next((name for name in _NARROW if getattr(self, name) is not None), None)
        if narrowed is not None and not self.temperature:
            return narrowed, f"{narrowed} narrows an answer that is sampled: give a temperature above 0 beside it"
        if self.splitter == "sentence_window" and self.chunk_overlap is not None:
            return "chunk_overlap", "sentence windows overlap by themselves: take out chunk_overlap"
        if self.risk is not None and self.abstain is False:
            return "risk", "risk is felt by an arm that may abstain: take out risk, or abstain = false"
        return None

    def _felt(self) -> set[str]:
        decide = {*_DECIDE, "weights"} if self.generator is None else _OUTSIDE
        if self.mode == "closed_book":
            return {"generator", *(decide & {"weights", *_WRITE})}
        if self.control == "always_refuse":
            return set()
        scope: set[str] = set() if self.oracle else {"documents"}
        if self.control == "copy_first_sentence":
            return {*_SEARCH, *_CUT, "oracle", *scope}
        if self.control == "shuffled_citations":
            return {*_SEARCH, *_CUT, *decide, "oracle", "generator", *scope}
        return {*_SEARCH, *_CUT, *decide, *_READ, "oracle", "generator", *([] if self.oracle else _FIND)}

    def _what(self, name: str) -> str:
        """Who cannot feel the knob called `name`."""
        if self.generator is not None and name in {*_DECIDE, "weights"}:
            return "a generator from outside"
        if self.mode == "closed_book":
            return "a closed book"
        if self.control:
            return f"the control {self.control}"
        return "an oracle, which does not search,"

    def options(self) -> dict[str, Any]:
        """The knobs that were turned, for `Pipeline.prepare`; mode, oracle, control, techniques are not among them."""
        values = {name: getattr(self, name) for name in (*sorted(_SEARCH), *sorted(_DECIDE))}
        return {
            name: float(value) if name in _FLOATS else value
            for name, value in values.items()
            if value is not None
        }

    def chunking(self) -> dict[str, Any]:
        """How the documents are cut, as far as the arm says: by the names of `ChunkSettings`."""
        return {setting: value for name, setting in _CUT.items() if (value := getattr(self, name)) is not None}

    def plain(self) -> Knobs:
        """The same without knobs that spell out what goes without saying: equal for arms that ask for the same thing,
        whatever the home's settings."""
        order = None if self.order == "best-first" else self.order
        kind = None if self.distractor_kind == "near misses" else self.distractor_kind
        return dataclasses.replace(self, order=order, distractor_kind=kind)

    def techniques(self) -> dict[str, Any]:
        """The techniques that were turned on, by knob."""
        return {name: value for name in TECHNIQUES if (value := getattr(self, name))}

    def turned(self) -> dict[str, Any]:
        """All that differs from an arm that sets nothing, and the mode, as plain values."""
        rest = {"oracle": True} if self.oracle else {}
        control = {"control": self.control} if self.control else {}
        named = {name: value for name in ("generator", "weights", *_CUT) if (value := getattr(self, name)) is not None}
        return {"mode": self.mode, **named, **self.options(), **rest, **control, **self.techniques()}


KNOBS: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(Knobs))
