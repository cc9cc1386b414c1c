"""`lectern train STAGE`: every stage that made the shipped weights, as a command; each goes on with --resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from api.cli.console import err, out
from api.cli.evaluate import spread
from api.cli.options import Device, Home, Run

if TYPE_CHECKING:
    from api.evaluate.thresholds import Probed
    from api.pipeline import Pipeline
    from api.question_sets.question_set import QuestionSet
    from generator.decisions import Decisions

app = typer.Typer(
    no_args_is_help=True,
    help="Train a model: each stage resumes where it stopped with --resume.",
    rich_markup_mode="rich",
)

Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Folder with qa/, parallel/ and text/ (see the model cards)")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where checkpoints, log and weights go")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint")]


@app.callback()
def train() -> None:
    """Train a model. In order: embedder --stage distil, embedder --stage contrast, decoder --stage read, decoder
    --stage write, decoder --stage align, verifier, thresholds; scoring, which only experiments use, at any time.

    Weights are written under --out; copy them over retrieval/weights or generator/weights to use them.
    """
    from retrieval.training.allocator import keep_freed_memory

    keep_freed_memory()


@app.command()
def embedder(
    context: typer.Context, data: Data, out_folder: Out = Path("runs/embedder"), resume: Resume = False,
    stage: Annotated[
        Literal["distil", "contrast"], typer.Option(help="distil: translations; contrast: questions and passages")
    ] = "distil",
    row_epochs: Annotated[float, typer.Option(help="distil: passes with Russian rows alone")] = 0.3,
    body_epochs: Annotated[float, typer.Option(help="distil: passes with rows and body")] = 0.7,
    steps: Annotated[int, typer.Option(min=1, help="contrast: training steps")] = 600,
    start: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="contrast: the embedder to go on from")
    ] = None,
    device: Device = None,
) -> None:
    """The bilingual sentence embedder: first from the English one and parallel text, then from questions.

    Example: lectern train embedder --data data && lectern train embedder --data data --stage contrast
    """
    from retrieval.training.contrastive import ContrastRun, ContrastSettings
    from retrieval.training.embedder import EmbedderSettings
    from retrieval.training.embedder import Run as TrainingRun

    _need_folder(data / "parallel")
    run = Run.of(context, None, False, device)
    where, report = run.device or "cpu", _reporter(out_folder / f"{stage}.log")
    if stage == "distil":
        settings = EmbedderSettings(row_epochs=row_epochs, body_epochs=body_epochs)
        TrainingRun(data, out_folder, settings, where, report).train(resume=resume)
        out.print(f"weights: {out_folder / 'weights'}")
        return
    _need_folder(data / "qa")
    ContrastRun(
        data, out_folder / stage, start or out_folder / "weights", ContrastSettings(steps=steps), where, report
    ).train(resume=resume)
    out.print(f"weights: {out_folder / stage / 'weights'}")


@app.command()
def decoder(
    context: typer.Context, data: Data,
    stage: Annotated[
        Literal["cloze", "read", "write", "align"],
        typer.Option(help="read, then write, then align; cloze (masked words) may come before read --from OUT/cloze"),
    ] = "read",
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; left out: 1200, align: 240")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples per step")] = 16,
    start: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Earlier weights to go on from")
    ] = None,
    method: Annotated[
        Literal["dpo", "best-of-n"], typer.Option(help="align: on pairs of samples, or on the best ones alone")
    ] = "dpo",
    prompts: Annotated[int, typer.Option(min=1, help="align: training prompts to sample answers to")] = 2400,
    samples: Annotated[int, typer.Option(min=2, help="align: samples of each")] = 6,
    temperature: Annotated[float, typer.Option(min=0.01, max=10.0, help="align: of the samples")] = 1.0,
    beta: Annotated[float, typer.Option(min=0.001, help="align: higher stays nearer to the start (DPO)")] = 0.1,
    likelihood: Annotated[float, typer.Option(min=0.0, help="align: weight of the chosen text's own loss")] = 1.0,
    unanswerable: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="align: share of prompts where abstaining is right")
    ] = 0.15,
    rate: Annotated[float, typer.Option(min=0.0, help="align: peak learning rate")] = 1e-4,
    out_folder: Out = Path("runs/decoder"), resume: Resume = False, device: Device = None,
) -> None:
    """The reader's top and the decoder, from question-answer sets and the corpus; then from the decoder's own samples.

    Example: lectern train decoder --data data --stage read && lectern train decoder --data data --stage write

    Stage align: DPO on pairs of the decoder's samples; --method best-of-n is the arm that it has to beat, from the
    same samples. A sampling that was stopped goes on by itself.
    """
    from generator.training.aligning import AlignSettings, align_decoder
    from generator.training.decoder import train_decoder
    from generator.training.loop import READING, LoopSettings
    from generator.training.samples import SampleSettings
    from retrieval.embedder import BilingualEmbedder, load_embedder

    _need_folder(data / "qa")
    run = Run.of(context, None, False, device)
    loaded = load_embedder(device=run.device or "cpu")
    assert isinstance(loaded, BilingualEmbedder)
    steps = steps or (240 if stage == "align" else 1200)
    settings = LoopSettings(steps=steps, batch_size=batch_size, warmup_steps=min(120, max(1, steps // 5)))
    if stage in READING and start is not None:
        # What is trained already is to be moved, not shaken.
        settings = replace(settings, joint_rate=1e-4, new_rate=2e-4)
    if stage == "align":
        drawn = SampleSettings(prompts=prompts, each=samples, temperature=temperature)
        aligned = AlignSettings(method, beta, likelihood, unanswerable=unanswerable, samples=drawn)
        align_decoder(
            data, out_folder, loaded, replace(settings, new_rate=rate), aligned, resume=resume, start=start,
            report=_reporter(out_folder / f"{aligned.name}.log"),
        )
        out.print(f"weights: {out_folder / aligned.name}")
        return
    train_decoder(
        data, out_folder, loaded, settings, stage, resume=resume, start=start,
        report=_reporter(out_folder / f"{stage}.log"),
    )
    out.print(f"weights: {out_folder / stage}")


@app.command()
def thresholds(
    context: typer.Context,
    questions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUESTIONS]...",
            help="Sets of questions, the default threshold by dev and files, else by the first; left out: dev, files, "
            "reading, reading-across",
        ),
    ] = None,
    abstention: Annotated[
        bool, typer.Option("--abstention", help="Fit confidence and when to abstain alone; nothing is written then")
    ] = False,
    limit: Annotated[int, typer.Option(help="Only N questions of each set, spread over it; 0: all")] = 0,
    out_folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write thresholds.json; left out: in use")
    ] = None,
    home: Home = None, device: Device = None,
) -> None:
    """How to rank, which sentence to trust, when to abstain and when to quote: fitted on dev.

    The library has to hold the corpus (lectern ingest corpus); questions on other texts are asked of a library of
    these, made once under the home. Two passes over the questions, about a second each.
    """
    from api.evaluate import threshold_scores as scores
    from api.evaluate import thresholds as fit
    from api.question_sets import formats
    from generator.checkpoint import SHIPPED

    run = Run.of(context, home, False, device)
    names = questions or ["dev", "files", "reading", "reading-across"]
    chosen = [formats.load(name) for name in names]
    folder = out_folder or SHIPPED
    with run.pipeline() as models:
        decisions, rows = _probed(models, dict(zip(names, chosen, strict=True)), limit, abstention=abstention)
    fitted = fit.fit_abstention if abstention else fit.fit_sentences
    judged = scores.cross_fitted(rows, decisions, fitted)
    folder.mkdir(parents=True, exist_ok=True)
    usual = [name for name in names if name in ("dev", "files")] or names[:1]
    typical = {
        question.id for name, loaded in zip(names, chosen, strict=True) if name in usual
        for question in loaded.questions
    }
    decisions = fit.choose_thresholds(rows, fitted(rows, decisions), typical)
    decisions.save(folder)
    for name, loaded in zip(names, chosen, strict=True):
        own = {question.id for question in loaded.questions}
        lines = scores.summary([each for each in judged if each.question.id in own], decisions.default)
        for line in (*lines, *scores.matches([row for row in rows if row.question.id in own], decisions)):
            out.print(f"{name}, {line}")
    out.print(
        f"abstain where the documents are less likely than {decisions.default} to answer and what is chosen is "
        f"likelier wrong than right; quote where the decoder's "
        f"own sentence trails the quotation by more than {-decisions.own:.2f} in probability; from {len(rows)} "
        f"questions; written to {folder}"
    )


def _probed(
    models: Pipeline, sets: Mapping[str, QuestionSet], limit: int, *, abstention: bool
) -> tuple[Decisions, list[Probed]]:
    """The decisions, their ranking fitted unless abstention alone is, and what they make of the sets' questions."""
    from api.evaluate import thresholds as fit
    from api.evaluate.questions import EvidenceIndex
    from api.question_sets.library import searched
    from generator.answerer import Answerer

    models.load_models()
    assert isinstance(models.answerer, Answerer)
    decisions, ranked, rows = models.answerer.decisions, [], []
    for name, loaded in sets.items():
        with searched(models, loaded, _tick) as pipeline:
            if not EvidenceIndex(pipeline.library).split(loaded.questions)[0]:
                raise typer.BadParameter(
                    f"no question of {name} has its evidence in the library; run: lectern ingest corpus"
                )
            ranked += [] if abstention else fit.rank_all(pipeline, spread(loaded.questions, limit), _tick)
    if not abstention:
        decisions = fit.fit_ranking(ranked, decisions)
        models.use(decisions)
    for loaded in sets.values():
        with searched(models, loaded, _tick) as pipeline:
            rows += fit.probe_all(pipeline, spread(loaded.questions, limit), _tick, write=not abstention)
    return decisions, rows


@app.command()
def verifier(
    context: typer.Context, data: Data,
    limit: Annotated[int, typer.Option(min=4, help="At most N train questions of each source")] = 30,
    out_folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write verifier.json; left out: in use")
    ] = None,
    device: Device = None,
) -> None:
    """What the verifier says: its head's log-odds with what rules see, fitted to claims about train passages.

    Some minutes on one core. Prints cross-fitted AUROC per kind of fault. Run it after decoder --stage read, and
    thresholds after it.

    Example: lectern train verifier --data data
    """
    from api.evaluate import verifying
    from generator.answerer import load_answerer
    from generator.checkpoint import SHIPPED
    from generator.training import verifier as fit
    from retrieval.embedder import load_embedder

    _need_folder(data / "qa")
    run = Run.of(context, None, False, device)
    own = load_embedder(device=run.device or "cpu")
    engine = load_answerer(own, device=run.device or "cpu").engine
    rows = fit.claim_rows(engine, fit.training_claims(data, own.count_tokens, limit), _tick)
    judged = [
        verifying.Judged(row.example.source, row.example.language, row.claim.fault, verifying.score(verdict))
        for row, verdict in fit.cross_fitted(rows)
    ]
    for name, values in verifying.aurocs(judged).items():
        out.print(f"{name}: AUROC against " + ", ".join(f"{fault} {value}" for fault, value in values.items()))
    folder = out_folder or SHIPPED
    folder.mkdir(parents=True, exist_ok=True)
    fit.fit_verifier(rows).save(folder)
    out.print(f"from {len(rows)} claims; written to {folder}")


@app.command()
def scoring(
    data: Data,
    out_folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the weights go; left out: in use")
    ] = None,
) -> None:
    """The scoring verifier of experiments: from documentation and the written claims, some minutes.

    Reads DIR/text alone: nothing that the reader or the decoder is trained on. Prints its AUROC on the dev claims.

    Example: lectern train scoring --data data
    """
    from api.experiments.entailment.training.fitting import train
    from api.experiments.entailment.verifier import SHIPPED

    _need_folder(data / "text")
    folder = out_folder or SHIPPED
    train(data, _reporter(folder / "train.log")).save(folder)
    out.print(f"weights: {folder}")


def _tick(number: int, total: int) -> None:
    if number % 25 == 0 or number == total:
        err.print(f"{number}/{total}", style="dim")


def _need_folder(path: Path) -> None:
    if not path.is_dir():
        raise typer.BadParameter(f"there is no folder {path}: name the data folder with --data")


def _reporter(path: Path) -> Callable[[str], None]:
    """Lines with seconds since the start, on standard error and in a log file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def report(line: str) -> None:
        stamped = f"{time.monotonic() - started:7.0f} s  {line}"
        err.print(stamped)
        with path.open("a", encoding="utf-8") as log:
            log.write(stamped + "\n")

    return report
