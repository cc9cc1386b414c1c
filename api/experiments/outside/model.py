"""A model from outside, as an experiment names it: behind an OpenAI-compatible endpoint, or from Hugging Face by name.

    [generators.large]                     # an arm takes it by generator = "large"; [judge] has the same keys
    kind = "endpoint"
    base_url = "https://api.example.org/v1"
    model = "large-2026"
    key_env = "EXAMPLE_KEY"                # the environment variable that holds the key; left out: no key is sent
    timeout = 60.0                         # seconds for one reply
    max_tokens = 400                       # of a reply, above 0
    fixed_temperature = false              # true: the server takes no temperature, so none is sent

    [generators.small]
    kind = "huggingface"
    model = "org/name"                     # or a folder
    revision = "main"                      # a commit, so that others get the same weights
    device = "cpu"                         # or cuda

The key itself stands in no file: not here, not in a report, not in what is kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["endpoint", "huggingface"]

MAX_TOKENS, MAX_SECONDS = 100_000, 3_600.0
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_ENDPOINTS = {"base_url", "key_env", "timeout", "fixed_temperature"}
_OF_HUGGING_FACE = {"revision", "device"}


@dataclass(frozen=True, slots=True)
class OutsideModel:
    """The table above; `amiss` says what cannot be in it."""

    kind: Kind
    model: str
    base_url: str | None = None
    key_env: str | None = None
    timeout: float = 60.0
    max_tokens: int = 400
    fixed_temperature: bool = False
    revision: str | None = None
    device: str | None = None

    def amiss(self) -> tuple[str, str] | None:
        """(key, what is wrong with it); None where nothing is. Never shows what might be a key."""
        turned = {
            field.name for field in dataclasses.fields(self)
            if field.default is not dataclasses.MISSING and getattr(self, field.name) != field.default
        }  # fmt: skip
        for name in sorted(turned & (_OF_HUGGING_FACE if self.kind == "endpoint" else _OF_ENDPOINTS)):
            return name, f"kind {self.kind} does not depend on {name}: take it out"
        if not self.model.strip():
            return "model", "model is empty: give its name"
        if not 0 < self.timeout <= MAX_SECONDS:
            return "timeout", f"timeout must be above 0 and at most {MAX_SECONDS:.0f} seconds, not {self.timeout}"
        if not 1 <= self.max_tokens <= MAX_TOKENS:
            return "max_tokens", f"max_tokens must be 1 to {MAX_TOKENS}, not {self.max_tokens}"
        if self.device is not None and self.device.split(":")[0] not in ("cpu", "cuda"):
            return "device", f"device must be cpu or cuda, not {self.device!r}"
        if self.kind == "huggingface":
            return None
        if self.key_env is not None and not _VARIABLE.fullmatch(self.key_env):
            return "key_env", "key_env is the name of the environment variable that holds the key, not the key"
        fault = _fault_of_url(self.base_url or "", keyed=self.key_env is not None)
        return None if fault is None else ("base_url", fault)

    @property
    def address(self) -> str:
        """`base_url` without a slash at its end; empty for Hugging Face."""
        return (self.base_url or "").rstrip("/")

    def facts(self) -> dict[str, Any]:
        """What can change a reply, as plain values; a folder by what lies in it."""
        found: dict[str, Any] = {"kind": self.kind, "model": self.model, "max_tokens": self.max_tokens}
        if self.kind == "endpoint":
            return found | {"base_url": self.address, "fixed_temperature": self.fixed_temperature}
        folder = Path(self.model)
        if folder.is_dir():
            found |= {"model": folder.resolve().name, "files": _digest_of(folder)}
        return found | {"revision": self.revision}

    def shown(self) -> dict[str, Any]:
        """The same for a report: without what lies where on this machine, without what was left out."""
        return {key: value for key, value in self.facts().items() if value not in (None, False)}


def _fault_of_url(url: str, *, keyed: bool) -> str | None:
    """What is wrong with a base URL, if anything."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or any(c.isspace() for c in url):
        return "base_url must be an address such as https://api.example.org/v1"
    if "@" in parts.netloc:
        return "base_url holds a name or password: put the key into the environment and its variable into key_env"
    if parts.query or parts.fragment:
        return "base_url ends with its path: take out what follows ? or #"
    if keyed and parts.scheme == "http" and not _is_near(host):
        return "the key would travel unencrypted: use https"
    return None


def _is_near(host: str) -> bool:
    """Whether the host is this machine or has an address of a private network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"


def _digest_of(folder: Path) -> str:
    """16 hex digits over names, sizes and times of the files in a folder: weights are too large to read for a key."""
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    return hashlib.sha256(repr(files).encode("utf-8", "surrogatepass")).hexdigest()[:16]
