"""Which network addresses a URL may lead to: public ones only.

A server that fetches URLs for others can be made to fetch from inside its own network (SSRF, server-side
request forgery): cloud metadata at 169.254.169.254, a router, a database on localhost. A check of the
*name* is worthless, since any name may resolve to any address and to another one a moment later. So the
name is resolved once, every address is checked, and the connection is made to the checked address, never to
the name (`ingest.fetch`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from ingest.errors import AddressRefused, FetchError

Address = IPv4Address | IPv6Address
IsAllowed = Callable[[Address], bool]

# IPv6 prefixes that carry an IPv4 address in their last 32 bits: NAT64 (RFC 6052, RFC 8215), IPv4-compatible.
_EMBEDDING = [IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96")]


def is_public(address: Address) -> bool:
    """Whether the address is one of the open Internet: not private, loopback, shared, reserved, multicast.

    IPv6 addresses that only wrap an IPv4 address are judged by that.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and any(address in network for network in _EMBEDDING):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def checked_addresses(host: str, port: int, is_allowed: IsAllowed = is_public) -> list[str]:
    """The addresses of `host`, each of them allowed. Raises FetchError (none found) or AddressRefused.

    One forbidden address among several is enough to refuse: nobody honest publishes such a mixture.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{host}: no such host, or no network; check the address") from error
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        if not is_allowed(ip_address(address)):
            raise AddressRefused(f"{host}: leads to {address}, which is no public address; download the file yourself")
    return addresses
