"""How measurements are shown: a bar while they are made, tables for people, JSON for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.console import out, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from api.cli.bar import Bar
    from api.evaluate.table import Row
    from api.experiments.calibration import Calibration
    from retrieval.metrics import Estimate

# Groups beside each other, each "0.376 [0.286, 0.462] (243)" wide; the intervals of more are in --json.
_MOST_ACROSS = 3


def bar() -> Bar:
    """A new progress bar."""
    from api.cli.bar import Bar  # late: `lectern --help` need not wait for what it imports

    return Bar()


def shown(progress: Any) -> Callable[[int, int], None]:
    """A task for the passages that a set brings along; it shows itself when there are some."""
    task = progress.add_task("Preparing passages", total=None, visible=False)
    return lambda done, total: progress.update(
        task, completed=done, total=total, visible=done < total
    )


def save_records(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write them as JSON lines."""
    import json

    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")


def show(rows: Sequence[Row], as_json: bool, figures: Mapping[str, object], by_kind_too: Sequence[str]) -> None:
    """By language, then by language and kind; of the latter a terminal has room for the metrics `by_kind_too`."""
    from api.evaluate import table
    from corpus.format import Question

    def language_of(question: Question) -> str:
        return question.language

    def kind_of(question: Question) -> str:
        return f"{question.language} {question.kind}"

    by_language, by_kind = table.estimates(rows, language_of), table.estimates(rows, kind_of)
    if as_json:
        print_json({"by_language": table.as_json(by_language), "by_kind": table.as_json(by_kind), **figures})
        return
    print_groups(by_language, table.sizes(rows, language_of))
    few = {
        group: {name: metrics[name] for name in by_kind_too if name in metrics} for group, metrics in by_kind.items()
    }
    print_groups(few, table.sizes(rows, kind_of))
    out.print(", ".join(f"{name}: {value}" for name, value in figures.items()))


def print_groups(groups: Mapping[str, Mapping[str, Estimate]], asked: Mapping[str, int]) -> None:
    """A few groups go across with their intervals; many go down, means alone, or no line would fit. asked: how many
    questions each was asked; a figure that is over fewer says over how many."""
    from api.evaluate import table

    across = len(groups) <= _MOST_ACROSS
    header, *body = table.lines(groups, asked, intervals=across)
    view = plain_table()
    if across:
        view.add_column("mean [95 %] (of how many questions, if not all)")
        for line in body:
            view.add_column(f"{line[0]}, {line[1]} asked", justify="right")
        for number, metric in enumerate(header[2:], start=2):
            view.add_row(metric, *(line[number] for line in body))
    else:
        for name in header:
            view.add_column(name, justify="left" if not name else "right", no_wrap=not name)
        for line in body:
            view.add_row(*line)
    out.print(view)
    out.print("")


def print_calibration(found: Mapping[str, Calibration]) -> None:
    """A table by confidence for each language, and its ECE; nothing where nobody says how sure he is."""
    for language, figures in found.items():
        view = plain_table()
        for name in (f"{language}: confidence", "share right", "answers"):
            view.add_column(name, justify="right")
        for one in figures.bins:
            view.add_row(f"{one.confidence:.2f}", f"{one.right:.2f}", str(one.answers))
        out.print("")
        out.print(view)
        auroc = "–" if figures.auroc is None else f"{figures.auroc:.3f}"
        out.print(f"{language}: ECE {figures.ece:.3f}, AUROC {auroc}, {figures.answers} answers given")


def reliability_json(figures: Calibration) -> dict[str, Any]:
    """All but the risk-coverage curve, which has a point for every answer."""
    return {name: value for name, value in dataclasses.asdict(figures).items() if name != "curve"}


def plain_table() -> Table:
    """A table without lines."""
    from rich.table import Table

    return Table(box=None, pad_edge=False, header_style="bold")
