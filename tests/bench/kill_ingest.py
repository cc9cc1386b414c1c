"""Ingest killed with SIGKILL at random moments, repeated, and compared with an undisturbed run.

    python -m tests.bench.kill_ingest FOLDER [--times 20]

After every kill `lectern doctor` has to be content (an index behind the library is no damage), and after the repetition
too; then the library has to hold what the undisturbed one holds.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ingest.library import Library

LECTERN = [sys.executable, "-m", "api.cli"]


def contents(home: Path) -> list[tuple[str, ...]]:
    """What a library holds: documents by id with their sources and chunk ids."""
    with Library(home) as library:
        chunks: dict[str, list[str]] = {}
        for chunk in library.chunks():
            chunks.setdefault(chunk.document_id, []).append(chunk.id)
        return sorted((info.id, *info.sources, *chunks.get(info.id, [])) for info in library.documents())


def ingest(folder: Path, home: Path, seconds: float | None) -> bool:
    """Ingest, killed with its children after `seconds` (None: never). True if it ended by itself."""
    command = [*LECTERN, "--home", str(home), "ingest", str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def doctor(home: Path) -> int:
    """Its exit status."""
    return subprocess.run([*LECTERN, "--home", str(home), "doctor"], capture_output=True).returncode


def main() -> None:
    """Undisturbed once; then from nothing each time: killed (every other time twice), looked at, repeated, compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    rng = random.Random(20)
    with tempfile.TemporaryDirectory() as one:
        whole = Path(one)
        started = time.perf_counter()
        ingest(given.folder, whole, None)
        length = time.perf_counter() - started
        wanted = contents(whole)
        print(f"undisturbed: {length:.1f} s, {len(wanted)} documents", flush=True)
        unclean, different = 0, 0
        for number in range(1, given.times + 1):
            with tempfile.TemporaryDirectory() as other:
                home = Path(other)
                said = []
                for _ in range(1 + number % 2):
                    moment = rng.uniform(0.3, length)
                    ended = ingest(given.folder, home, moment)
                    said.append(f"ended before {moment:.1f} s" if ended else f"killed after {moment:.1f} s")
                left = len(contents(home))
                after_kill = doctor(home)
                ingest(given.folder, home, None)
                after_all = doctor(home)
                same = contents(home) == wanted
                unclean += bool(after_kill or after_all)
                different += not same
                state = "the same" if same else "different"
                print(
                    f"{number}: {', '.join(said)}; {left} documents, doctor {after_kill}; "
                    f"repeated: doctor {after_all}, {state}", flush=True,
                )
        print(f"doctor not clean: {unclean} of {given.times}; result not the same: {different} of {given.times}")


if __name__ == "__main__":
    main()
