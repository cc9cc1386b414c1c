"""Who may talk to the server: Host, Origin and the API key are checked before anything else sees a request.

The server is on the same machine as a browser that also shows other people's pages. Three doors are closed
here:

- *DNS rebinding*: a page at evil.example lets its own name point to 127.0.0.1 and reads our answers as its
  own. Its requests still say `Host: evil.example`. A Host that is an IP address or `localhost` cannot be
  rebound; any other name has to be allowed with --allow-host.
- *Cross-site requests*: a page elsewhere posts a form to 127.0.0.1. Browsers say where a request comes
  from: an `Origin` other than this server, or `Sec-Fetch-Site: cross-site` on anything but a followed
  link, is refused. There is no CORS: no other origin ever reads a response.
- *Other machines*: they can connect only if --host was given, and then every request except for the page's
  own files, the health checks and reports by a ticket (api/http/tickets.py) needs the API key, compared in
  constant time.

Response headers say the same to the browser: the content security policy runs the server's own script
files and nothing else, so a document's text could not become code even if the page put it in as HTML (it
does not). `blob:` pictures are those that the scripts made of what they asked for with the key: pages of PDFs.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem import Problem

OPEN_PATHS = ("/", "/healthz", "/readyz", "/favicon.ico")
OPEN_PREFIX = "/page/"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may talk to the server. api_key: None where only this machine can connect. hosts: names besides
    localhost and IP addresses that may stand in the Host header.
    """

    api_key: str | None = None
    hosts: Collection[str] = ()

    def check(self, method: str, path: str, headers: Headers) -> None:
        """Raises Problem 400 or 421 (Host), 403 (Origin) or 401 (key)."""
        self._check_host(headers)
        self._check_origin(method, headers)
        if self.api_key is not None and path not in OPEN_PATHS and not path.startswith(OPEN_PREFIX):
            self._check_key(headers)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not (name := _host_name(hosts[0])):
            raise Problem(400, "exactly one Host header is needed")
        if not (name == "localhost" or _is_address(name) or name in {host.lower() for host in self.hosts}):
            raise Problem(
                421, f"this server does not answer for {name}: start it with --allow-host {name} if it should"
            )

    def _check_origin(self, method: str, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is not None and _origin_host(origin) != headers["host"].lower():
            raise Problem(403, "requests from pages of other origins are refused")
        site = headers.get("sec-fetch-site", "none")
        link = method in {"GET", "HEAD"} and headers.get("sec-fetch-mode") == "navigate"
        if site not in {"none", "same-origin"} and not (link and headers.get("sec-fetch-dest") == "document"):
            raise Problem(403, "requests from pages of other origins are refused")

    def _check_key(self, headers: Headers) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        if not hmac.compare_digest(_digest(given), _digest(self.api_key or "")):
            challenge = {"WWW-Authenticate": 'Bearer realm="lectern"'}
            raise Problem(401, "an API key is needed: send it as `Authorization: Bearer KEY`", challenge)


class Guard:
    """ASGI middleware: applies `Access` to every request and the security headers to every response."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            self.access.check(scope["method"], scope["path"], Headers(scope=scope))
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send_guarded)
        else:
            await self.app(scope, receive, send_guarded)


def _host_name(host: str) -> str:
    """The name in a Host header without the port: `[::1]:8000` -> `::1`; empty if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    return (parts.hostname or "").rstrip(".") if parts.netloc == host and "@" not in host else ""


def _origin_host(origin: str) -> str:
    """Host and port of an Origin header; empty if it has none, as `null` has not."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as `http://[`
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _digest(text: str) -> bytes:
    """Of equal length for every text, so that the comparison does not tell how long the key is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
