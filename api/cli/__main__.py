"""`python -m api.cli`: the command line where the script `lectern` is not installed."""

from __future__ import annotations

from api.cli.start import main

main()
