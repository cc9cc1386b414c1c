"""`lectern experiment questions`: drafts from the user's own documents, accepted, edited or dropped one by one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import err, note, out, print_json
from api.cli.options import Home, Json, Run
from api.counted import counted

if TYPE_CHECKING:
    from api.experiments.drafts.drafting import Draft
    from api.experiments.drafts.question_file import QuestionFile
    from api.pipeline import Pipeline

QUESTIONS_FILE = Path("experiments") / "questions.jsonl"
_KEYS = "a accept, e edit, d drop, q quit"
_BETWEEN_GOLD = "|"


def draft_questions(
    context: typer.Context,
    document: Annotated[
        list[str], typer.Argument(metavar="DOCUMENT...", help="Ids, beginnings of ids, paths or URLs")
    ],
    to: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where accepted questions go; one that exists grows")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Only N drafts, spread over the documents; 0: all")] = 0,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Ask nothing: write every draft")] = False,
    home: Home = None, json: Json = False,
) -> None:
    """Draft questions with answers and evidence from your documents; accept, edit or drop each.

    Drafts come from rules on sentences: what a thing is, what an abbreviation stands for, which number or year a
    sentence names. They are answerable all of them: a good question that the documents do not answer cannot be drafted
    by rule, so add some by hand (kind "unanswerable"), or abstention is not measured.

    Each accepted question is written at once. Ctrl-C or q stops; the same command goes on after the last one accepted.

    Examples:

    lectern experiment questions notes/setup.md --out mine.jsonl

    lectern experiment questions 3f2a91 77bc02 --limit 40 --accept-all
    """
    from api.errors import RequestError
    from api.experiments.drafts.drafting import remaining, spread
    from api.experiments.drafts.question_file import QuestionFile

    options = Run.of(context, home, json)
    if not accept_all and (options.json or not sys.stdin.isatty()):
        raise RequestError("there is no terminal to ask at: add --accept-all to take every draft as it is")
    path = to or options.home / QUESTIONS_FILE
    file = QuestionFile(path)
    with options.pipeline() as pipeline:
        drafts = _drafts(pipeline, document)
    left = remaining(drafts, spread(drafts, limit), file.ids)
    if accept_all:
        for draft in left:
            file.add(draft)
        accepted = len(left)
    else:
        accepted = _review(left, file)
    if options.json:
        print_json({"file": str(path), "drafts": len(drafts), "accepted": accepted, "questions": len(file.ids)})
        return
    out.print(f"{counted(accepted, 'question')} accepted, {len(file.ids)} in {path}")
    if file.ids:
        note("to use them: questions = \"...\" in an experiment file, or: lectern evaluate answers FILE")


def _drafts(pipeline: Pipeline, names: list[str]) -> list[Draft]:
    """The drafts of all documents, a question that several lead to once. Raises UnknownDocument, RequestError."""
    from api.errors import RequestError
    from api.experiments.drafts.drafting import drafts_of

    found: dict[str, Draft] = {}
    for document_id in dict.fromkeys([pipeline.resolve(name) for name in names]):
        own = list(drafts_of(pipeline.document(document_id), pipeline.library.headings(document_id)))
        if not own:
            title = pipeline.document(document_id).title
            note(f"{title}: no sentence in it fits a template (whole sentences in English or Russian are looked for)")
        for draft in own:
            found.setdefault(draft.question, draft)
    if not found:
        raise RequestError("nothing could be drafted: name other documents, or write questions by hand")
    return list(found.values())


def _review(drafts: list[Draft], file: QuestionFile) -> int:
    """Show the drafts one by one; how many were accepted. Ctrl-C and the end of the input stop like q."""
    accepted = 0
    if not drafts:
        note("every draft after the last accepted one has been seen")
    try:
        for number, draft in enumerate(drafts, start=1):
            _show(draft, f"{number}/{len(drafts)}")
            while (key := _key()) == "e":
                draft = _edited(draft)
                _show(draft, "edited")
            if key == "q":
                break
            if key == "a":
                file.add(draft)
                accepted += 1
    except (KeyboardInterrupt, typer.Abort):
        err.print("")
    return accepted


def _key() -> str:
    """The user's choice, asked until it is one; a new line alone is none, so that nothing is accepted unread."""
    while True:
        key = str(typer.prompt(_KEYS, prompt_suffix=": ", default="", show_default=False, err=True)).strip().lower()
        if key[:1] in tuple("aedq"):
            return key[:1]


def _show(draft: Draft, heading: str) -> None:
    err.print(f"\n{heading}  {draft.document}", style="dim")
    err.print(draft.question, style="bold")
    err.print(f"answer:   {draft.answer}")
    err.print(f"gold:     {f' {_BETWEEN_GOLD} '.join(draft.gold)}")
    err.print(f"evidence: {draft.quote}", style="dim")


def _edited(draft: Draft) -> Draft:
    """The draft as the user changes it; a new line alone leaves a part as it is."""
    question = _line("question", draft.question)
    answer = _line("answer", draft.answer)
    gold = _line(f"gold (several with {_BETWEEN_GOLD})", f" {_BETWEEN_GOLD} ".join(draft.gold))
    strings = [string.strip() for string in gold.split(_BETWEEN_GOLD) if string.strip()]
    return draft.edited(question, answer, strings or draft.gold)


def _line(what: str, present: str) -> str:
    given = str(typer.prompt(what, default=present, show_default=False, err=True)).strip()
    return given or present
