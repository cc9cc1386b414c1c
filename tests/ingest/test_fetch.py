"""Downloads from a local server: addresses, redirects, limits, retries, resuming, TLS."""

from __future__ import annotations

import datetime
import gzip
import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ingest.addresses import Address, checked_addresses, is_public
from ingest.errors import AddressRefused, FetchError
from ingest.fetch import Fetcher
from tests.ingest.local_server import Reply, Server, running


def _is_loopback(address: Address) -> bool:
    """For tests only: the local server is all that may be reached."""
    return address.is_loopback


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def waits() -> list[float]:
    """What the fetcher would have slept."""
    return []


@pytest.fixture
def fetcher(tmp_path: Path, waits: list[float]) -> Fetcher:
    return Fetcher(tmp_path / "downloads", max_bytes=100_000, is_allowed=_is_loopback, sleep=waits.append)


def _always(reply: Reply) -> Callable[[dict[str, str]], Reply]:
    return lambda _headers: reply


# ---- addresses

_INSIDE = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
192.0.2.1 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
2002:7f00:1:: ::127.0.0.1 64:ff9b:1::a00:1
"""


@pytest.mark.parametrize(
    "address",
    _INSIDE.split(),
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_outside_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_one_forbidden_address_is_enough_to_refuse_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(0, 0, 0, "", ("93.184.216.34", 80)), (0, 0, 0, "", ("10.0.0.1", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_kwargs: answers)
    with pytest.raises(AddressRefused, match="10.0.0.1"):
        checked_addresses("rebinding.example", 80)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]", "0"]
)
def test_no_spelling_of_localhost_gets_through(tmp_path: Path, server: Server, host: str) -> None:
    port = server.url.rpartition(":")[2]
    with pytest.raises(FetchError):
        Fetcher(tmp_path).fetch(f"http://{host}:{port}/secret")
    assert server.requests == []


def test_a_redirect_inside_is_refused_like_a_direct_request(tmp_path: Path, server: Server) -> None:
    def only_the_first_hop(address: Address) -> bool:
        return address == ip_address("127.0.0.1")

    server.replies["/a"] = _always(Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}))
    with pytest.raises(AddressRefused, match="169.254.169.254"):
        Fetcher(tmp_path, is_allowed=only_the_first_hop).fetch(f"{server.url.replace('localhost', '127.0.0.1')}/a")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/a", "only http"),
        ("file:///etc/passwd", "only http"),
        ("http://", "only http"),
        ("http://user:hunter2@example.com/", "user name"),
        ("http://exa mple.com:99999999/", "not a URL|no such host"),
    ],
)
def test_other_urls_are_refused(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(FetchError, match=words) as caught:
        Fetcher(tmp_path).fetch(url)
    assert "hunter2" not in str(caught.value)


# ---- downloads


@pytest.mark.parametrize(
    ("path", "content_type", "body", "name"),
    [
        ("/paper", "application/pdf", b"%PDF-1.7", "paper.pdf"),
        ("/2405.06211", "application/octet-stream", b"%PDF-1.7", "2405.06211.bin.pdf"),
        ("/README.md", "text/plain; charset=utf-8", b"# x", "README.md"),
        ("/book.ipynb", "text/plain", b"{}", "book.ipynb"),
        ("/page?q=1", "text/html; charset=utf-8", b"<p>", "page.html"),
        ("/", "text/html", b"<p>", "index.html"),
        ("/zip/HEAD", "application/zip", b"PK", "HEAD.zip"),
        ("/notes", "text/plain", b"x", "notes.txt"),
    ],
)
def test_the_file_name_says_what_it_is(
    server: Server, fetcher: Fetcher, path: str, content_type: str, body: bytes, name: str
) -> None:
    server.replies[path] = _always(Reply(body=body, headers={"Content-Type": content_type}))
    fetched = fetcher.fetch(server.url + path)
    assert fetched.read() == (body, name) and fetched.is_new
    headers = server.requests[0][1]
    assert "lectern" in headers["user-agent"] and headers["host"] == server.url.partition("//")[2]


def test_redirects_are_followed_but_not_for_ever(server: Server, fetcher: Fetcher) -> None:
    server.replies["/a"] = _always(Reply(301, headers={"Location": "/b"}))
    server.replies["/b"] = _always(Reply(body=b"here"))
    assert fetcher.fetch(f"{server.url}/a").read()[0] == b"here"
    server.replies["/loop"] = _always(Reply(302, headers={"Location": "/loop"}))
    with pytest.raises(FetchError, match="redirects"):
        fetcher.fetch(f"{server.url}/loop")


@pytest.mark.parametrize("announced", [True, False])
def test_large_bodies_are_refused_announced_or_not(server: Server, fetcher: Fetcher, announced: bool) -> None:
    headers = {} if announced else {"Content-Length": "99999"}
    body = b"x" * 200_000
    reply = (
        Reply(body=body, headers=headers) if announced else Reply(body=b"", headers={"Transfer-Encoding": "chunked"})
    )
    if not announced:
        reply = Reply(body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), headers={"Transfer-Encoding": "chunked"})
    server.replies["/big"] = _always(reply)
    with pytest.raises(FetchError, match="larger than"):
        fetcher.fetch(f"{server.url}/big")


@pytest.mark.parametrize(("status", "words"), [(404, "nothing there"), (403, "refuses"), (401, "login"), (418, "418")])
def test_refusals_are_final_and_clear(server: Server, fetcher: Fetcher, status: int, words: str) -> None:
    server.replies["/a"] = _always(Reply(status))
    with pytest.raises(FetchError, match=words):
        fetcher.fetch(f"{server.url}/a")
    assert len(server.requests) == 1


def test_retry_after_is_obeyed(server: Server, fetcher: Fetcher, waits: list[float]) -> None:
    replies = iter([Reply(429, headers={"Retry-After": "7"}), Reply(503), Reply(body=b"at last")])
    server.replies["/a"] = lambda _headers: next(replies)
    assert fetcher.fetch(f"{server.url}/a").read()[0] == b"at last"
    assert 7.0 in waits


def test_a_server_that_asks_for_an_hour_is_not_waited_for(server: Server, fetcher: Fetcher, waits: list[float]) -> None:
    server.replies["/a"] = _always(Reply(429, headers={"Retry-After": "3600"}))
    with pytest.raises(FetchError, match="try again later"):
        fetcher.fetch(f"{server.url}/a")
    assert 3600.0 not in waits


def test_there_is_a_pause_between_requests_to_a_host(server: Server, fetcher: Fetcher, waits: list[float]) -> None:
    server.replies["/a"] = _always(Reply(body=b"a"))
    server.replies["/b"] = _always(Reply(body=b"b"))
    fetcher.fetch(f"{server.url}/a")
    assert waits == []
    fetcher.fetch(f"{server.url}/b")
    assert len(waits) == 1 and 0 < waits[0] <= 1.0


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"'])
def test_an_unchanged_download_is_not_sent_again(server: Server, fetcher: Fetcher, etag: str) -> None:
    def reply(headers: dict[str, str]) -> Reply:
        if headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(body=b"content", headers={"ETag": etag})

    server.replies["/a"] = reply
    first, second = fetcher.fetch(f"{server.url}/a"), fetcher.fetch(f"{server.url}/a")
    assert first.is_new and not second.is_new and first.read() == second.read()
    server.replies["/a"] = _always(Reply(body=b"changed", headers={"ETag": '"v2"'}))
    assert fetcher.fetch(f"{server.url}/a").read()[0] == b"changed"


def _resumable(body: bytes, etag: str) -> Callable[[dict[str, str]], Reply]:
    """A server of `body` that understands ranges; the first request breaks off in the middle."""
    broken = [True]

    def reply(headers: dict[str, str]) -> Reply:
        if "range" in headers and headers.get("if-range") == etag:
            start = int(headers["range"].removeprefix("bytes=").rstrip("-"))
            content_range = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return Reply(206, body[start:], {"ETag": etag, "Content-Range": content_range})
        cut = len(body) // 2 if broken and broken.pop() else None
        return Reply(200, body, {"ETag": etag}, cut_after=cut)

    return reply


def test_a_broken_download_goes_on_where_it_stopped(server: Server, fetcher: Fetcher) -> None:
    body = bytes(range(256)) * 300
    server.replies["/a"] = _resumable(body, '"v1"')
    assert fetcher.fetch(f"{server.url}/a").read()[0] == body
    assert [("range" in headers) for _, headers in server.requests] == [False, True]


def test_a_stopped_program_goes_on_where_it_stopped_and_a_changed_file_starts_anew(
    server: Server, fetcher: Fetcher, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 300
    reply = _resumable(body, '"v1"')
    server.replies["/a"] = lambda headers: reply(headers) if len(server.requests) == 1 else Reply(404)
    with pytest.raises(FetchError):
        fetcher.fetch(f"{server.url}/a")
    server.replies["/a"] = _resumable(b"new" * 100, '"v2"')
    server.replies["/a"]({})  # uses up the break
    again = Fetcher(tmp_path / "downloads", is_allowed=_is_loopback, sleep=lambda _seconds: None)
    assert again.fetch(f"{server.url}/a").read()[0] == b"new" * 100
    assert "range" in server.requests[-1][1]


def test_a_part_that_cannot_be_checked_is_not_continued(server: Server, fetcher: Fetcher) -> None:
    replies = iter([Reply(body=b"first version, long", cut_after=5), Reply(body=b"second")])
    server.replies["/a"] = lambda _headers: next(replies)  # no ETag, no date
    assert fetcher.fetch(f"{server.url}/a").read()[0] == b"second"
    assert all("range" not in headers for _, headers in server.requests)


def test_packed_bodies_are_unpacked_and_held_to_the_limit(server: Server, fetcher: Fetcher) -> None:
    packed = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    server.replies["/a.txt"] = _always(Reply(body=gzip.compress(b"some text"), headers=packed))
    assert fetcher.fetch(f"{server.url}/a.txt").read()[0] == b"some text"
    server.replies["/bomb"] = _always(Reply(body=gzip.compress(bytes(10_000_000)), headers=packed))
    with pytest.raises(FetchError, match="larger than"):
        fetcher.fetch(f"{server.url}/bomb")
    assert not list(fetcher.folder.glob("*.part"))


def test_nobody_there_is_an_error_after_some_tries(fetcher: Fetcher, waits: list[float]) -> None:
    with running() as gone:
        url = gone.url
    with pytest.raises(FetchError, match="connection failed"):
        fetcher.fetch(f"{url}/a")
    assert len(waits) >= 3


# ---- TLS


def _self_signed(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server called `name` and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = serialization.PrivateFormat.PKCS8
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())


@pytest.mark.parametrize(("name", "is_right"), [("localhost", True), ("other.example", False)])
def test_the_certificate_must_be_the_hosts_though_we_connect_by_address(
    tmp_path: Path, name: str, is_right: bool
) -> None:
    serving, trusting = _self_signed(name, tmp_path)
    with running(serving) as server:
        server.replies["/a"] = _always(Reply(body=b"secure"))
        fetcher = Fetcher(tmp_path / "d", is_allowed=_is_loopback, sleep=lambda _seconds: None, certificates=trusting)
        if is_right:
            assert fetcher.fetch(f"{server.url}/a").read()[0] == b"secure"
        else:
            with pytest.raises(FetchError, match="connection failed"):
                fetcher.fetch(f"{server.url}/a")
            assert server.requests == []
