"""Fetching from addresses that people type in, without becoming anybody's way into private networks (SSRF).

1. http and https only, no credentials in the address, nothing but visible ASCII (CVE-2023-24329). 2. The name is resolved
once, every address it has is checked, and the connection goes to the very address that was checked: a name that changes
its answer meanwhile (rebinding) gains nothing. 3. Only global addresses pass, in whatever spelling, including those that
carry another inside (IPv4-mapped, 6to4, NAT64, Teredo); a private network only if the administrator names it.
4. Redirects are not followed: a TAXII server has no need to, and every hop would be another decision.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpcore2
import httpx2

from commonwatch.core.errors import InvalidInput, PeerError

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Iterable[str]]

TIMEOUT_SECONDS = 60.0
CONNECT_SECONDS = 10.0
KEEP_SECONDS = 30.0  # an unused connection; servers and proxies close theirs after a minute or more
_NAT64 = ip_network("64:ff9b::/96")
# Special-purpose networks of the IANA registries that older Pythons take for global (CVE-2024-4032).
_NOT_GLOBAL = [ip_network(text) for text in ("192.0.0.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")]


def system_resolver(host: str, port: int) -> list[str]:
    """Every address of a name, in the operating system's order."""
    return list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def check_url(url: str) -> str:
    """The address as it will be used; raises InvalidInput naming what is wrong with it."""
    if not url.isascii() or any(char <= " " or char == "\x7f" for char in url):
        raise InvalidInput("url-characters", "The address has blanks or other odd characters.", "Type it without.")
    try:
        parts = urlsplit(url)
        _ = parts.port
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        raise InvalidInput(
            "url-host", f"{url} has no readable host or port.", "Write https://host:8443/path/."
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("url-scheme", f"{url} is no http or https address.", "Write https://host/path/.")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("url-credentials", "The address holds credentials.", "Give --username and --secret-file.")
    return url


def checked_address(host: str, port: int, allowed: Sequence[str], resolve: Resolver) -> str:
    """The address to connect to; raises PeerError where any address of the name is not allowed.

    All must pass, not one: a name with a public and a private address is the opening move of a rebinding attack.
    """
    try:
        found = list(resolve(host, port))
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise PeerError("host-unknown", f"{host} has no address.", "Check the name, and this node's DNS.", retry=True)
    networks = [ip_network(network) for network in allowed]
    for text in found:
        address = ip_address(text.partition("%")[0])
        if any(address in network for network in networks):
            continue
        if not all(_is_public(one) for one in _layers(address)):
            raise PeerError(
                "address-refused",
                f"{host} is at {address}, which is not a public address.",
                "If that is meant, let the administrator name its network in outbound_networks.",
                retry=False,
            )
    return found[0]


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_GLOBAL)


def _layers(address: Address) -> list[Address]:
    """The address and those hidden in it."""
    found: list[Address] = [address]
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
        found += [one for one in inner if one is not None]
        if any(one is not None for one in inner):
            found.remove(address)  # judged by what it carries
    return found


class _Pinned(httpcore2.NetworkBackend):
    """Opens connections only to checked addresses."""

    def __init__(self, allowed: Sequence[str], resolve: Resolver) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        address = checked_address(host, port, self._allowed, self._resolve)
        return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        self._plain.sleep(seconds)


def client(
    allowed: Sequence[str], resolve: Resolver = system_resolver, tls: ssl.SSLContext | None = None
) -> httpx2.Client:
    """An HTTP client that keeps the rules above. Environment proxies are not used: they would undo them.

    `tls`: whom to believe and what certificate to show; without one the public authorities, and none.
    """
    transport = httpx2.HTTPTransport(retries=0, trust_env=False)
    transport._pool = httpcore2.ConnectionPool(  # the library offers no other way to give its pool a network backend
        ssl_context=tls or httpx2.create_ssl_context(),
        max_connections=4,
        keepalive_expiry=KEEP_SECONDS,
        network_backend=_Pinned(allowed, resolve),
    )
    return httpx2.Client(
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
    )
