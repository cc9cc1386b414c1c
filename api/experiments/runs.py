"""The runs of a home: those that a server was asked for, and those that the command line left there.

    <home>/experiments/runs/<id>.json     what a server was asked for and how far it came: a `Run`
    <home>/experiments/<name>-<hash>/     results and report of a run that came to its end, whoever started it

The same definition, limit and seed are one run: starting it again goes on where it was. Where the library has changed
since, its results land in another folder, and the older ones stay in the list under the name of theirs.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from api.errors import ConfigError
from api.experiments.places import REPORT_FILE, RESULTS_FILE, RESULTS_FORMAT
from ingest.originals import write_atomically

logger = logging.getLogger("lectern.experiments")

RUNS = "runs"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}-[0-9a-f]{12}")  # also the names of result folders: no other path fits it

State = Literal["queued", "running", "stopping", "stopped", "failed", "done"]
UNFINISHED: tuple[State, ...] = ("queued", "running", "stopping")


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Times are ISO 8601 in UTC.

    prepared, to_prepare: passages of the question set or the library, read and then embedded before the first answer.
    done, total, cached: answers, 0 until they are known. remaining_seconds: estimated, None unless it is running.
    error: why it failed, or "". folder: name of the folder of its results, or "". request: what starts it again, None
    for a run of the command line.
    """

    id: str
    name: str
    question: str
    state: State
    created_at: str
    updated_at: str
    limit: int | None = None
    seed: int = 0
    done: int = 0
    total: int = 0
    cached: int = 0
    remaining_seconds: float | None = None
    error: str = ""
    folder: str = ""
    request: dict[str, Any] | None = None
    prepared: int = 0
    to_prepare: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether it is on its way or waits to be."""
        return self.state in UNFINISHED


@dataclass(frozen=True, slots=True)
class Head:
    """What the list of runs says of results: the run as they describe it, and the finding."""

    run: Run
    finding: str


@dataclass(slots=True)
class Runs:
    """The runs below `folder`, `<home>/experiments`. Threads may share it as long as one at a time saves a run."""

    folder: Path
    _heads: dict[str, tuple[int, Head | None]] = field(default_factory=dict)

    def saved(self) -> list[Run]:
        """What servers were asked for. A file that cannot be read is left out."""
        found = []
        for path in sorted((self.folder / RUNS).glob("*.json")):
            try:
                run = Run(**json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse))
                if run.id != path.stem or run.state not in get_args(State):
                    raise ValueError("not what was written")
            except (OSError, ValueError, TypeError) as error:
                logger.warning("%s holds no run: %s", path, error)
            else:
                found.append(run)
        return found

    def save(self, run: Run) -> None:
        """Write the run. Raises OSError."""
        path = self.folder / RUNS / f"{run.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        record = json.dumps(dataclasses.asdict(run), ensure_ascii=False)
        write_atomically(path, record.encode("utf-8", "replace"))

    def forget(self, run_id: str) -> None:
        """Remove what `save` wrote; answers and results stay."""
        (self.folder / RUNS / f"{run_id}.json").unlink(missing_ok=True)

    def heads(self) -> dict[str, Head]:
        """Of every folder with results that can be read: name -> head. Each file is read once, unless it changes."""
        if not self.folder.is_dir():
            return {}
        names = [path.name for path in self.folder.iterdir() if ID.fullmatch(path.name)]
        return {name: head for name in sorted(names) if (head := self.head(name)) is not None}

    def head(self, name: str) -> Head | None:
        """The head of the results in folder `name`; None without results that can be read."""
        try:
            changed = (self.folder / name / RESULTS_FILE).stat().st_mtime_ns
        except OSError:
            return None
        known = self._heads.get(name)
        if known is None or known[0] != changed:
            try:
                found = _head(name, self.results(name))
            except (ConfigError, LookupError, TypeError):
                found = None
            known = self._heads[name] = (changed, found)
        return known[1]

    def results(self, name: str) -> dict[str, Any]:
        """What `results.json` in folder `name` holds. Raises ConfigError if nothing there can be read."""
        try:
            found = json.loads((self.folder / name / RESULTS_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"the results of {name} cannot be read; run the experiment again") from error
        if not isinstance(found, dict) or found.get("format") != RESULTS_FORMAT:
            raise ConfigError(f"the results of {name} are of another version of Lectern; run the experiment again")
        return found

    def report(self, name: str, script_hash: str) -> str:
        """The report in folder `name`, written anew where it is missing or its script is not the one of that hash.

        Raises ConfigError if there are no results to write it from, OSError.
        """
        path = self.folder / name / REPORT_FILE
        if not path.is_file() or script_hash not in path.read_text(encoding="utf-8", errors="replace"):
            from api.experiments.runner import report_again

            report_again(path.parent)
        return path.read_text(encoding="utf-8", errors="replace")


def _refuse(constant: str) -> float:
    """For Infinity and NaN, which Python reads from JSON and no answer over HTTP can hold."""
    raise ValueError(f"{constant} is no number of JSON")


def _head(name: str, results: Mapping[str, Any]) -> Head:
    """Raises LookupError, TypeError if the results are not what `api.experiments.runner` writes."""
    experiment, provenance, asked = results["experiment"], results["provenance"], results["asked"]
    date = str(provenance["date"])
    answers = int(asked["questions"]) * len(experiment["arms"])
    run = Run(
        name, str(experiment["name"]), str(experiment["question"]), "done", date, date, provenance["limit"],
        experiment["seed"], answers, answers, int(asked["from_cache"]), folder=name,
    )  # fmt: skip
    return Head(run, str(results["finding"]))
