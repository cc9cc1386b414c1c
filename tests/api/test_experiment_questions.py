"""Drafted questions: each is grammatical, quotes its document and hides what it asks for; what was accepted is kept."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

import api.parts
from api.cli.start import run as lectern
from api.config import RunConfig
from api.evaluate.questions import EvidenceIndex
from api.experiments.drafts.drafting import Draft, drafts_of
from api.experiments.drafts.sentences import Usable, is_plain
from api.experiments.drafts.templates import questions_on
from api.pipeline import Pipeline
from corpus.format import Language, load_question_file
from tests.fakes import HashEncoder

NOTE = """# Чай и река

## Что такое чай

Зелёный чай — это напиток из листьев, которые не прошли ферментацию. Он бывает разным.
Чайная церемония (японская) — это обряд совместного чаепития в кругу гостей.
В 1961 году на реке построили плотину высотой 45 метров.
"""
ENGLISH = """# Rivers

## The Lenta

The Lenta is a river in the northern hills. It is long.
A dam is a wall across a river that holds its water back.
The water is watched by a regional monitoring service (RMS) from the town of Sorn.
It was finished in 1961.
The wall of the dam is 45 metres high.
- a list item of some 17 words
"""


BIBLIOGRAPHY = """# Paper

A cache is a store of keys and values.

## References

A survey is a list of many papers on caches. The second edition of it came out with 1,400 pages.

## Appendix

A token is a piece of a word or a mark.
"""


def test_lists_of_references_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "paper.md").write_text(BIBLIOGRAPHY, encoding="utf-8")
    with Pipeline(RunConfig(tmp_path / "home"), encoder=HashEncoder()) as pipeline:
        pipeline.ingest([tmp_path / "paper.md"], lambda _event: None)
    assert [draft.question for draft in drafts(tmp_path / "home", str(tmp_path / "paper.md"))] == [
        "What is a cache?", "What is a token?"
    ]  # fmt: skip


def asked(text: str, language: Language = "en", document: str = "") -> tuple[str, str] | None:
    """(question, hidden span) of a sentence."""
    found = list(questions_on(Usable(text, "Costs", language), document or text))
    return (found[0].question, found[0].gold) if found else None


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "A KV cache is the store of keys and values, kept during generation.",
         ("What is a KV cache?", "the store of keys and values")),
        ("en", "LoRA is a way to fine-tune a model in which the weights stay frozen.",
         ("What is LoRA?", "a way to fine-tune a model")),
        ("en", "The chunks are slices of text that fit into the window.",
         ("What are the chunks?", "slices of text")),
        ("en", "Dense retrieval helps retrieval-augmented generation (RAG) to find passages.",
         ("What does “RAG” stand for?", "retrieval-augmented generation")),
        ("en", "Generative Agents placed 25 people in a small town.",
         ("Which number does the part called “Costs” give with the words “Generative”, “Agents”, “placed”, “people”?",
          "25")),
        ("en", "The method was proposed at Google in 2017.",
         ("Which year does the part called “Costs” give with the words “method”, “proposed”, “Google”?", "2017")),
        ("en", "The window of this model holds 2048 tokens at once.",
         ("Which number does the part called “Costs” give with the words “window”, “model”, “holds”, “tokens”?",
          "2048")),
        ("en", "The corpus holds 1,400 questions on many notes.",
         ("Which number does the part called “Costs” give with the words “corpus”, “holds”, “questions”, “notes”?",
          "1,400")),
        ("ru", "KV-кэш (KV cache) — хранилище векторов ключей и значений, которое держат во время генерации.",
         ("Что такое KV-кэш?", "хранилище векторов ключей и значений")),
        ("ru", "Внимание — это механизм, с помощью которого позиция собирает сведения с других позиций.",
         ("Что такое внимание?", "механизм, с помощью которого позиция собирает сведения с других позиций")),
        ("ru", "На входе стоит большая языковая модель (БЯМ) без изменений.",
         ("Как расшифровывается «БЯМ»?", "большая языковая модель")),
        ("ru", "Word2vec опубликовали в 2013 году сотрудники Google.",
         ("Какой год назван в части под названием «Costs» вместе со словами «опубликовали», «году», «сотрудники»,"
          " «Google»?", "2013")),
        ("ru", "Модель занимает около 12 288 мегабайт памяти устройства.",
         ("Какое число названо в части под названием «Costs» вместе со словами «Модель», «занимает», «мегабайт»,"
          " «устройства»?", "12 288")),
    ],
)  # fmt: skip
def test_templates_by_hand(language: Language, text: str, expected: tuple[str, str]) -> None:
    assert asked(text, language, text + " the chunks, внимание") == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The model we trained is a decoder with many layers."),  # a clause, not a term
        ("en", "LoRA is the better choice when the base model fits."),  # praise
        ("en", "The goal is a short answer with one citation."),  # a question on "the goal" could be about anything
        ("en", "See the values in Figure 12 and compare them yourself."),  # part of a name
        ("en", "It was opened on 30 November and closed a year later."),
        ("en", "The cache of LLaMA 27 grows with 27 layers per token."),  # the number is still to be seen
        ("en", "The training of the network took 1, 400 steps on a machine."),  # torn in two by a PDF
        ("en", "There are 250 of it."),  # nothing to ask by
        ("ru", "В трансформере — это главное, что надо запомнить читателю."),
        ("ru", "Наша цель — это короткий ответ с одной ссылкой."),
        ("ru", "Запускать всё сразу — это плохая мысль для новичка."),
        ("ru", "Внимания — это механизмы, которые собирают сведения отовсюду."),  # not the nominative singular here
    ],
)
def test_what_would_come_out_clumsy_is_left_out(language: Language, text: str) -> None:
    found = asked(text, language, text + " внимания")
    assert found is None or found[0] == "Что такое внимания?"


@pytest.mark.parametrize(
    "text",
    ["It stores the keys and the values of tokens.", "Этот кэш хранит ключи и значения токенов.", "Too short a line.",
     "a sentence that begins in the middle of another.", "The value = 12 + x_i for every i of them.",
     "The bracket (is never closed in this sentence.", "A heading without any stop at its end",
     "Vaswani, A., Shazeer, N. and Parmar, N. Attention is all you need.",
     "Advances in neural information processing systems, pp. 5998 and following.",
     "Иванов И. И., Петров П. П. Обучение языковых моделей на малых данных.",
     "Глубокое обучение языковых моделей, Изд-во Наука, Москва."],
)  # fmt: skip
def test_sentences_that_lean_on_others_or_are_no_prose_are_passed_over(text: str) -> None:
    assert not is_plain(text)


@pytest.fixture(scope="session")
def _drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Russian and an English document, and a home with them: made once, then copied."""
    folder = tmp_path_factory.mktemp("drafted")
    (folder / "tea.md").write_text(NOTE, encoding="utf-8")
    (folder / "rivers.md").write_text(ENGLISH, encoding="utf-8")
    (folder / "list.md").write_text("# List\n\n- one\n- two\n", encoding="utf-8")
    with Pipeline(RunConfig(folder / "home"), encoder=HashEncoder()) as pipeline:
        pipeline.ingest(sorted(folder.glob("*.md")), lambda _event: None)
    return folder


@pytest.fixture
def library(_drafted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder; documents can be drafted from, and there is a terminal."""
    shutil.copytree(_drafted / "home", tmp_path / "home")
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: HashEncoder())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("LECTERN_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def tea(_drafted: Path) -> str:
    """The source of the Russian document."""
    return str(_drafted / "tea.md")


@pytest.fixture
def rivers(_drafted: Path) -> str:
    """The source of the English document."""
    return str(_drafted / "rivers.md")


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Types answers to the prompts; after the last one the input has ended."""

    def call(*keys: str | type[BaseException]) -> None:
        left: Iterator[str | type[BaseException]] = iter(keys)

        def prompt(_text: str, *, default: str = "", **_options: object) -> str:
            key = next(left, typer.Abort)
            if not isinstance(key, str):
                raise key
            return key or default

        monkeypatch.setattr(typer, "prompt", prompt)

    return call


def drafts(home: Path, name: str) -> list[Draft]:
    """The drafts of a document of the library."""
    with Pipeline(RunConfig(home), encoder=HashEncoder()) as pipeline:
        document = pipeline.document(pipeline.resolve(name))
        return list(drafts_of(document, pipeline.library.headings(document.id)))


def test_drafts_quote_their_document_and_hide_what_they_ask_for(library: Path, tea: str, rivers: str) -> None:
    found = drafts(library / "home", tea) + drafts(library / "home", rivers)
    assert [draft.question for draft in found[:2]] == ["Что такое зелёный чай?", "Что такое чайная церемония?"]
    assert {draft.kind for draft in found} == {"definition", "figure", "fact"}
    text = " ".join((NOTE + ENGLISH).split())
    for draft in found:
        assert draft.quote in text and draft.gold[0] in draft.quote and draft.gold[0] not in draft.question
        assert draft.quote.rstrip(".") not in draft.question
        assert draft.document in ("tea.md", "rivers.md") and draft.question.endswith("?")
    assert len({draft.id for draft in found}) == len(found)


def test_all_drafts_without_a_terminal_are_a_question_file_that_can_be_run(
    library: Path, tea: str, rivers: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    out = library / "mine.jsonl"
    command = ["experiment", "questions", tea, rivers, "--out", str(out)]
    assert lectern(command) == 1
    assert "--accept-all" in capfd.readouterr().err and not out.exists()
    assert lectern([*command, "--accept-all", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    questions = load_question_file(out)
    assert said["accepted"] == said["questions"] == said["drafts"] == len(questions) >= 5
    assert {q.language for q in questions} == {"en", "ru"} and len({q.unit for q in questions}) == 2
    with Pipeline(RunConfig(library / "home"), encoder=HashEncoder()) as pipeline:
        found, missing = EvidenceIndex(pipeline.library).split(questions)
    assert len(found) == len(questions) and not missing
    assert lectern([*command, "--accept-all"]) == 0
    assert len(load_question_file(out)) == len(questions)  # nothing twice


def test_a_limit_spreads_over_the_documents(library: Path, tea: str, rivers: str) -> None:
    out = library / "mine.jsonl"
    assert lectern(["experiment", "questions", tea, rivers, "--out", str(out), "--accept-all", "--limit", "2"]) == 0
    assert {q.language for q in load_question_file(out)} == {"en", "ru"}


def test_the_user_accepts_edits_drops_and_goes_on_later(
    library: Path, rivers: str, typing: Callable[..., None]
) -> None:
    out = library / "deep" / "mine.jsonl"
    command = ["experiment", "questions", rivers, "--out", str(out)]
    every = drafts(library / "home", rivers)
    typing("a", "x", "", "d", "e", "How high is the wall?", "", "45 | 45 metres", "a", KeyboardInterrupt)
    assert lectern(command) == 0
    first, edited = load_question_file(out)
    assert first.question == every[0].question and edited.question == "How high is the wall?"
    assert edited.gold == ("45", "45 metres") and edited.evidence[0].quote == every[2].quote
    before = out.read_bytes()
    typing("q")
    assert lectern(command) == 0 and out.read_bytes() == before
    typing(*["a"] * len(every))
    assert lectern(command) == 0
    assert [q.pair for q in load_question_file(out)] == [d.id for n, d in enumerate(every) if n != 1]


def test_a_file_of_other_questions_grows_and_a_broken_one_is_left_alone(
    library: Path, tea: str, typing: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    out = library / "mine.jsonl"
    command = ["experiment", "questions", tea, "--out", str(out)]
    side = {"question": "Why?", "answer": "So.", "gold": ["so"], "evidence": [{"document": "d", "quote": "So."}]}
    out.write_text(json.dumps({"id": "own-01", "kind": "fact", "en": side}), encoding="utf-8")  # no newline at its end
    typing("a", "q")
    assert lectern(command) == 0
    assert [q.kind for q in load_question_file(out)] == ["fact", "definition"]
    out.write_text("{}\n", encoding="utf-8")
    assert lectern(command) == 1
    assert "mine.jsonl:1: 'id' is missing" in capfd.readouterr().err and out.read_text(encoding="utf-8") == "{}\n"


def test_nothing_to_draft_from_is_told(library: Path, _drafted: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert library.is_dir()
    assert lectern(["experiment", "questions", str(_drafted / "list.md"), "--accept-all"]) == 1
    assert "nothing could be drafted" in capfd.readouterr().err
    assert lectern(["experiment", "questions", "gone.md", "--accept-all"]) == 1
    assert "no document 'gone.md'" in capfd.readouterr().err
