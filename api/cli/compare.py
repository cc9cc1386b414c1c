"""`lectern compare QUESTION`."""

from __future__ import annotations

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
    from rich.console import RenderableType

    from generator.answer import Answer


def compare(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="What you want to know, in Russian or English")],
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
    """Answer a question with the documents and without them, side by side: the same decoder, the same words.

    Example:

    lectern compare "What does the key-value cache store?"
    """
    run = Run.of(context, home, json, device)
    with run.pipeline() as pipeline:
        request = pipeline.prepare(
            question,
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
        answering.note_empty(pipeline)
        with err.status("Answering twice"):
            rag, closed_book = pipeline.compare(request)
        if run.json:
            from api.answer_json import answer_json

            find = pipeline.document
            print_json({"rag": answer_json(rag, find), "closed_book": answer_json(closed_book, find)})
        else:
            _print_columns(rag, closed_book)


def _print_columns(rag: Answer, closed_book: Answer) -> None:
    """Two columns under the question."""
    from rich.table import Table

    table = Table(title=rag.question, title_style="bold", expand=True, show_lines=False, padding=(0, 1))
    table.add_column("With the documents", ratio=1)
    table.add_column("Without them", ratio=1)
    table.add_row(_column(rag), _column(closed_book))
    out.print(table, soft_wrap=False)
    answering.note_language(rag)
    note("A decoder this small knows next to nothing by heart: what the documents bring is what you see here.")


def _column(answer: Answer) -> RenderableType:
    """An answer with its sources, as a cell."""
    from rich.text import Text

    from api.answer_json import citations_of
    from api.sources import source_lines

    cell = Text(answering.sentences_text(answer), style="italic" if answer.status == "abstained" else "")
    for line in source_lines(citations_of(answer), answer.language):
        cell.append(f"\n{line}" if line.startswith("[") else f"\n\n{line}", style="dim")
    return cell.append(f"\n\n{answering.figures(answer)}", style="dim")
