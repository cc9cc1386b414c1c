"""The page's scripts that compute something, run by Node where there is one: quotes marked exactly, looks
at the runs of experiments now and then, a file's own limit kept, files sent in groups."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from api.http.body import BodyLimits
from api.http.documents import MAX_FILES
from api.page_view import page_view
from api.pipeline import Pipeline

PAGE = Path(__file__).resolve().parents[2] / "api" / "page"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


def called(module: str, function: str, calls: list[list[Any]]) -> list[Any]:
    """What a function of one of the page's modules gives for each list of arguments."""
    script = (
        f"import {{ {function} as call }} from {json.dumps((PAGE / module).as_uri())};"
        "let input = ''; for await (const chunk of process.stdin) input += chunk;"
        "console.log(JSON.stringify(JSON.parse(input).map((given) => call(...given))));"
    )
    command = [str(NODE), "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=True, timeout=600)
    found: list[Any] = json.loads(done.stdout)
    return found


def pieces(page: dict[str, Any], marks: list[dict[str, int]]) -> list[dict[str, Any]]:
    """What marks.js makes of a page and its marks."""
    found: list[dict[str, Any]] = called("marks.js", "pieces", [[page, marks]])[0]
    return found


def test_the_marked_words_are_the_quote_beyond_the_basic_plane_too(pipeline: Pipeline) -> None:
    document = pipeline.document(pipeline.documents()[0].id)
    assert "😀" in document.text
    view = page_view(pipeline.library, document.id, 1)
    assert view is not None
    for quote in ("It saves computing them again at every step.", "A KV cache stores the keys", "😀 It"):
        start = document.text.index(quote)
        mark = {"start": start, "end": start + len(quote)}
        found = pieces(view, [mark, {"start": 0, "end": 8}])
        assert "".join(piece["words"] for piece in found) == view["text"]
        assert "".join(piece["words"] for piece in found if piece["mark"] == "target") == quote
        assert [piece["words"] for piece in found if piece["mark"] == "other"] == ["KV cache"]
    titles = [piece["words"] for piece in found if piece["heading"]]
    assert titles == ["KV cache", "What it stores", "What it costs"]


def test_a_quote_over_the_end_of_a_page_is_marked_up_to_it() -> None:
    page = {"start": 100, "end": 110, "text": "0123456789", "headings": []}
    assert pieces(page, [{"start": 95, "end": 103}, {"start": 108, "end": 120}]) == [
        {"words": "012", "mark": "target", "heading": False},
        {"words": "34567", "mark": None, "heading": False},
        {"words": "89", "mark": "other", "heading": False},
    ]
    assert pieces({**page, "end": 100, "text": ""}, []) == []


STATES = ["queued", "running", "stopping", "stopped", "failed", "done"]


def test_runs_are_looked_at_while_they_are_seen_and_sooner_while_one_moves() -> None:
    cases = [
        {"open": opened, "hidden": hidden, "runs": [{"state": one} for one in states], "status": status}
        for opened, hidden in itertools.product([True, False], repeat=2)
        for states in [[], *([one] for one in STATES), ["done", "running"], STATES]
        for status in (None, 0, 401, 500)
    ]
    given = [[{key: value for key, value in case.items() if value is not None}] for case in cases]
    for case, pause in zip(cases, called("looks.js", "nextLook", given), strict=True):
        moving = {"queued", "running", "stopping"} & {run["state"] for run in case["runs"]}
        if not case["open"] or case["hidden"] or case["status"] == 401:
            assert pause is None
        else:
            assert pause == (1000 if moving and case["status"] is None else 5000)


def test_files_are_sent_in_groups_that_the_server_takes() -> None:
    sizes = [[1] * 450, [200_000_000, 60_000_000, 1, 300_000_000, 5], [], [BodyLimits().upload_bytes]]
    groups = called("groups.js", "groupsOf", [[[{"size": size} for size in one]] for one in sizes])
    for given, found in zip(sizes, groups, strict=True):
        assert [file["size"] for group in found for file in group] == given and [] not in found
        for group in found:
            held = sum(file["size"] for file in group)
            assert len(group) <= MAX_FILES and (held < BodyLimits().upload_bytes or len(group) == 1)
    assert [len(found) for found in groups] == [3, 4, 0, 1]


def test_a_file_keeps_its_own_limit_unless_another_is_written() -> None:
    fields = [("40", False), ("40", True), ("7", True), ("0", True), ("", True), (" ", True)]
    given = [[[{"value": v, "written": w, "isFile": of}] for v, w in fields] for of in (True, False)]
    file, offer = (called("limits.js", "limitOf", calls) for calls in given)
    assert file == [{}, {"limit": 40}, {"limit": 7}, {"limit": 0}, {}, {}]
    assert offer == [{"limit": limit} for limit in (40, 40, 7, 0, 0, 0)]
