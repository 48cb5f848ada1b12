"""Whether a value is known to be benign or shared, and what that does. Pure: keys to look up, and what a find means.

1. A listed value is a value that the list names itself (`www.` before a name says nothing). A name below a listed name is
   another one: where many have names below it (`shared`), that is only worth saying, for evil.github.io is not benign
   because github.io is; else, where the list means names with all below them (form hostname), it is good reason for doubt.
2. An address inside a listed network has the list's effect; of lists of shared networks (clouds, content delivery) that is to
   lower, for malicious hosts live there too.
3. A wildcard entry (`.example.org`) lists example.org itself.
4. Special-purpose addresses (RFC 6890: private, loopback, documentation, multicast ...) and digests of nothing are facts
   that no list is needed for.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from hashlib import new
from typing import Literal, TypeAlias

import msgspec

from commonwatch.core.patterns.values import Kind

Effect: TypeAlias = Literal["suppress", "doubt", "lower", "inform"]
How: TypeAlias = Literal["listed", "below", "inside", "on"]
_STRENGTH = {"suppress": 3, "doubt": 2, "lower": 1, "inform": 0}
NAMES = frozenset({Kind.HOST, Kind.DOMAIN})
DIGESTS = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256, Kind.SHA512})
_EMPTY = {
    Kind.MD5: new("md5", b"", usedforsecurity=False).hexdigest(),
    Kind.SHA1: new("sha1", b"", usedforsecurity=False).hexdigest(),
    Kind.SHA256: new("sha256", b"").hexdigest(),
    Kind.SHA512: new("sha512", b"").hexdigest(),
}
# The import of mscoree.dll's _CorExeMain alone: the import hash of nearly every program written for .NET.
_DOTNET_IMPHASH = "f34d5f2d4577ed6d9ceec516c1f5a744"


class Found(msgspec.Struct, frozen=True, order=True):
    """A value met a list. `how`: listed, below (a listed name), inside (a listed network), on (a listed host)."""

    effect: Effect
    by: str
    how: How = "listed"

    @property
    def sentence(self) -> str:
        """For the alert's reasons."""
        return {
            "listed": f"{self.by} lists it",
            "below": f"a name below one that {self.by} lists",
            "inside": f"an address inside a network that {self.by} lists",
            "on": f"on a host that {self.by} lists",
        }[self.how]


def strongest(found: Iterable[Found]) -> Effect | None:
    """What several finds come to."""
    return max((one.effect for one in found), key=lambda effect: _STRENGTH[effect], default=None)


def facts(kind: Kind, text: str) -> list[Found]:
    """Rule 4."""
    if kind in DIGESTS and _EMPTY[kind] == text:
        return [Found("suppress", "the digest of nothing")]
    if kind is Kind.IMPHASH and text == _DOTNET_IMPHASH:
        return [Found("suppress", "the import hash of nearly every .NET program")]
    address = address_in(kind, text)
    if address is not None and not address.is_global:
        return [Found("suppress", "special-purpose addresses (RFC 6890)", "inside")]
    return []


def address_in(kind: Kind, text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of an address or endpoint; of a network, its first where the whole is small enough to be told of."""
    try:
        if kind is Kind.ADDRESS:
            return ipaddress.ip_address(text)
        if kind is Kind.ENDPOINT:
            return ipaddress.ip_address(text.rpartition(":")[0].strip("[]"))
        if kind is Kind.NETWORK:
            return ipaddress.ip_network(text, strict=False).network_address
    except ValueError:
        return None
    return None


def keys(kind: Kind, text: str) -> Iterator[tuple[str, How]]:
    """Under what a value may be listed, with `how` it then is."""
    address = address_in(kind, text)
    if address is not None:
        for length in range(address.max_prefixlen + 1):
            network = ipaddress.ip_network((address, length), strict=False)
            yield f"net:{network}", "listed" if length == address.max_prefixlen else "inside"
    elif kind in NAMES:
        bare = text.removeprefix("www.")
        yield f"name:{text}", "listed"
        yield f"name:{bare}", "listed"
        yield from ((f"name:{parent}", "below") for parent in parents(bare))
    elif kind is Kind.URL:
        yield f"text:{text.lower()}", "listed"
        host = text.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
        if host:
            yield f"name:{host}", "on"
    elif kind is Kind.EMAIL:
        yield f"text:{text.lower()}", "listed"
        yield f"name:{text.rpartition('@')[2].lower()}", "on"
    else:
        yield f"text:{text.lower()}", "listed"


def entry_key(form: str, text: str) -> str | None:
    """The key of a list's entry; None for what cannot be an entry of this form."""
    plain = text.strip().lower()
    if not plain or len(plain) > 290:
        return None
    if form == "cidr":
        return _network_key(plain)
    if (found := _network_key(plain)) is not None:
        return found
    name = plain.strip(".")
    looks_like_name = "." in name and not any(char in name for char in "/:@ \\")
    return f"name:{name}" if looks_like_name or form == "hostname" else f"text:{plain}"


def effect_of(how: How, form: str, effect: Effect, *, shared: bool) -> Effect:
    """What a find does: the list's effect, save for names below (rule 1) and for what is only on a host."""
    if how == "on" or (how == "below" and (shared or form != "hostname")):
        return "inform"
    return "doubt" if how == "below" else effect


def _network_key(text: str) -> str | None:
    try:
        return f"net:{ipaddress.ip_network(text, strict=False)}"
    except ValueError:
        return None


def parents(name: str) -> Iterator[str]:
    """The names above a name, the top one left out."""
    while (name := name.partition(".")[2]) and "." in name:
        yield name
