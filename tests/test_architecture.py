"""What holds the whole repository together: one-way imports, an abstract in every file, files of one sitting.

    ingest <- retrieval <- generator <- api

`corpus` is data with its loaders: it imports none of them, and what trains or wires may read it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "corpus": {"corpus"},
    "ingest": {"ingest"},
    "retrieval": {"corpus", "ingest", "retrieval"},
    "generator": {"corpus", "ingest", "retrieval", "generator"},
    "api": {"corpus", "ingest", "retrieval", "generator", "api"},
}
MAX_FILE_LINES = 420  # about what one sitting reads
MAX_FUNCTION_LINES = 65
SHIPPED = sorted(path for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py"))
ALL = [*SHIPPED, *sorted((ROOT / "tests").rglob("*.py"))]


def name_of(path: Path) -> str:
    """The path below the repository, as pytest shows it."""
    return str(path.relative_to(ROOT))


def imported(tree: ast.Module) -> Iterator[str]:
    """The first part of every absolute import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    ours = {*MAY_IMPORT, "tests"}
    assert set(imported(ast.parse(path.read_text(encoding="utf-8")))) & ours <= MAY_IMPORT[folder]


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_every_file_that_says_anything_begins_with_its_abstract(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_files_and_functions_can_be_read_in_one_sitting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", sorted((ROOT / "api" / "page").glob("*.js")), ids=name_of)
def test_scripts_of_the_page_can_be_read_in_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_FILE_LINES and lines[0].startswith("// ")
