"""The options of commands that answer, and how an answer is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import note, out

if TYPE_CHECKING:
    from api.pipeline import Pipeline
    from generator.answer import Answer, Sentence

_FINDING = "Finding passages"
_WRITING = "Writing the answer"
_FURTHER = {"en": "Also found:", "ru": "Ещё найдено:"}
_REASONS = {
    "en": {
        "no_hits": "no passage matches the question", "low_relevance": "no passage is close enough to the question",
        "not_answerable": "the passages found do not hold the answer",
        "unsupported": "no sentence was supported by its source",
    },
    "ru": {
        "no_hits": "ни один фрагмент не подходит к вопросу", "low_relevance": "все фрагменты слишком далеки от вопроса",
        "not_answerable": "в найденных фрагментах ответа нет",
        "unsupported": "ни одно предложение не подтвердилось источником",
    },
}
_OTHER_LANGUAGE = {
    "en": "found in a document in another language: the words are its own, not translated",
    "ru": "найдено в документе на другом языке: это его слова, без перевода",
}
_ANYWAY = {
    "en": "to see what comes nearest to an answer: --no-abstain",
    "ru": "показать, что ближе всего к ответу: --no-abstain",
}

Documents = Annotated[
    list[str] | None,
    typer.Option(
        "--document", metavar="ID", rich_help_panel=_FINDING, help="Stay within this document (repeatable)"
    ),
]
TopK = Annotated[
    int | None,
    typer.Option(
        "--top-k",
        min=1,
        max=50,
        rich_help_panel=_FINDING,
        show_default=False,
        help="Passages to use (default: 5)",
    ),
]
RetrieverOption = Annotated[
    str | None,
    typer.Option(
        "--retriever", metavar="hybrid|dense|bm25", rich_help_panel=_FINDING, show_default=False,
        help="Which retriever proposes passages (default: hybrid)",
    ),
]  # fmt: skip
NoRerank = Annotated[
    bool, typer.Option("--no-rerank", rich_help_panel=_FINDING, help="Do not rerank the passages")
]
NoVerify = Annotated[
    bool,
    typer.Option(
        "--no-verify", rich_help_panel=_WRITING, help="Keep sentences that their source does not support"
    ),
]
NoAbstain = Annotated[
    bool,
    typer.Option("--no-abstain", rich_help_panel=_WRITING, help="Answer even when the documents do not say"),
]
Risk = Annotated[
    float | None,
    typer.Option(
        "--risk", min=0, max=1, rich_help_panel=_WRITING, show_default=False,
        help="Accepted share of wrong answers among those given",
    ),
]  # fmt: skip
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature", min=0, max=100, rich_help_panel=_WRITING, show_default=False,
        help="0: one draft of the likeliest words, the others near it; higher: all are sampled so",
    ),
]  # fmt: skip
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, rich_help_panel=_WRITING, show_default=False, help="Repeats a sampled answer"
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", min=1, max=90, rich_help_panel=_WRITING, show_default=False, help="Longest answer"
    ),
]


def only_false(switched_off: bool) -> bool | None:
    """`--no-x` says False; left out it says nothing, and the configured value holds."""
    return False if switched_off else None


def note_empty(pipeline: Pipeline) -> None:
    """Say so if there is nothing to answer from."""
    if not pipeline.count_documents():
        note("the library is empty: add documents with: lectern ingest corpus/")


def sentence_text(sentence: Sentence, before: Sentence | None, language: str) -> str:
    """The sentence with its markers and what parts it from the one before it; words lifted from the source stand in
    quotation marks, further ones below the answer under a heading."""
    text = sentence.marked
    if sentence.origin == "quotation":
        opening, closing = "«»" if language == "ru" else "“”"
        text = f"{opening}{sentence.text}{closing}" + text.removeprefix(sentence.text)
    if before is None:
        return text
    if not sentence.further:
        return f" {text}"
    heading = "" if before.further else f"\n\n{_FURTHER['ru' if language == 'ru' else 'en']}"
    return f"{heading}\n{text}"


def sentences_text(answer: Answer) -> str:
    """All sentences of an answer so; its own text where there are none."""
    pairs = zip((None, *answer.sentences), answer.sentences, strict=False)
    return "".join(sentence_text(one, before, answer.language) for before, one in pairs) or answer.text


def note_language(answer: Answer) -> None:
    """Say so if the answer is in another language than the question."""
    if answer.other_language:
        note(_OTHER_LANGUAGE["ru" if answer.language == "ru" else "en"])


def print_refusal(answer: Answer, pipeline: Pipeline) -> None:
    """An abstention: what it says, why, and, unless all is far from the question, where the reader might look."""
    out.print(answer.text)
    if answer.reason:
        reasons = _REASONS["ru" if answer.language == "ru" else "en"]
        note(f"{reasons[answer.reason]} ({answer.reason})")
    if answer.reason in ("no_hits", "low_relevance"):
        return
    nearest = list(dict.fromkeys(_title(hit.chunk.document_id, pipeline) for hit in answer.hits))[:3]
    if nearest:
        out.print(f"{'Ближайшее' if answer.language == 'ru' else 'Nearest'}: {', '.join(nearest)}")
    note(_ANYWAY["ru" if answer.language == "ru" else "en"])


def _title(document_id: str, pipeline: Pipeline) -> str:
    return pipeline.document(document_id).title


def figures(answer: Answer) -> str:
    """Confidence, time and model, for the line below an answer, in its language."""
    sure, seconds = ("уверенность", "с") if answer.language == "ru" else ("confidence", "s")
    parts: list[Any] = [] if answer.confidence is None else [f"{sure} {answer.confidence:.0%}"]
    if "total" in answer.timings_ms:
        parts.append(f"{answer.timings_ms['total'] / 1000:.2f} {seconds}")
    return " · ".join([*parts, answer.model])
