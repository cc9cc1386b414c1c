"""Where a home keeps its experiments, and the names of the files. Imports nothing, so that a server starts at once."""

from __future__ import annotations

FOLDER, CACHE, SEARCHES = "experiments", "cache", "searches"
RESULTS_FILE, REPORT_FILE = "results.json", "report.html"
RESULTS_FORMAT = 2
