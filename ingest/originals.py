"""The files as they came, kept by content: `<home>/originals/<sha256><suffix>`.

Written under a temporary name, flushed to disk, then renamed: a name that exists is a whole file. A file is
stored before the transaction that refers to it and deleted after the one that stops doing so, so a kill in
between leaves at most a file that nothing refers to, which `remove_unreferenced` clears away.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from ingest.errors import LibraryError

_TEMPORARY = ".part-"


class Originals:
    """A folder of files named by the SHA-256 of their bytes. The folder is made at the first `store`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str, suffix: str) -> Path:
        return self.folder / f"{sha256}{suffix}"

    def store(self, content: bytes, sha256: str, suffix: str) -> Path:
        """Writes `content` unless it is there already. Raises LibraryError (disk full, read-only)."""
        target = self.path(sha256, suffix)
        if target.exists():
            return target
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(target, content)
        except OSError as error:
            raise LibraryError(
                f"cannot keep a copy in {self.folder}: {error.strerror}; free space or change --home"
            ) from error
        return target

    def names(self) -> set[str]:
        """File names in the folder, temporary ones left out."""
        if not self.folder.is_dir():
            return set()
        return {entry.name for entry in os.scandir(self.folder) if not entry.name.startswith(_TEMPORARY)}

    def remove(self, names: Collection[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def remove_unreferenced(self, referenced: Collection[str]) -> int:
        """Deletes what nothing refers to, left-over temporary files included; returns how many.

        Call it only while no other process ingests: a file is stored shortly before it is referred to.
        """
        if not self.folder.is_dir():
            return 0
        orphans = [entry.name for entry in os.scandir(self.folder) if entry.name not in referenced]
        self.remove(orphans)
        return len(orphans)


def write_atomically(target: Path, content: bytes) -> None:
    """Afterwards `target` holds `content`; if interrupted, it holds what it held before. Raises OSError."""
    handle, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
