"""`lectern experiment agreement` and `lectern experiment triples`: is the scoring verifier to be believed?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.console import err, out, print_json
from api.cli.options import Device, Home, Json, Run


def agreement(
    context: typer.Context,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with halu/ (HaluEval, RAGChecker)")],
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="DIR", help="Another verifier than the one in use")
    ] = None,
    json: Json = False,
) -> None:
    """How far the scoring verifier agrees with people: HaluEval QA, our own labelled triples, RAGChecker's pairs.

    The data sets are read where they lie; nothing of them is kept.

    Example: lectern experiment agreement --data data
    """
    from api.experiments.entailment import agreement as measure
    from api.experiments.entailment.verifier import SHIPPED, load
    from corpus.triples import load_labels

    run = Run.of(context, None, json)
    folder = data / "halu"
    for name in (measure.HALUEVAL, measure.RAGCHECKER):
        if not (folder / name).is_file():
            raise typer.BadParameter(f"there is no {folder / name}: name the data folder with --data")
    verifier = load(weights or SHIPPED)
    found: dict[str, Any] = {
        "threshold": verifier.threshold, "halueval_qa": measure.halueval(folder, verifier),
        "triples": measure.triples(load_labels(), verifier), "ragchecker": measure.ragchecker(folder, verifier),
    }  # fmt: skip
    if run.json:
        print_json(found)
        return
    for line in measure.lines(found):
        out.print(line)


def triples(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the unlabelled triples go, JSON lines")],
    name: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="The experiment whose arms answer")
    ] = "entailment",
    count: Annotated[int, typer.Option("--count", min=2, help="How many, the languages equally")] = 360,
    home: Home = None, json: Json = False, device: Device = None,
) -> None:
    """Draw (question, sentence, cited text) from an experiment's answers, to be labelled blind.

    Each line wants a "label" (supported, partly, not), and "second" of another reader; then it belongs in
    corpus/triples/labels.jsonl, where `lectern experiment agreement` reads it.

    Example: lectern experiment triples --out triples.jsonl
    """
    from api.errors import ConfigError
    from api.experiments import definition, runner
    from api.experiments.entailment.sampling import sample
    from api.question_sets import formats
    from corpus.triples import write_triples

    run = Run.of(context, home, json, device)
    chosen = definition.load(definition.find(name))
    if chosen.format != "lectern":
        raise ConfigError(f"{name} brings passages of its own; triples are drawn from what the library answers")
    if any({"generator", "weights"} & arm.knobs.turned().keys() or arm.knobs.chunking() for arm in chosen.arms):
        raise ConfigError(f"{name} has arms with another writer or library; triples are drawn from the home's own")
    asked = runner.choose(formats.load(chosen.questions, chosen.format).questions, chosen.languages, 0)

    def tick(done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            err.print(f"{done}/{total}", style="dim")

    with run.pipeline() as pipeline:
        pipeline.load_models()
        found = sample(pipeline, chosen, asked, count, tick)
    write_triples(to, found)
    if run.json:
        print_json({"file": str(to), "triples": len(found)})
        return
    out.print(f"{len(found)} triples in {to}; label each line, then put them into corpus/triples/labels.jsonl")
