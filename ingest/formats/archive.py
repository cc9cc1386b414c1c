"""ZIP-based formats: what an archive claims to hold is checked before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

from ingest.errors import Encrypted, LimitExceeded, ParseError
from ingest.limits import MEBIBYTE, Limits

_MAX_MEMBERS = 20_000
_ENCRYPTED_FLAG = 1


def open_archive(content: bytes, name: str, limits: Limits) -> zipfile.ZipFile:
    """The archive, if all its members together stay within `limits.unpacked_bytes`.

    Reading a member never yields more than its declared size (zipfile stops there), so the sum of declared
    sizes bounds what a bomb can unpack to. Raises ParseError, Encrypted or LimitExceeded.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ParseError(f"{name}: damaged ({error}); save or download it again") from error
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > limits.unpacked_bytes or len(members) > _MAX_MEMBERS:
        raise LimitExceeded(
            f"{name}: unpacks to {size // MEBIBYTE} MiB in {len(members)} files;"
            f" the limit is {limits.unpacked_bytes // MEBIBYTE} MiB"
        )
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise Encrypted(f"{name}: protected by a password; save a copy without one")
    return archive
