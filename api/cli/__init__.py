"""The command `lectern`: every command parses, calls the pipeline, prints. `main` is what the script starts.

Exit status: 0 done, 1 failed (quietly, where whoever read the output went away), 2 misused, 130 stopped by
Ctrl-C. An error is one line on standard error; LECTERN_DEBUG=1 shows where an unforeseen one came from.
"""

from __future__ import annotations

from api.cli.start import main

__all__ = ["main"]
