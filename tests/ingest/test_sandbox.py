"""The parser process: hostile files end in one line, in bounded time, and the next file is read."""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

import pytest

from ingest.errors import IngestError, LimitExceeded, NoTextLayer, ParseError
from ingest.limits import MEBIBYTE, Limits
from ingest.parse import parse_file, read_file
from ingest.sandbox import Sandbox
from tests.ingest import samples

_STRICT = Limits(seconds=8, silent_seconds=3, page_seconds=1, memory_bytes=600 * MEBIBYTE)


def _raw_pdf(objects: list[bytes], root: int = 1) -> bytes:
    """A PDF of numbered objects, with a correct cross-reference table."""
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        body + table + b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, root, len(body))
    )


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)


def _one_page(stream: bytes) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    pages = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page]
    return _raw_pdf([*pages, _stream(stream), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"])


def _hostile_files() -> dict[str, bytes]:
    cycle = _raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>"])
    kids = b" ".join([b"3 0 R"] * 60_000)
    many = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count 60000>>" % kids]
    good = _one_page(b"BT /F1 9 Tf (Some words) Tj ET")
    looped = good.replace(b"trailer<<", b"trailer<</Prev %d" % good.rindex(b"xref\n0"))
    return {
        "bomb.pdf": _one_page(b"\0" * 300_000_000),
        "operators.pdf": _one_page(b"1 0 0 1 0 0 cm " * 3_000_000),
        "page-cycle.pdf": cycle,
        "many-pages.pdf": _raw_pdf([*many, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"]),
        "deep.pdf": _one_page(b"[" * 200_000),
        "deep-object.pdf": _raw_pdf([b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 100_000 + b">>", b"<</Type/Pages>>"]),
        "xref-loop.pdf": looped,
        "random.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 4000,
        "deep.html": b"<div>" * 100_000,
        "entities.html": b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + b"&a;" * 1000,
        "deep.md": b"> " * 50_000 + b"x",
        "deep.ipynb": b"[" * 200_000,
    }


@pytest.mark.parametrize("name", sorted(_hostile_files()))
def test_hostile_files_end_in_one_line_and_the_next_file_is_read(name: str) -> None:
    with Sandbox(_STRICT) as sandbox:
        try:
            parsed = sandbox.parse(_hostile_files()[name], name)
        except ParseError as error:
            assert "\n" not in str(error) and str(error).startswith(name)
        else:
            assert len(parsed.text) < 1_000_000
        assert sandbox.parse(b"# Fine\n\ntext", "fine.md").title == "Fine"


def test_one_process_serves_many_files() -> None:
    with Sandbox(Limits()) as sandbox:
        sandbox.parse(b"one", "a.md")
        assert sandbox._process is not None
        first = sandbox._process.pid
        with pytest.raises(NoTextLayer):
            sandbox.parse(samples.pdf([[]]), "b.pdf")
        sandbox.parse(b"two", "c.md")
        assert sandbox._process is not None and sandbox._process.pid == first


def test_memory_is_limited() -> None:
    with Sandbox(Limits(memory_bytes=300 * MEBIBYTE)) as sandbox:
        with pytest.raises(ParseError):
            sandbox.parse(b"word " * 40_000_000, "big.txt")
        assert sandbox.parse(b"text", "fine.md").text == "text"


def test_a_parser_that_never_answers_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sandbox._BOOT", "import time; time.sleep(60) # {path}")
    with (
        Sandbox(Limits(silent_seconds=0.5)) as sandbox,
        pytest.raises(LimitExceeded, match="not read within"),
    ):
        sandbox.parse(b"text", "a.md")


@pytest.mark.parametrize(
    ("boot", "words"),
    [
        ("import os; os.abort() # {path}", "crashed"),
        ("print('no frame, but plenty of text all the same') # {path}", "broken answer"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL) # {path}", "memory"),
    ],
)
def test_a_parser_that_dies_or_babbles_is_an_error_of_the_file(
    monkeypatch: pytest.MonkeyPatch, boot: str, words: str
) -> None:
    monkeypatch.setattr("ingest.sandbox._BOOT", boot)
    with Sandbox(Limits()) as sandbox, pytest.raises(ParseError, match=words):
        sandbox.parse(b"text", "a.md")


@pytest.mark.parametrize(
    "attempt",
    [
        "open('{target}', 'w')",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.remove('{target}')",
        "import os; fd = os.open('{target}', os.O_WRONLY); os.write(fd, b'xxxxxxxxxxxx')",
        "import os; os.open('{target}', os.O_RDONLY | os.O_TRUNC)",
    ],
)
def test_a_parser_cannot_write_connect_or_run_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, attempt: str
) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    code = attempt.replace("{target}", str(target))
    boot = (
        "import sys; sys.path[:] = {path}\nimport ingest.sandbox_worker as w\n"
        f"def bad(content, name, limits):\n    {code}\n    raise SystemExit('succeeded')\n"
        "w.parse_content = bad\nw.main()"
    )
    monkeypatch.setattr("ingest.sandbox._BOOT", boot)
    with (
        Sandbox(Limits()) as sandbox,
        pytest.raises(ParseError, match="PermissionError|OSError|File too large"),
    ):
        sandbox.parse(b"text", "a.md")
    assert target.read_text() == "precious"


def test_the_process_knows_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LECTERN_TEST_SECRET", "secret")
    boot = (
        "import sys; sys.path[:] = {path}\nimport os, ingest.sandbox_worker as w\n"
        "def bad(content, name, limits): raise ValueError(sorted(os.environ))\n"
        "w.parse_content = bad\nw.main()"
    )
    monkeypatch.setattr("ingest.sandbox._BOOT", boot)
    with Sandbox(Limits()) as sandbox, pytest.raises(ParseError) as caught:
        sandbox.parse(b"text", "a.md")
    assert "SECRET" not in str(caught.value)


def test_the_parser_is_found_where_an_import_hook_found_it(monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(Path(__file__).resolve().parents[2])
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if os.path.abspath(entry) != root])
    with Sandbox(Limits()) as sandbox:
        assert sandbox.parse(b"text", "a.md").text == "text"


def test_closing_ends_the_process() -> None:
    with Sandbox(Limits()) as sandbox:
        sandbox.parse(b"text", "a.md")
        assert sandbox._process is not None
        pid = sandbox._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_sandbox_that_was_left_starts_nothing() -> None:
    with Sandbox(Limits()) as sandbox:
        pass
    with pytest.raises(ParseError, match="a.md: not read, the parsers were stopped"):
        sandbox.parse(b"text", "a.md")  # of a thread that was reading the file meanwhile
    assert sandbox._process is None


# ---- paths


def test_parse_file_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    path.write_text("# Заметка\n\nТекст.")
    parsed = parse_file(path)
    assert (parsed.title, parsed.language) == ("Заметка", "ru")


def test_what_is_no_readable_file_of_a_bearable_size_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * 2000)
    fifo = tmp_path / "fifo.txt"
    os.mkfifo(fifo)
    limits = Limits(file_bytes=1000)
    for path, words in (
        (large, "larger than"),
        (fifo, "not a regular"),
        (tmp_path, "not a regular"),
        (tmp_path / "no", "no such"),
    ):
        with pytest.raises(IngestError, match=words):
            read_file(path, limits)
