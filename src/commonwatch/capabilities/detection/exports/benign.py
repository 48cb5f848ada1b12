"""What an export never holds without a person's word: other people's networks, our own, and names that everybody uses.

Read from the folder `exports` of the node's data: `own.txt` (own addresses, networks and names, one a line), `benign/` (MISP warning
lists as JSON, or plain lists: names, addresses and networks), and `public-suffixes.dat` (publicsuffix.org's format), else the system's.

1. Own and benign names protect themselves and what stands above them: an indicator for `org` or `example.org` would block
   `www.example.org`. Own names protect everything below, too. A name below a benign one is not benign: anybody may have one there.
2. Addresses are protected inside listed networks, networks when they overlap one.
3. URLs are judged by their host, but only own hosts and own addresses protect a URL: one bad page on a good site is an indicator.
4. Without a list of public suffixes only top-level names are known as such; an export says so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.values import Kind, Value

MAX_BYTES = 64 * 2**20  # of one list
SYSTEM_SUFFIXES = Path("/usr/share/publicsuffix/public_suffix_list.dat")
WIDEST = {4: 8, 6: 19}  # shorter prefixes are more than one network's

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _List(msgspec.Struct):
    name: str
    entries: list[str] = msgspec.field(name="list")
    type: str = "string"


@dataclass(frozen=True)
class Named:
    """Names and networks of a list, each with the list's name."""

    names: Mapping[str, str]
    above: Mapping[str, str]  # names that stand above a listed one
    networks: tuple[tuple[Network, str], ...]
    exact: Mapping[str, str]  # addresses


@dataclass(frozen=True)
class Protected:
    """Everything that is kept out."""

    own: Named
    benign: Named
    suffixes: frozenset[str]

    def reason(self, value: Value) -> tuple[str, str] | None:
        """Code and sentence why a value is kept out; None where nothing speaks against it."""
        match value.kind:
            case Kind.ADDRESS | Kind.NETWORK:
                return self._network(ipaddress.ip_network(value.text))
            case Kind.HOST | Kind.DOMAIN:
                return self._name(value.text)
            case Kind.URL:
                return self._url(value.text)
            case Kind.EMAIL:
                domain = value.text.rpartition("@")[2]
                return _own(self.own, domain) or None
            case _:
                return None

    def _network(self, network: Network) -> tuple[str, str] | None:
        if network.prefixlen < WIDEST[network.version]:
            return "too-wide", f"{network} is wider than any one network"
        if unreachable(network):
            return "private", f"{network} is private, reserved or not global"
        for named, code in ((self.own, "own"), (self.benign, "benign")):
            if found := _overlapping(named, network):
                return code, f"{network} overlaps {found}"
        return None

    def _name(self, name: str) -> tuple[str, str] | None:
        if "." not in name or name in self.suffixes:
            return "public-suffix", f"{name} is a public suffix"
        if found := _own(self.own, name):
            return found
        for table, how in ((self.benign.names, "is"), (self.benign.above, "stands above a name")):
            if name in table:
                return "benign", f"{name} {how} on the list {table[name]}"
        return None

    def _url(self, url: str) -> tuple[str, str] | None:
        host = host_of(url)
        address = canonical(Kind.ADDRESS, host)
        if address is None:
            return _own(self.own, host) or (None if "." in host else ("private", f"{host} is no public name"))
        network = ipaddress.ip_network(address)
        if unreachable(network):
            return "private", f"{address} is private, reserved or not global"
        found = _overlapping(self.own, network)
        return ("own", f"{address} overlaps {found}") if found else None


def host_of(url: str) -> str:
    """The host of a canonical URL, with or without scheme."""
    place = url.partition("://")[2] if "://" in url else url
    authority = place.partition("/")[0].partition("?")[0].rpartition("@")[2]
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]


def unreachable(network: Network) -> bool:
    """Whether any part of a network is not for the world: private, loopback, link-local, multicast, documentation, unspecified."""
    ends = (network.network_address, network.broadcast_address)
    return any(not end.is_global or end.is_multicast for end in ends) or any(
        network.version == special.version and network.overlaps(special) for special in _SPECIAL
    )


_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "::/8", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


def protected(folder: Path) -> Protected:
    """What the files of a folder protect; read anew only when one of them has changed."""
    files = tuple(sorted((*folder.glob("*.txt"), *(folder / "benign").glob("*"), *folder.glob("*.dat"))))
    return _read_all(folder, tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files))


@lru_cache(maxsize=2)
def _read_all(folder: Path, files: tuple[tuple[Path, int, int], ...]) -> Protected:
    paths = [path for path, _, _ in files]
    own = named((path.stem, _entries(path)) for path in paths if path == folder / "own.txt")
    lists = sorted(path for path in paths if path.parent == folder / "benign")
    benign = named((path.stem, _entries(path)) for path in lists)
    given = folder / "public-suffixes.dat"
    return Protected(own, benign, _suffixes(given if given in paths else SYSTEM_SUFFIXES))


def named(lists: Iterable[tuple[str, Iterable[str]]]) -> Named:
    """Lists of names, addresses and networks, read; what is none of these is passed over."""
    names: dict[str, str] = {}
    above: dict[str, str] = {}
    networks: dict[Network, str] = {}
    exact: dict[str, str] = {}
    for title, entries in lists:
        for entry in entries:
            if network := canonical(Kind.NETWORK, entry):
                read = ipaddress.ip_network(network)
                if read.num_addresses == 1:
                    exact.setdefault(str(read.network_address), title)
                else:
                    networks.setdefault(read, title)
            elif name := canonical(Kind.HOST, entry.lstrip("*.")):
                names.setdefault(name, title)
                for parent in parents(name):
                    above.setdefault(parent, title)
    return Named(names, above, tuple(networks.items()), exact)


def parents(name: str) -> Iterator[str]:
    """The names above a name, nearest first."""
    while "." in name:
        name = name.partition(".")[2]
        yield name


def _own(own: Named, name: str) -> tuple[str, str] | None:
    for each in (name, *parents(name)):
        if each in own.names:
            return "own", f"{name} is in your own infrastructure ({each})"
    return ("own", f"{name} stands above your own infrastructure") if name in own.above else None


def _overlapping(found: Named, network: Network) -> str | None:
    if network.num_addresses == 1:
        address = str(network.network_address)
        if address in found.exact:
            return f"{address} of the list {found.exact[address]}"
    else:
        for text, title in found.exact.items():
            if ipaddress.ip_address(text) in network:
                return f"{text} of the list {title}"
    for listed, title in found.networks:
        if listed.version == network.version and listed.overlaps(network):
            return f"{listed} of the list {title}"
    return None


def _entries(path: Path) -> list[str]:
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput("list-too-large", f"{path.name} is larger than 64 MiB.", "Split it.")
    body = path.read_bytes()
    if body.lstrip()[:1] == b"{":
        try:
            return msgspec.json.decode(body, type=_List).entries
        except msgspec.MsgspecError as problem:
            raise InvalidInput(
                "list-unreadable", f"{path.name} is no MISP warning list: {problem}.", "It needs name and list."
            ) from problem
    lines = (line.partition("#")[0].strip() for line in body.decode("utf-8", "replace").splitlines())
    return [line for line in lines if line]


def _suffixes(path: Path) -> frozenset[str]:
    """Suffixes as canonical names; of a wildcard the parent, whose children are all suffixes, is taken as well."""
    if not path.is_file():
        return frozenset()
    lines = (line.split() for line in path.read_text("utf-8").splitlines() if not line.startswith(("//", "!")))
    found = (canonical(Kind.HOST, words[0].removeprefix("*.")) for words in lines if words)
    return frozenset(name for name in found if name)
