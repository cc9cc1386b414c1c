"""Ingest killed with SIGKILL at random moments, repeated, and compared with an undisturbed run.

    python -m tests.bench.kill_ingest FOLDER [--times 20]

After every kill `lectern doctor` has to be content; at the end the library has to hold what the undisturbed one holds.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
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


def main() -> None:
    """Undisturbed once, then disturbed, then finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    rng = random.Random(20)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole, home = Path(one), Path(other)
        started = time.perf_counter()
        ingest(given.folder, whole, None)
        length = time.perf_counter() - started
        print(f"undisturbed: {length:.0f} s, {len(contents(whole))} documents", flush=True)
        unclean = 0
        for number in range(1, given.times + 1):
            # A killed run leaves less for the next one; once one has ended, the library is emptied again.
            moment = rng.uniform(0.5, length)
            ended = ingest(given.folder, home, moment)
            doctor = subprocess.run([*LECTERN, "--home", str(home), "doctor"], capture_output=True, text=True)
            unclean += doctor.returncode != 0
            state = "ended" if ended else f"killed after {moment:.1f} s"
            print(f"{number}: {state}, {len(contents(home))} documents, doctor {doctor.returncode}", flush=True)
            if ended:
                shutil.rmtree(home)
                home.mkdir()
        ingest(given.folder, home, None)
        same = contents(home) == contents(whole)
        print(f"doctor not clean: {unclean} of {given.times}; finished library the same: {same}")


if __name__ == "__main__":
    main()
