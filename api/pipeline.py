"""The whole path, wired: a question goes in, hits are found, an answer with citations comes out.

Command line, HTTP and evaluation call this and nothing further in. Every part is opened at first use and
once (the library, the index, the embedder, the answerer), so listing documents costs no model, and many
threads share one copy of each. Documents that another process adds are found without a restart: each
search looks whether there is a newer index.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from api import parts
from api.config import RetrievalSettings, RunConfig, override
from api.document_cache import DocumentCache
from api.lazy import Lazy
from api.question import clean_question
from generator.answer import Answer, Mode, Sentence
from generator.options import AnswerOptions
from ingest.document import Document
from ingest.errors import UnknownDocument
from ingest.library import DocumentInfo, Library
from retrieval.hit import Hit

if TYPE_CHECKING:  # these import torch or FAISS: they are imported where they are first needed
    from api.timed_reranker import TimedReranker
    from generator.decisions import Decisions
    from ingest.pipeline import Event, Summary
    from ingest.reading_list import FetchEvent
    from ingest.sources import NamedFile
    from retrieval.encoder import Encoder
    from retrieval.retriever import Retriever
    from retrieval.store import IndexStore


INDEX_FOLDER = "index"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, checked and complete.

    search_text: what retrieval looks for; the question itself, or more where it follows up on an earlier one.
    documents: ids to stay within, empty for all. config_hash: of every setting that can change the answer.
    """

    question: str
    search_text: str
    mode: Mode
    documents: tuple[str, ...]
    retrieval: RetrievalSettings
    options: AnswerOptions
    config_hash: str


class Answers(Protocol):
    """What turns hits into an answer: `generator.answerer.Answerer`, and in tests something smaller."""

    @property
    def model(self) -> str:
        """The name of what writes, with the beginning of its weights' fingerprint."""

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        *,
        mode: Mode,
        options: AnswerOptions,
        document_of: Callable[[str], Document],
    ) -> Iterator[Sentence | Answer]:
        """Sentences as they are finished and checked, the whole Answer last."""


class Pipeline:
    """Everything that answers questions from one home. Threads may share it; `close` it, or use it as a
    context.

    encoder, answerer: given by tests; otherwise loaded from the shipped weights.
    """

    def __init__(
        self, config: RunConfig, *, encoder: Encoder | None = None, answerer: Answers | None = None
    ) -> None:
        self.config = config
        self._library = Lazy(lambda: Library(config.home))
        self._encoder = Lazy(lambda: encoder or parts.load_encoder(config))
        self._answerer = Lazy(lambda: answerer or parts.load_answerer(self.encoder, config))
        self._store = Lazy(self._open_store)
        self._reranker = Lazy(self._make_reranker)
        self._retriever = Lazy(self._make_retriever)
        self._documents = DocumentCache()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Open the library now, not at first use. Raises LibraryError for a home that cannot be used."""
        self.library.generation()

    def close(self) -> None:
        """Close the library if it was opened."""
        if self._library.made:
            self.library.close()

    # ---- the parts

    @property
    def library(self) -> Library:
        """The library of the home. Raises LibraryError."""
        return self._library()

    @property
    def encoder(self) -> Encoder:
        """The embedder. Raises WeightsError."""
        return self._encoder()

    @property
    def answerer(self) -> Answers:
        """The decoder and what grounds it. Raises DecoderMissing."""
        return self._answerer()

    @property
    def store(self) -> IndexStore:
        """The derived index of the home."""
        return self._store()

    def load_models(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Load whatever answering needs, so that the first question does not wait for it. on_progress: see `sync`."""
        self._retriever()
        self.sync(on_progress)
        self._answerer()

    def use(self, decisions: Decisions) -> None:
        """Rank, choose and abstain by `decisions` from now on."""
        from generator.answerer import Answerer

        if isinstance(self.answerer, Answerer):
            self.answerer.decisions = decisions
            self._reranker = Lazy(self._make_reranker)
            self._retriever = Lazy(self._make_retriever)

    def written_by(self, answerer: Answers) -> Pipeline:
        """The same library, index, search and reranking, but `answerer` writes. It is closed with this one."""
        other = copy.copy(self)
        other._answerer = Lazy(lambda: answerer)
        return other

    def with_decoder(self, answerer: Answers) -> Pipeline:
        """The same library, index and search, but `answerer` writes and what it knows reranks. It is closed with this
        one."""
        other = self.written_by(answerer)
        other._reranker = Lazy(other._make_reranker)
        other._retriever = Lazy(other._make_retriever)
        return other

    # ---- questions

    def prepare(
        self,
        question: str,
        *,
        mode: Mode = "rag",
        documents: Sequence[str] = (),
        search_text: str | None = None,
        **options: Any,
    ) -> Ask:
        """The request with the configured value of every option that is None or left out.

        documents: ids, beginnings of ids, or sources. options: fields of RetrievalSettings and AnswerOptions.
        Raises QuestionError, ConfigError for an option that cannot be, UnknownDocument.
        """
        retrieval_names = {field.name for field in dataclasses.fields(RetrievalSettings)}
        for_retrieval = {name: value for name, value in options.items() if name in retrieval_names}
        for_answer = {name: value for name, value in options.items() if name not in retrieval_names}
        if (top_k := for_retrieval.get("top_k")) is not None:
            for_retrieval["depth"] = max(top_k, self.config.retrieval.depth)
        config = dataclasses.replace(
            self.config,
            retrieval=override(self.config.retrieval, **for_retrieval),
            answer=override(self.config.answer, **for_answer),
        )
        cleaned = clean_question(question)
        return Ask(
            question=cleaned,
            search_text=clean_question(search_text) if search_text else cleaned,
            mode=mode,
            documents=tuple(dict.fromkeys(self.resolve(name) for name in documents)),
            retrieval=config.retrieval,
            options=config.answer,
            config_hash=config.config_hash(),
        )

    def search(self, request: Ask) -> list[Hit]:
        """The hits for a request, best first; fewer than top_k where fewer match."""
        settings = request.retrieval
        return self._retriever().search(
            request.search_text,
            top_k=settings.top_k,
            depth=settings.depth,
            retriever=settings.retriever,
            rerank=settings.rerank,
            documents=request.documents or None,
        )

    def candidates(self, request: Ask) -> list[Hit]:
        """What the reranker is shown for a request, in the order before it: as many as it looks at."""
        settings = request.retrieval
        return self._retriever().candidates(
            request.search_text,
            top_k=settings.top_k,
            depth=settings.depth,
            retriever=settings.retriever,
            documents=request.documents or None,
        )

    def ask(self, request: Ask, hits: Sequence[Hit] | None = None) -> Answer:
        """The whole answer. hits: read in place of what a search finds, where they are given."""
        *_, answer = self.ask_stream(request, hits)
        assert isinstance(answer, Answer)
        return answer

    def ask_stream(self, request: Ask, hits: Sequence[Hit] | None = None) -> Iterator[Sentence | Answer]:
        """Sentences as they are finished and checked, the whole Answer last. hits: see `ask`."""
        started = time.perf_counter()
        rerank_ms = 0.0
        if hits is None and request.mode == "rag":
            self._reranker().take_ms()  # of a search before, in this thread, whose time nobody asked for
            hits = self.search(request)
            rerank_ms = self._reranker().take_ms()
        hits = hits or []
        timings = {"retrieve": _ms_since(started) - rerank_ms, "rerank": rerank_ms}
        documents = self._documents_of(hits)
        pieces = self.answerer.stream(
            request.question,
            [hit for hit in hits if hit.chunk.document_id in documents],
            mode=request.mode,
            options=request.options,
            document_of=documents.__getitem__,
        )
        for piece in pieces:
            if isinstance(piece, Answer):
                timings |= {**piece.timings_ms, "total": _ms_since(started)}
                yield dataclasses.replace(piece, config_hash=request.config_hash, timings_ms=timings)
            else:
                yield piece

    def compare(self, request: Ask) -> tuple[Answer, Answer]:
        """The same question answered with the documents and from memory alone: (rag, closed book)."""
        return self.ask(dataclasses.replace(request, mode="rag")), self.ask(
            dataclasses.replace(request, mode="closed_book", documents=())
        )

    # ---- documents

    def fetch_reading_list(self, on_event: Callable[[FetchEvent], None]) -> list[NamedFile]:
        """Download what is open of the reading list, politely; `on_event` hears of each material."""
        from corpus.reading_list import load_reading_list
        from ingest.fetch import Fetcher
        from ingest.pipeline import DOWNLOADS_FOLDER
        from ingest.reading_list import fetch_reading_list

        fetcher = Fetcher(self.config.home / DOWNLOADS_FOLDER)
        return fetch_reading_list(load_reading_list(), fetcher, on_event=on_event)

    def ingest(
        self,
        sources: Iterable[Path | str | NamedFile],
        on_event: Callable[[Event], None],
        *,
        library: Library | None = None,
    ) -> Summary:
        """Add or update files, folders and URLs; `on_event` hears of each file. A bad file stops nothing.

        What was added is found once `sync` has run. library: a connection of the caller's own, so that a
        long write does not hold up readers of this one.
        """
        from ingest.pipeline import ingest

        return ingest(
            library or self.library,
            sources,
            settings=self.config.chunking,
            # looked up when called: a run that finds everything unchanged loads no model
            count_tokens=lambda text: self.encoder.count_tokens(text),
            embed=lambda texts: self.encoder.encode(texts),
            on_event=on_event,
        )

    def is_in_step(self) -> bool:
        """Whether the index is of the library's present generation. Loads no model; `sync` looks closer."""
        from retrieval.errors import StoreError
        from retrieval.index_files import read_manifest

        try:
            return read_manifest(self.index_folder).generation == self.library.generation()
        except StoreError:
            return False

    def sync(self, on_progress: Callable[[int, int], None] | None = None, *, anew: bool = False) -> int:
        """Bring the index to the library's state; the number of passages in it. on_progress: (embedded, to
        embed).

        anew: build it from nothing. Cheap when nothing has changed.
        """
        return self.store.sync(on_progress, anew=anew).chunks

    def documents(self) -> list[DocumentInfo]:
        """All documents, by title."""
        return self.library.documents()

    def count_documents(self) -> int:
        """How many documents there are."""
        return len(self.library.documents())

    def resolve(self, name: str) -> str:
        """The id that an id, the beginning of one or a source stands for. Raises UnknownDocument."""
        return self.library.resolve(name)

    def info(self, name: str) -> DocumentInfo:
        """What is known of a document without its text. Raises UnknownDocument."""
        document_id = self.resolve(name)
        return next(info for info in self.library.documents() if info.id == document_id)

    def document(self, document_id: str) -> Document:
        """The document with its text. Raises UnknownDocument."""
        return self._documents.get(self.library, document_id)

    def remove(self, name: str) -> None:
        """Remove a document with its original; searches no longer find it. Raises UnknownDocument.

        The index still has to be told, with `sync`.
        """
        self.library.remove(self.resolve(name))

    def original(self, name: str) -> tuple[Path, str]:
        """The kept original and the name it came under. Raises UnknownDocument, LibraryError."""
        info = self.info(name)
        path = self.library.original(info.id)
        came_as = Path(info.sources[0].split("?")[0]).name if info.sources else ""
        stem = Path(came_as).stem or info.id
        return path, stem + path.suffix

    def _documents_of(self, hits: Sequence[Hit]) -> dict[str, Document]:
        """The hits' documents, read once: one that is removed while an answer is made does not break it."""
        documents: dict[str, Document] = {}
        for document_id in dict.fromkeys(hit.chunk.document_id for hit in hits):
            with suppress(UnknownDocument):  # removed since the search
                documents[document_id] = self.document(document_id)
        return documents

    # ---- making the parts

    def _open_store(self) -> IndexStore:
        from retrieval.store import IndexStore

        return IndexStore(self.index_folder, self.library, self.encoder)

    def _make_reranker(self) -> TimedReranker:
        return parts.reranker_for(self.encoder, self._answerer, self._title_of, self.index_folder)

    @property
    def index_folder(self) -> Path:
        """Where the index is."""
        return self.config.home / INDEX_FOLDER

    def _title_of(self, document_id: str) -> str:
        """The document's title, empty if it was removed since the search."""
        try:
            return self.library.title(document_id)
        except UnknownDocument:
            return ""

    def _make_retriever(self) -> Retriever:
        from retrieval.retriever import Retriever

        return Retriever(self.store, self.encoder, self._reranker())


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
