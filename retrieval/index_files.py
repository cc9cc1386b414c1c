"""The index on disk: data files named by their content, and a manifest that says which belong together.

    <home>/index/
      manifest.json           format, library generation, encoder, counts; name and SHA-256 of each file below
      chunks-<hash>.tsv       one line per chunk: id, FAISS key, language, SHA-256 of what was indexed
      bm25-<hash>.npz         postings
      dense-<hash>.faiss      vectors
      embeddings.sqlite3      vectors and codes of tokens computed so far (retrieval/embedding_cache.py), not part of
                              the index
      writing.lock            held while one process changes the index

A change writes new data files beside the old ones, forces them to disk, and then puts the new manifest in the
place of the old one in a single step: killed at any moment there is the old index or the new one. Readers
need no lock. They read the manifest, then the files it names; if a writer has just removed those, they read
the manifest again.

Every file is compared with its hash before it is parsed: FAISS loads a flipped byte without a word.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from retrieval.errors import IndexDamaged, IndexMissing, IndexOutdated

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
LOCK = "writing.lock"
SUFFIXES = {"chunks": ".tsv", "bm25": ".npz", "dense": ".faiss"}
_TEMPORARY = ".writing-"

# Modification time in nanoseconds, inode, bytes: no two manifests in one place have the same.
FileStamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A data file: its name in the index folder, its SHA-256, its size in bytes."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made from, and its files by role (the keys of `SUFFIXES`).

    generation, library: the library's counter and a digest of its list of documents. encoder, fingerprint,
    dimension: the embedder. analysis: version of the BM25 terms. chunks: N.
    """

    generation: int
    library: str
    encoder: str
    fingerprint: str
    dimension: int
    analysis: int
    chunks: int
    files: dict[str, IndexFile]
    format: int = FORMAT_VERSION


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the index in `folder`. Raises IndexMissing, IndexOutdated, IndexDamaged."""
    path = folder / MANIFEST
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields["format"] != FORMAT_VERSION:
            raise IndexOutdated(f"{folder} has index format {fields['format']}; run: lectern reindex")
        files = {role: IndexFile(**file) for role, file in fields.pop("files").items()}
        if files.keys() != SUFFIXES.keys():
            raise IndexDamaged(f"{path} does not name its files; run: lectern reindex")
        return Manifest(**fields, files=files)
    except FileNotFoundError:
        raise _missing(folder) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(f"{path} cannot be read; run: lectern reindex") from error


def stamp(folder: Path) -> FileStamp:
    """What tells this manifest from the next one without reading it. Raises IndexMissing."""
    try:
        status = (folder / MANIFEST).stat()
    except FileNotFoundError:
        raise _missing(folder) from None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _missing(folder: Path) -> IndexMissing:
    return IndexMissing(f"no index in {folder}; run: lectern reindex")


def checked_path(folder: Path, file: IndexFile) -> Path:
    """Path of a data file, its hash checked. Raises IndexDamaged; FileNotFoundError if the file is gone."""
    path = folder / file.name
    if sha256_of(path) != file.sha256:
        raise IndexDamaged(f"{path} differs from its recorded hash; run: lectern reindex")
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_data_files(folder: Path, writers: Mapping[str, Callable[[Path], None]]) -> dict[str, IndexFile]:
    """Write one file per role by its writer, each forced to disk and named by its content."""
    files = {}
    for role, write in writers.items():
        temporary = folder / f"{_TEMPORARY}{role}{SUFFIXES[role]}"
        write(temporary)
        _force_to_disk(temporary)
        sha256 = sha256_of(temporary)
        name = f"{role}-{sha256[:16]}{SUFFIXES[role]}"
        files[role] = IndexFile(name, sha256, temporary.stat().st_size)
        temporary.replace(folder / name)
    return files


def publish(folder: Path, manifest: Manifest) -> None:
    """Make `manifest` the index, in one step, and remove the files of the one before."""
    temporary = folder / f"{_TEMPORARY}{MANIFEST}"
    temporary.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    _force_to_disk(temporary)
    _force_to_disk(folder)  # the names of the data files, before the manifest that needs them
    temporary.replace(folder / MANIFEST)
    _force_to_disk(folder)
    remove_leftovers(folder, manifest)


def remove_leftovers(folder: Path, manifest: Manifest) -> None:
    """Delete what `leftovers` names, as far as the system lets us; only for who holds the lock."""
    for path in leftovers(folder, manifest):
        with contextlib.suppress(OSError):
            path.unlink()


def leftovers(folder: Path, manifest: Manifest) -> list[Path]:
    """Data and temporary files in `folder` that `manifest` does not name: a killed writer's, or replaced."""
    named = {file.name for file in manifest.files.values()}
    return sorted(path for path in _data_files(folder) if path.name not in named)


def _data_files(folder: Path) -> Iterator[Path]:
    for role, suffix in SUFFIXES.items():
        yield from folder.glob(f"{role}-*{suffix}")
    yield from folder.glob(f"{_TEMPORARY}*")


def _force_to_disk(path: Path) -> None:
    """fsync of a file or of a folder's list of names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
