"""`lectern ask QUESTION`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import answering
from api.cli.answering import (
    Documents,
    MaxTokens,
    NoAbstain,
    NoRerank,
    NoVerify,
    RetrieverOption,
    Risk,
    Seed,
    Temperature,
    TopK,
    only_false,
)
from api.cli.console import err, note, out, print_json
from api.cli.options import Device, Home, Json, Run

if TYPE_CHECKING:
    from api.pipeline import Ask, Pipeline
    from generator.answer import Sentence


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="What you want to know, in Russian or English")],
    closed_book: Annotated[
        bool, typer.Option("--closed-book", help="From the decoder's memory, without documents")
    ] = False,
    document: Documents = None,
    top_k: TopK = None,
    retriever: RetrieverOption = None,
    no_rerank: NoRerank = False,
    no_verify: NoVerify = False,
    no_abstain: NoAbstain = False,
    risk: Risk = None,
    temperature: Temperature = None,
    seed: Seed = None,
    max_tokens: MaxTokens = None,
    home: Home = None,
    json: Json = False,
    device: Device = None,
) -> None:
    """Answer a question from the documents, every sentence with its source.

    Sentences are printed as they are checked; the numbered sources follow. An answer that the documents do
    not hold is refused, with the reason; that is a result, not an error.

    Examples:

    lectern ask "What does a KV cache store?"

    lectern ask "Чем LoRA отличается от полного дообучения?" --top-k 8

    lectern ask "What was the batch size?" --document 3f2a --json
    """
    run = Run.of(context, home, json, device)
    with run.pipeline() as pipeline:
        request = pipeline.prepare(
            question,
            mode="closed_book" if closed_book else "rag",
            documents=document or (),
            top_k=top_k,
            retriever=retriever,
            rerank=only_false(no_rerank),
            verify=only_false(no_verify),
            abstain=only_false(no_abstain),
            risk=risk,
            temperature=temperature,
            seed=seed,
            max_tokens=max_tokens,
        )
        if run.json:
            from api.answer_json import answer_json

            print_json(answer_json(pipeline.ask(request), pipeline.document))
        else:
            _print_streamed(pipeline, request)


def _print_streamed(pipeline: Pipeline, request: Ask) -> None:
    """Sentences as they come, then the sources."""
    from api.answer_json import citations_of
    from api.sources import source_lines
    from generator.answer import Answer
    from retrieval.language import detect

    if request.mode == "rag":
        answering.note_empty(pipeline)
    pieces = pipeline.ask_stream(request)
    last: Sentence | None = None
    while True:
        # Once something is printed, a spinner would wipe the line that it stands on.
        waiting = err.status("Reading the documents" if request.mode == "rag" else "Thinking")
        with waiting if last is None else nullcontext():
            piece = next(pieces)
        if isinstance(piece, Answer):
            break
        out.print(answering.sentence_text(piece, last, detect(request.question)), end="")
        out.file.flush()
        last = piece
    if last is not None:
        out.print()
    if piece.status == "abstained":
        answering.print_refusal(piece, pipeline)
    answering.note_language(piece)
    for line in source_lines(citations_of(piece), piece.language):
        out.print(line if line.startswith("[") else f"\n{line}")
    note(answering.figures(piece))
