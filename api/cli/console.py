"""What is written where: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console


class _Pipe(Console):
    """A console that lets a closed pipe be an exception, for `main` to see."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


# Narrow pipes and files get whole lines; only a terminal is wrapped to its width.
# Words of documents are printed as they are: none of them is markup, and `:100:` is no emoji.
out = _Pipe(highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())
err = _Pipe(stderr=True, highlight=False, markup=False, emoji=False)


def as_json(document: Any) -> str:
    """One JSON document as it is printed."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(as_json(document) + "\n")


def note(text: str) -> None:
    """A remark that is no result: one line on standard error."""
    err.print(text, style="dim")
