"""`lectern evaluate writing`: the decoder as a writer, apart from retrieval."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import note, out, print_json
from api.cli.evaluate_view import bar, plain_table, save_records
from api.cli.options import Device, Json, Run, Save
from api.counted import counted

if TYPE_CHECKING:
    from api.evaluate.writing import Compared, Figures


def writing(
    context: typer.Context,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with qa/ and text/")],
    limit: Annotated[int, typer.Option("--limit", help="At most N questions of each source; 0: all")] = 0,
    save: Save = None,
    json: Json = False, device: Device = None,
) -> None:
    """The decoder as a writer, given the passage that answers among four others: its own words beside quotations.

    It has to answer. Baselines are what could be lifted from the same passages: the sentence nearest to the question,
    the reader's best span, its best sentence, and all the sentences that it would write from.

    Example: lectern evaluate writing --data data --limit 40
    """
    from api.evaluate import company
    from api.evaluate import writing as written
    from generator.answerer import load_answerer
    from retrieval.embedder import load_embedder

    run = Run.of(context, None, json, device)
    with bar() as progress:
        task = progress.add_task("Choosing passages", total=None)
        asked = company.load(data, limit)
        own = load_embedder(device=run.device or "cpu")
        answerer = load_answerer(own, device=run.device or "cpu")
        progress.update(task, description="Answering", total=len(asked))
        rows = written.measure(answerer, asked, lambda n, _: progress.update(task, completed=n))
    if save is not None:
        save_records(save, [
            {
                "id": row.example.id, "source": row.example.source, "question": row.example.question,
                "answers": {name: {"text": text, **row.values[name]} for name, text in row.texts.items()},
            }
            for row in rows
        ])
    found = written.figures(rows)
    if run.json:
        print_json({"model": answerer.model, "by_source": {name: _as_json(own) for name, own in found.items()}})
        return
    for source, figures in found.items():
        _print(source, figures)
    note("mean [95 %] (of how many questions, if not all); match and words belong together, see --help")


def _print(source: str, figures: Figures) -> None:
    """A row for each writer, a column for each metric; then the differences."""
    from api.evaluate import table
    from api.evaluate.writing import MATCH, METRICS
    from retrieval.metrics import FEWEST_CLUSTERS

    view = plain_table()
    view.add_column(f"{source}, {figures.language}", no_wrap=True)
    for metric in METRICS:
        view.add_column(metric, justify="right", no_wrap=metric == MATCH)
    for writer, own in figures.estimates.items():
        cells = (table.cell(own.get(name), figures.questions, intervals=name == MATCH) for name in METRICS)
        view.add_row(writer, *cells)
    out.print(view)
    out.print(f"{counted(figures.questions, 'question')} of {counted(figures.groups, 'group')}")
    for (first, second), compared in figures.compared.items():
        difference = f"{compared.match.mean:+.3f}"
        if figures.groups >= FEWEST_CLUSTERS:
            difference += f" [{compared.match.low:+.3f}, {compared.match.high:+.3f}]"
        ratio = "" if compared.words is None else f", in {compared.words:.2f} times the words"
        out.print(f"{first} less {second}: match {difference}{ratio}")
    out.print("")


def _as_json(figures: Figures) -> dict[str, Any]:
    from api.evaluate import table

    return {
        "language": figures.language, "questions": figures.questions, "groups": figures.groups,
        "answers": table.as_json(figures.estimates),
        "differences": {
            f"{first} less {second}": _difference(compared, figures.groups)
            for (first, second), compared in figures.compared.items()
        },
    }


def _difference(compared: Compared, groups: int) -> dict[str, float | None]:
    """Fewer than FEWEST_CLUSTERS groups are too few to resample: low, high and p are None."""
    from retrieval.metrics import FEWEST_CLUSTERS

    match = compared.match
    known = groups >= FEWEST_CLUSTERS
    return {
        "match": round(match.mean, 4), "low": round(match.low, 4) if known else None,
        "high": round(match.high, 4) if known else None, "p": round(match.p_value, 4) if known else None,
        "words_ratio": None if compared.words is None else round(compared.words, 4),
    }
