"""`lectern search QUERY`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import answering
from api.cli.answering import Documents, NoRerank, RetrieverOption, TopK, only_false
from api.cli.console import err, out, print_json
from api.cli.options import Device, Home, Json, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.answer_json import Json as JsonObject

_TEXT_CHARS = 240


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A question or words")],
    document: Documents = None,
    top_k: TopK = None,
    retriever: RetrieverOption = None,
    no_rerank: NoRerank = False,
    home: Home = None,
    json: Json = False,
    device: Device = None,
) -> None:
    """Find passages, with the score of every stage they passed (bm25, dense, fused, reranked), the share of the
    question's words that each holds (coverage) and how well its document fits (document).

    Examples:

    lectern search "rotary position embedding" --top-k 10

    lectern search "награда" --retriever bm25 --no-rerank
    """
    from api.answer_json import hits_json

    run = Run.of(context, home, json, device)
    with run.pipeline() as pipeline:
        request = pipeline.prepare(
            query, documents=document or (), top_k=top_k, retriever=retriever, rerank=only_false(no_rerank)
        )
        answering.note_empty(pipeline)
        with err.status("Searching"):
            hits = hits_json(pipeline.search(request), pipeline.document)
    if run.json:
        print_json({"hits": hits})
    else:
        _print_hits(hits)


def _print_hits(hits: Sequence[JsonObject]) -> None:
    """A paragraph per hit."""
    from rich.text import Text

    if not hits:
        out.print("Nothing found.")
    for hit in hits:
        scores = "  ".join(f"{stage} {score:.3f}" for stage, score in hit["parts"].items())
        text = " ".join(hit["text"].split())
        out.print(
            Text.assemble(
                (f"{hit['rank']}. {hit['title']}", "bold"), f", p. {hit['page']}  ", (scores, "dim")
            )
        )
        out.print(f"   {text[:_TEXT_CHARS]}{'…' if len(text) > _TEXT_CHARS else ''}\n")
