"""Downloads: `Fetcher(folder).fetch(url) -> Fetched`; safe from SSRF, bounded, resumable, polite.

- http and https only; every hop of a redirect is resolved, checked (`ingest.addresses`) and connected to by
  the checked address, with the host's name in the Host header and in TLS. Proxies of the environment are
  not used: they would resolve names on their own.
- A size limit, a limit on the whole time, a few redirects.
- What was downloaded is kept with its ETag and asked for again by conditional request; what broke off goes
  on where it stopped (Range with If-Range).
- One request at a time, a pause between requests to a host, `Retry-After` obeyed, a user agent that says
  who asks.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from threading import Lock

import httpx

from ingest.addresses import IsAllowed, checked_addresses, is_public
from ingest.errors import FetchError
from ingest.formats import is_supported
from ingest.limits import MEBIBYTE
from ingest.originals import write_atomically

USER_AGENT = "lectern/0.1 (downloads single documents for reading; no crawler)"
_PAUSE_SECONDS = {"arxiv.org": 3.0, "export.arxiv.org": 3.0}  # https://info.arxiv.org/help/api/tou.html
_DEFAULT_PAUSE_SECONDS = 1.0
_MAX_REDIRECTS = 5
_MAX_TRIES = 4
_MAX_WAIT_SECONDS = 120.0
_RETRIED = (429, 500, 502, 503, 504)
_SUFFIXES = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/markdown": ".md",
    "application/x-ipynb+json": ".ipynb",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A finished download. file_name: its suffix says what it is. is_new: not the copy from before."""

    url: str
    path: Path
    file_name: str
    is_new: bool

    def read(self) -> tuple[bytes, str]:
        """The bytes and the file name."""
        return self.path.read_bytes(), self.file_name


@dataclass(frozen=True, slots=True)
class _Record:
    """What is known about a (partial) download, kept beside it as JSON; the validators are the server's."""

    url: str
    file_name: str
    etag: str
    last_modified: str

    @property
    def for_ranges(self) -> str:
        """What `If-Range` may say (RFC 9110, 13.1.5): a strong ETag, else the date; "" if there is neither."""
        return self.last_modified if not self.etag or self.etag.startswith("W/") else self.etag


class Fetcher:
    """Downloads into `folder`, which is made at the first download. May be shared between threads.

    max_bytes: of one file. seconds: for one file, retries not counted. is_allowed: which addresses may be
    reached. pause_seconds: between requests, by host. certificates: whom to trust, by default the usual
    authorities.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 100 * MEBIBYTE,
        seconds: float = 300.0,
        is_allowed: IsAllowed = is_public,
        sleep: Callable[[float], None] = time.sleep,
        pause_seconds: Mapping[str, float] | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self.folder = folder
        self._max_bytes, self._seconds = max_bytes, seconds
        self._is_allowed, self._sleep = is_allowed, sleep
        self._pauses = _PAUSE_SECONDS if pause_seconds is None else pause_seconds
        self._verify = True if certificates is None else certificates
        self._next_request: dict[str, float] = {}
        self._lock = Lock()

    def fetch(self, url: str) -> Fetched:
        """Downloads `url` unless the copy from before is current. Raises FetchError, AddressRefused."""
        with self._lock:  # one request at a time is part of being polite
            self._make_folder()
            for attempt in range(_MAX_TRIES):
                try:
                    return self._attempt(url)
                except _TryLater as later:
                    if attempt + 1 == _MAX_TRIES or later.seconds > _MAX_WAIT_SECONDS:
                        raise FetchError(f"{url}: {later}; try again later, what was read is kept") from later
                    self._sleep(max(later.seconds, 2.0**attempt))
            raise AssertionError("the loop returns or raises")

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FetchError(f"cannot make {self.folder}: {error.strerror}; choose another --home") from error

    def _attempt(self, url: str) -> Fetched:
        key = hashlib.sha256(url.encode()).hexdigest()[:24]
        whole, part = self.folder / f"{key}.whole", self.folder / f"{key}.part"
        record, started = _read_record(whole), _read_record(part)
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if started is not None:
            headers["Range"] = f"bytes={part.stat().st_size}-"
            headers["If-Range"] = started.for_ranges
        elif record is not None:
            headers |= {"If-None-Match": record.etag} if record.etag else {}
            headers |= {"If-Modified-Since": record.last_modified} if record.last_modified else {}
        try:
            with self._following(url, headers) as response:
                if response.status_code == 304 and record is not None:
                    return Fetched(url, whole, record.file_name, is_new=False)
                if response.status_code == 416:
                    part.unlink(missing_ok=True)
                    raise _TryLater("the part read before no longer fits")
                _require_success(url, response)
                new = _record_of(url, response)
                self._receive(url, response, part, new)
        except httpx.HTTPError as error:
            raise _TryLater(f"the connection failed ({type(error).__name__})") from error
        except OSError as error:
            raise FetchError(
                f"{url}: cannot be written to {self.folder} ({error.strerror}); free some space"
            ) from error
        new = _with_right_suffix(new, part)
        # In this order, so that after a kill the file and its record never contradict each other.
        _record_path(whole).unlink(missing_ok=True)
        part.replace(whole)
        write_atomically(_record_path(whole), json.dumps(asdict(new)).encode())
        _record_path(part).unlink(missing_ok=True)
        return Fetched(url, whole, new.file_name, is_new=True)

    @contextmanager
    def _following(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """The response at the end of the redirects; each hop is checked like the first."""
        with ExitStack() as stack:
            for _ in range(_MAX_REDIRECTS + 1):
                response = stack.enter_context(self._request(url, headers))
                if not response.has_redirect_location:
                    yield response
                    return
                url = str(httpx.URL(url).join(response.headers["location"]))
                stack.close()
        raise FetchError(f"{url}: more than {_MAX_REDIRECTS} redirects; open it in a browser and save the page")

    @contextmanager
    def _request(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """One request to the checked address of the URL's host, without following redirects."""
        target = _parsed_url(url)
        port = target.port or (443 if target.scheme == "https" else 80)
        addresses = checked_addresses(target.host, port, self._is_allowed)
        self._pause(target.host)
        with httpx.Client(verify=self._verify, timeout=30.0, trust_env=False) as client:
            for address in addresses:
                request = client.build_request(
                    "GET",
                    target.copy_with(host=address),
                    headers=headers | {"Host": target.netloc.decode("ascii")},
                    extensions={"sni_hostname": target.host},  # the certificate must be the host's
                )
                try:
                    response = client.send(request, stream=True)
                    break
                except httpx.ConnectError:
                    if address == addresses[-1]:
                        raise
            try:
                yield response
            finally:
                response.close()

    def _pause(self, host: str) -> None:
        wait = self._next_request.get(host, 0.0) - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next_request[host] = time.monotonic() + self._pauses.get(host, _DEFAULT_PAUSE_SECONDS)

    def _receive(self, url: str, response: httpx.Response, part: Path, record: _Record) -> None:
        """Writes the body to `part`, after what is there if the server goes on from that point."""
        held = part.stat().st_size if part.exists() else 0
        goes_on = response.status_code == 206 and response.headers.get("content-range", "").startswith(f"bytes {held}-")
        if response.status_code == 206 and not goes_on:
            part.unlink(missing_ok=True)
            raise _TryLater("the server sent another part than the one asked for")
        size = held if goes_on else 0
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and size + int(announced) > self._max_bytes:
            raise self._too_large(url)
        # Without a validator a half file could be continued with half of another one, and bytes that were
        # packed for the way cannot be counted: such a part is not continued.
        if record.for_ranges and "content-encoding" not in response.headers:
            write_atomically(_record_path(part), json.dumps(asdict(record)).encode())
        else:
            _record_path(part).unlink(missing_ok=True)
        until = time.monotonic() + self._seconds
        with part.open("ab" if goes_on else "wb") as file:
            for piece in response.iter_bytes():
                size += len(piece)
                if size > self._max_bytes:
                    part.unlink()
                    raise self._too_large(url)
                if time.monotonic() > until:
                    raise FetchError(f"{url}: not finished in {self._seconds:.0f} s; run it again to go on from there")
                file.write(piece)

    def _too_large(self, url: str) -> FetchError:
        return FetchError(
            f"{url}: larger than {self._max_bytes // MEBIBYTE} MiB, the limit; download what you need of it"
        )


class _TryLater(Exception):
    """A failure that may pass. seconds: how long the server asks to wait."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


def is_url(source: str) -> bool:
    """Whether a source is to be fetched: anything with a scheme of the form `word://`."""
    scheme, separator, _ = source.partition("://")
    return bool(separator) and scheme.replace("+", "").isalnum()


def _parsed_url(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
        host = target.host
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise FetchError(f"{url[:200]}: not a URL; check it") from error
    if target.scheme not in ("http", "https") or not host:
        raise FetchError(f"{url[:200]}: only http:// and https:// addresses can be fetched")
    if target.userinfo:
        raise FetchError(
            f"{target.host}: a URL with a user name or password is not fetched; download the file yourself"
        )
    return target


def _require_success(url: str, response: httpx.Response) -> None:
    if response.status_code in (200, 206):
        return
    if response.status_code in _RETRIED:
        raise _TryLater(f"the server answers {response.status_code}", _seconds_asked(response.headers))
    advice = {
        401: "it needs a login",
        403: "the server refuses programs",
        404: "there is nothing there",
        410: "it is gone",
    }
    reason = advice.get(response.status_code, "check the address")
    raise FetchError(f"{url}: the server answers {response.status_code}; {reason}")


def _seconds_asked(headers: httpx.Headers) -> float:
    """`Retry-After` in seconds; a date there, which is rare, counts as half a minute."""
    value = headers.get("retry-after", "0").strip()
    return float(value) if value.isdigit() else 30.0


def _record_of(url: str, response: httpx.Response) -> _Record:
    return _Record(
        url=url,
        file_name=_file_name(url, response.headers.get("content-type", "")),
        etag=response.headers.get("etag", ""),
        last_modified=response.headers.get("last-modified", ""),
    )


def _file_name(url: str, content_type: str) -> str:
    """The last part of the URL's path with a suffix that fits the content type.

    Servers call Markdown and notebooks text/plain and PDFs octet-stream, so a suffix that we can read wins
    over those.
    """
    path = PurePosixPath(httpx.URL(url).path)
    name = path.name or "index"
    kind = content_type.partition(";")[0].strip().lower()
    suffix = _SUFFIXES.get(kind)
    if suffix is None and (is_supported(name) or path.suffix == ".zip"):
        return name
    suffix = suffix or (".txt" if kind.startswith("text/") else ".bin")
    return name if name.lower().endswith(suffix) else name + suffix


def _with_right_suffix(record: _Record, path: Path) -> _Record:
    """Whatever the server says it is, a file that begins like a PDF is one."""
    with path.open("rb") as file:
        is_pdf = file.read(5) == b"%PDF-"
    if not is_pdf or record.file_name.lower().endswith(".pdf"):
        return record
    return _Record(record.url, record.file_name + ".pdf", record.etag, record.last_modified)


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read_record(path: Path) -> _Record | None:
    """The record beside a download, None unless both are there and sound."""
    if not path.is_file():
        return None
    try:
        return _Record(**json.loads(_record_path(path).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
