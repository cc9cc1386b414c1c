"""The command line: what is printed where, exit statuses, and no traceback whatever happens."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import api.parts
import api.pipeline
from api.cli.start import run
from api.config import RunConfig
from ingest.errors import LibraryError
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder

ROOT = Path(__file__).resolve().parents[2]
Lectern = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lectern(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Lectern:
    """Runs a command on the home with the two notes: (exit status, standard output, standard error)."""
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: HashEncoder())
    monkeypatch.setattr(api.parts, "load_answerer", lambda _encoder, _config: FakeAnswerer())
    monkeypatch.setenv("LECTERN_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(arguments)
        out, err = capfd.readouterr()
        return status, out, err

    return call


def test_an_answer_is_followed_by_its_numbered_sources(lectern: Lectern) -> None:
    status, out, _ = lectern("ask", "What does a KV cache store?")
    assert status == 0
    assert out.startswith("A KV cache stores the keys and values of past tokens. [1]")
    assert "\nSources:\n[1] KV cache, p. 1: “A KV cache stores" in out


def test_what_was_also_found_stands_below_the_answer_in_quotation_marks(lectern: Lectern) -> None:
    _, english, _ = lectern("ask", "What does a KV cache store in training?")
    _, russian, _ = lectern("ask", "Из каких этапов состоит обучение с KV cache?")
    for out, heading, quotes in ((english, "Also found:", "“”"), (russian, "Ещё найдено:", "«»")):
        answer, found = out.split(f"\n\n{heading}\n")
        assert answer.endswith("[1]") and found.startswith(quotes[0]) and f"{quotes[1]} [2]" in found
    assert "Also found" in lectern("compare", "What does a KV cache store in training?")[1]


def test_a_russian_answer_has_russian_sources(lectern: Lectern) -> None:
    _, out, _ = lectern("ask", "Из каких этапов состоит обучение?")
    assert "\nИсточники:\n[1] Этапы обучения, с. 1: «Обучение языковой модели" in out


def test_an_abstention_is_a_result(lectern: Lectern) -> None:
    status, out, err = lectern("ask", "Who won the World Cup with a KV cache?")
    assert status == 0 and out.startswith("The documents do not answer this.")
    assert "Nearest: KV cache" in out and "not_answerable" in err and "--no-abstain" in err


@pytest.mark.parametrize(
    ("arguments", "members"),
    [
        (("ask", "What does a KV cache store?"), {"text", "sentences", "hits", "config_hash"}),
        (("ask", "--closed-book", "Why?"), {"text", "mode"}),
        (("compare", "What does a KV cache store?"), {"rag", "closed_book"}),
        (("search", "cache"), {"hits"}),
        (("documents",), {"documents", "total"}),
        (("documents", "list"), {"documents", "total"}),
        (("doctor",), {"healthy", "checks"}),
        (("reindex",), {"chunks"}),
    ],
)
def test_json_is_one_document_and_nothing_else(
    lectern: Lectern, arguments: tuple[str, ...], members: set[str]
) -> None:
    status, out, _ = lectern(*arguments, "--json")
    assert status == 0 and set(json.loads(out)) >= members
    before, before_out, _ = lectern("--json", *arguments)
    assert before == 0 and set(json.loads(before_out)) >= members


def test_compare_and_search_show_both_sides_and_all_stages(lectern: Lectern) -> None:
    _, out, _ = lectern("compare", "What does a KV cache store?")
    assert "With the documents" in out and "Without them" in out and "I remember nothing" in out
    _, out, _ = lectern("search", "keys and values", "--top-k", "1")
    assert out.startswith("1. KV cache, p. 1") and "bm25" in out and "dense" in out


def test_ingest_adds_skips_and_reports_a_bad_file(lectern: Lectern, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "a.md").write_text("# New\n\nA new note about quantization.\n", encoding="utf-8")
    (folder / "b.pdf").write_bytes(b"not a PDF")
    status, out, err = lectern("ingest", str(folder))
    assert status == 0 and "2 files: 1 added, 1 failed" in out
    assert "b.pdf: not a PDF" in err
    status, out, _ = lectern("ingest", str(folder / "a.md"), "--json")
    summary = json.loads(out)
    assert status == 0 and (summary["added"], summary["unchanged"]) == (0, 1)
    assert "quantization" in lectern("search", "quantization")[1]
    assert lectern("ingest", str(folder / "b.pdf"))[0] == 1


def test_documents_are_shown_exported_and_removed(lectern: Lectern, tmp_path: Path) -> None:
    listed = json.loads(lectern("documents", "--json")[1])["documents"]
    first = listed[0]["id"]
    assert "KV cache" in lectern("documents", "show", first[:6])[1]
    assert "A KV cache stores" in lectern("documents", "show", first, "--page", "1")[1]
    exported = json.loads(lectern("documents", "export", first, "--json")[1])
    assert lectern("documents", "export", first)[1] == exported["text"] + "\n"
    for chunk in exported["chunks"]:
        assert exported["text"][chunk["start"] : chunk["end"]].strip()
    target = tmp_path / "exported.json"
    status, out, err = lectern("documents", "export", first, "--json", "--to", str(target))
    assert status == 0 and not out and "wrote" in err
    assert json.loads(target.read_text(encoding="utf-8")) == exported
    target = tmp_path / "original.md"
    assert lectern("documents", "export", first, "--original", "--to", str(target))[0] == 0
    assert target.read_text(encoding="utf-8").startswith("# KV cache")
    assert lectern("documents", "remove", first[:6], "nonexistent")[0] == 1  # all or none
    assert lectern("documents", "remove", first[:6])[0] == 0
    assert json.loads(lectern("documents", "--json")[1])["total"] == 1
    assert json.loads(lectern("doctor", "--json")[1])["healthy"]


def test_what_was_added_before_an_error_is_found(
    lectern: Lectern, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = api.pipeline.Pipeline.ingest

    def full(self: api.pipeline.Pipeline, *arguments: Any, **options: Any) -> Any:
        ingest(self, *arguments, **options)
        raise LibraryError("the disk is full: free some space and run it again")

    monkeypatch.setattr(api.pipeline.Pipeline, "ingest", full)
    (tmp_path / "a.md").write_text("# New\n\nA new note about quantization.\n", encoding="utf-8")
    status, _, err = lectern("ingest", str(tmp_path / "a.md"))
    assert status == 1 and "the disk is full" in err and len(err.strip().splitlines()) == 1
    with api.pipeline.Pipeline(RunConfig(Path(os.environ["LECTERN_HOME"]))) as pipeline:
        assert pipeline.is_in_step() and pipeline.count_documents() == 3


def test_what_was_left_out_is_in_the_json_too(lectern: Lectern, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("# New\n\nA new note about quantization.\n", encoding="utf-8")
    status, out, _ = lectern("ingest", str(tmp_path / "a.md"), str(tmp_path / "b.md"), "--json")
    ((file, warning),) = json.loads(out)["warnings"]
    assert status == 0 and file.endswith("b.md") and "both are one document" in warning


def test_a_file_whose_name_is_not_utf8_stops_nothing(lectern: Lectern, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.md")).write_text("# Lost", encoding="utf-8")
    (folder / "z.md").write_text("# New\n\nA new note about quantization.\n", encoding="utf-8")
    status, out, err = lectern("ingest", str(folder))
    assert status == 0 and "2 files: 1 added, 1 failed" in out and r"\xff.md: its name is not UTF-8" in err
    assert "quantization" in lectern("search", "quantization")[1]


def test_words_of_documents_are_printed_as_they_are(lectern: Lectern, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Sizes\n\nTake :100: of [bold]layers[/].\n", encoding="utf-8")
    lectern("ingest", str(tmp_path / "a.md"))
    assert ":100: of [bold]layers[/]" in lectern("search", "Sizes layers")[1]
    (found,) = [one for one in json.loads(lectern("documents", "--json")[1])["documents"] if one["title"] == "Sizes"]
    assert lectern("documents", "show", found["id"], "--page", "1")[1] == lectern("documents", "export", found["id"])[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ask", ""), "empty"),
        (("ask", "x" * 100_000), "100,000"),
        (("ask", "why", "--document", "nope"), "nope"),
        (("ask", "why", "--retriever", "magic"), "retriever"),
        (("ask", "why", "--device", "tpu"), "cpu or cuda"),
        (("documents", "show", "nope"), "nope"),
        (("ingest", "/does/not/exist.md"), "no such file"),
    ],
)
def test_what_fails_is_one_line_and_status_1(lectern: Lectern, arguments: tuple[str, ...], says: str) -> None:
    status, _, err = lectern(*arguments)
    assert status == 1 and says in err
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ask",), "ask --help"),
        (("ask", "why", "--tok-k", "3"), "--top-k"),
        (("ask", "why", "--top-k", "0"), "--top-k"),
        (("ask", "why", "--temperature", "hot"), "--temperature"),
        (("frobnicate",), "--help"),
        (("serve", "--host", "0.0.0.0"), "LECTERN_API_KEY"),
        (("serve", "--api-key", "short"), "16"),
        (("serve", "--port", "99999"), "--port"),
        (("evaluate", "answers", "dev", "--save", "nowhere/answers.jsonl"), "no folder nowhere"),
        (("evaluate", "retrieval", "dev", "--save", "."), "name a file"),
    ],
)
def test_misuse_is_one_line_and_status_2(lectern: Lectern, arguments: tuple[str, ...], says: str) -> None:
    status, out, err = lectern(*arguments)
    assert status == 2 and says in err and not out
    assert len(err.strip().splitlines()) == 1


def test_a_port_in_use_is_one_line(lectern: Lectern) -> None:
    from api.http.server import listen

    with listen("127.0.0.1", 0) as taken:
        status, _, err = lectern("serve", "--port", str(taken.getsockname()[1]))
    assert status == 1 and "in use" in err and "--port" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "permission denied"),
        (ValueError("two\nlines"), "unforeseen ValueError: two lines"),
    ],
)
def test_errors_of_the_system_are_one_line(
    lectern: Lectern, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(api.pipeline.Pipeline, "documents", fail)
    status, _, err = lectern("documents", "list")
    assert status == 1 and says in err and len(err.splitlines()) == 1


def test_a_home_that_is_a_file_is_one_line(lectern: Lectern, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    status, _, err = lectern("--home", str(tmp_path / "file"), "documents")
    assert status == 1 and "--home" in err and len(err.splitlines()) == 1


def test_an_index_of_another_encoder_names_the_command(
    lectern: Lectern, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.parts, "load_encoder", lambda _config: HashEncoder(seed="other"))
    status, _, err = lectern("ask", "why is it so")
    assert status == 1 and "lectern reindex" in err
    assert lectern("doctor")[0] == 1
    assert lectern("reindex")[0] == 0
    assert lectern("doctor")[0] == 0


def test_ctrl_c_is_clean(lectern: Lectern, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(api.pipeline.Pipeline, "ingest", interrupt)
    status, out, err = lectern("ingest", "corpus/")
    assert status == 130 and not out and "the same command again" in err


@contextmanager
def started(*code: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that runs `code` with the repository on its path, and that Ctrl-C reaches; gone at the end.

    Whatever runs the tests in the background of a script has SIGINT ignored, and children inherit that.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    heeding = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-c", *code]
    with subprocess.Popen(command, env=environment, preexec_fn=heeding, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def test_help_loads_nothing_heavy_and_teaches() -> None:
    code = (
        "import sys\nfrom api.cli.start import run\n"
        "assert run(['--help']) == 0\nassert run(['ask', '--help']) == 0\n"
        "heavy = {'torch', 'faiss', 'fastapi', 'transformers', 'numpy', 'httpx', 'langchain_core'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    with started(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    assert b"lectern ask" in out and "Чем LoRA отличается от полного дообучения?".encode() in out


def test_the_version_is_printed_and_a_question_without_quotation_marks_is_told_so(lectern: Lectern) -> None:
    status, out, _ = lectern("--version")
    assert status == 0 and out.startswith("lectern ")
    status, _, told = lectern("ask", "What", "does", "it", "store")
    assert status == 2 and "put the question in quotation marks; see lectern ask --help" in told
    assert "a command is missing; see lectern experiment --help" in lectern("experiment")[2]


def test_the_server_starts_without_the_models_libraries() -> None:
    heavy = "{'torch', 'faiss', 'transformers', 'scipy', 'matplotlib'}"
    code = f"import sys, api.http.app\nsys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    with started(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()


def test_a_closed_pipe_is_quiet(home: Path) -> None:
    code = "import sys\nfrom api.cli import main\nsys.argv[1:] = ['documents', '--json']\nmain()"
    reader, writer = os.pipe()
    os.close(reader)
    with started(code, stdout=writer, stderr=subprocess.PIPE, env={"LECTERN_HOME": str(home)}) as process:
        os.close(writer)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and err == b""


def test_the_server_ends_cleanly_on_ctrl_c(home: Path) -> None:
    code = "import sys\nfrom api.cli import main\nsys.argv[1:] = ['serve', '--port', '0']\nmain()"
    with started(code, stderr=subprocess.PIPE, env={"LECTERN_HOME": str(home)}) as process:
        assert process.stderr is not None
        assert b"http://127.0.0.1:" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and b"Traceback" not in err
