"""Errors of the wiring, one root to catch:

ApiError
├── ConfigError      a setting that does not exist or cannot be
├── QuestionError    a question that cannot be asked: empty, or longer than the models read
├── RequestError     an option of one request that cannot be
├── OutsideError     a model from outside that does not answer, in an experiment
└── HomeError        the home folder cannot be used: read-only, not a folder, no space left

Each message is one line that says what to do; the command line prints it as it is, HTTP puts it into
`detail`.
"""

from __future__ import annotations

import errno


class ApiError(Exception):
    """Root of what `api` raises."""


class ConfigError(ApiError):
    """A setting that does not exist or has a value that cannot be."""


class QuestionError(ApiError):
    """A question that cannot be asked."""


class RequestError(ApiError):
    """An option of one request that cannot be."""


class OutsideError(ApiError):
    """A model from outside cannot be reached, loaded or understood."""


class HomeError(ApiError):
    """The home folder cannot be used."""


def project_error(error: BaseException) -> bool:
    """Whether `error` is one of the project's own, whose message may be shown as it is.

    The roots of the other folders are imported here and not above, so that `lectern --help` stays quick.
    """
    from corpus.records import CorpusError
    from generator.errors import GeneratorError
    from ingest.errors import IngestError
    from retrieval.errors import RetrievalError

    return isinstance(error, ApiError | IngestError | RetrievalError | GeneratorError | CorpusError)


def system_message(error: OSError) -> str:
    """What the operating system refused, in one line that says what to do."""
    where = f" ({error.filename})" if error.filename else ""
    known = {
        errno.ENOSPC: f"the disk is full{where}: free some space, or choose another --home",
        errno.EDQUOT: f"the disk quota is used up{where}: free some space, or choose another --home",
        errno.EROFS: f"the file system is read-only{where}: choose another --home",
        errno.EACCES: f"permission denied{where}: choose another --home, or change the permissions",
        errno.EPERM: f"operation not permitted{where}: choose another --home, or change the permissions",
        errno.EMFILE: "too many open files: raise the limit with `ulimit -n 4096`",
    }
    return known.get(error.errno or 0, f"{error.strerror or error}{where}")
