"""The values in an object, and the keys by which they are found again. Pure.

Values are those that observables are, and constants that an indicator's STIX pattern asks for by `=`, IN or ISSUBSET. A pattern
that says LIKE or != names no single value. Written as `core.patterns.canonical` has it; what is no value of its kind is left out.

A key is bytes in an order that ranges can be asked of: names with their labels backwards (`example.evil.` comes before everything
below it), addresses as the sixteen bytes of IPv6, networks so behind their length; digests as they are; the rest hashed.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from commonwatch.core.patterns.canonical import canonical, without_scheme
from commonwatch.core.patterns.values import Kind

MOST_VALUES = 500  # of one object
_COMPARISON = re.compile(
    r"([a-z0-9-]+):([A-Za-z0-9_.'\[\]*-]+?)\s*(?<![!<>])(=|\bISSUBSET|\bIN)\s*(\([^)]*\)|'(?:[^'\\]|\\.)*')"
)
_CONSTANT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DIGESTS = {32, 40, 64, 128}
_LONGEST_NAME = 255


class Found(enum.IntEnum):
    """What a key is of."""

    LABEL = 0
    ADDRESS = 1
    NETWORK = 2
    NAME = 3
    BELOW = 4  # a name that stands for every name below it, too
    URL = 5
    HOST_OF_URL = 6
    DIGEST = 7
    MAIL = 8
    FILE = 9
    OTHER = 10


class Key(NamedTuple):
    """A kind of key, and the key."""

    kind: Found
    key: bytes


_OF_TYPE = {
    "domain-name": Kind.HOST,
    "ipv4-addr": Kind.ADDRESS,
    "ipv6-addr": Kind.ADDRESS,
    "url": Kind.URL,
    "email-addr": Kind.EMAIL,
    "mac-addr": Kind.MUTEX,  # as it is written
    "mutex": Kind.MUTEX,
    "windows-registry-key": Kind.REGISTRY_KEY,
}
_FIELDS = {"mutex": "name", "windows-registry-key": "key"}


def texts_of(value: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    """The values as they are written in an object, with what they are."""
    kind = value.get("type")
    if kind == "indicator":
        pattern = value.get("pattern")
        if isinstance(pattern, str) and value.get("pattern_type", "stix") == "stix":
            yield from _in_pattern(pattern)
    elif kind in _OF_TYPE:
        text = value.get(_FIELDS.get(kind, "value"))
        if isinstance(text, str):
            yield _OF_TYPE[kind], text
    elif kind in ("file", "artifact", "x509-certificate"):
        yield from _of_file(value)
    elif kind == "observed-data" and isinstance(value.get("objects"), dict):
        for part in value["objects"].values():
            if isinstance(part, dict) and part.get("type") != kind:
                yield from texts_of(part)


def keys_of(kind: Kind, text: str) -> tuple[Key, ...]:
    """The keys under which a value is found; none where the text is no value of the kind."""
    if kind is Kind.ADDRESS and "/" in text:
        return _network(text)
    written = canonical(kind, text)
    if written is None:
        return ()
    if kind is Kind.ADDRESS:
        return (Key(Found.ADDRESS, packed(written)),)
    if kind in (Kind.HOST, Kind.DOMAIN):
        return (Key(Found.NAME if kind is Kind.HOST else Found.BELOW, backwards(written)),)
    if kind is Kind.URL:
        host = _host_of(written)
        return (
            Key(Found.URL, _hashed(without_scheme(written)[1])),
            *(() if host is None else (Key(Found.HOST_OF_URL, host),)),
        )
    if kind is Kind.EMAIL:
        return (Key(Found.MAIL, _hashed(written)),)
    if kind is Kind.FILE_NAME:
        return (Key(Found.FILE, _hashed(written)),)
    if len(written) in _DIGESTS and _is_hex(written):
        return (Key(Found.DIGEST, bytes.fromhex(written)),)
    return (Key(Found.OTHER, _hashed(written)),)


def asked(text: str) -> tuple[Kind, ...]:
    """What a text may be a value of, without any word about it: the kinds under which to look."""
    bare = text.strip()
    if canonical(Kind.ADDRESS, bare) is not None or ("/" in bare and canonical(Kind.NETWORK, bare) is not None):
        return (Kind.ADDRESS,)
    if len(bare) in _DIGESTS and _is_hex(bare):
        return (
            Kind.MD5
            if len(bare) == 32
            else Kind.SHA1
            if len(bare) == 40
            else Kind.SHA256
            if len(bare) == 64
            else Kind.SHA512,
        )
    if "@" in bare and canonical(Kind.EMAIL, bare) is not None:
        return (Kind.EMAIL,)
    found = [Kind.URL] if "/" in bare and canonical(Kind.URL, bare) is not None else []
    if canonical(Kind.HOST, bare) is not None:
        found.append(Kind.HOST)
    return (*found, Kind.FILE_NAME, Kind.MUTEX, Kind.REGISTRY_KEY)


def label_key(label: str) -> Key:
    """The key of a label: case does not count."""
    return Key(Found.LABEL, label.casefold().encode()[:200])


def packed(address: str) -> bytes:
    """An address in sixteen bytes; IPv4 as IPv6 has it (RFC 4291, 2.5.5.2)."""
    one = ipaddress.ip_address(address)
    return one.packed if one.version == 6 else bytes(10) + b"\xff\xff" + one.packed


def backwards(name: str) -> bytes:
    """A canonical name with its labels backwards, each with a dot behind it."""
    return (".".join(reversed(name[-_LONGEST_NAME:].split("."))) + ".").encode()


def network_range(text: str) -> tuple[bytes, bytes] | None:
    """The first and the last address of a network; None for any other text."""
    written = canonical(Kind.NETWORK, text) if "/" in text else None
    if written is None:
        return None
    network = ipaddress.ip_network(written)
    return packed(str(network[0])), packed(str(network[-1]))


def _in_pattern(pattern: str) -> Iterator[tuple[Kind, str]]:
    for match in _COMPARISON.finditer(pattern):
        kind = _kind_of_path(match[1], match[2])
        if kind is not None:
            for constant in _CONSTANT.finditer(match[4]):
                yield kind, _ESCAPE.sub(r"\1", constant[1])


def _kind_of_path(observable: str, path: str) -> Kind | None:
    if path == _FIELDS.get(observable, "value") and observable in _OF_TYPE:
        return _OF_TYPE[observable]
    if path.startswith("hashes."):
        return (
            Kind.MUTEX if observable not in ("file", "artifact", "x509-certificate") else _of_hash(path[7:].strip("'"))
        )
    if observable == "file" and path == "name":
        return Kind.FILE_NAME
    if path.endswith("_ref.value") and observable == "network-traffic":
        return Kind.ADDRESS
    return None


def _of_file(value: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    hashes = value.get("hashes")
    if isinstance(hashes, dict):
        for name, digest in hashes.items():
            kind = _of_hash(name)
            if kind is not None and isinstance(digest, str):
                yield kind, digest
    if value.get("type") == "file" and isinstance(value.get("name"), str):
        yield Kind.FILE_NAME, value["name"]


_HASHES = {"MD5": Kind.MD5, "SHA1": Kind.SHA1, "SHA256": Kind.SHA256, "SHA512": Kind.SHA512, "IMPHASH": Kind.IMPHASH}


def _of_hash(name: str) -> Kind | None:
    return _HASHES.get(name.upper().replace("-", ""))


def _network(text: str) -> tuple[Key, ...]:
    written = canonical(Kind.NETWORK, text)
    if written is None:
        return ()
    network = ipaddress.ip_network(written)
    if network.prefixlen == network.max_prefixlen:
        return (Key(Found.ADDRESS, packed(str(network.network_address))),)
    length = network.prefixlen + (96 if network.version == 4 else 0)
    return (Key(Found.NETWORK, bytes((length,)) + packed(str(network.network_address))),)


def networks_around(address: bytes, lengths: Iterable[int]) -> Iterator[Key]:
    """The keys of every network of one of these lengths (in bits of IPv6) that an address is in."""
    whole = int.from_bytes(address, "big")
    lowest = 96 if address[:12] == bytes(10) + b"\xff\xff" else 0
    for length in lengths:
        if length >= lowest:
            base = whole >> (128 - length) << (128 - length)
            yield Key(Found.NETWORK, bytes((length,)) + base.to_bytes(16, "big"))


def names_above(name: bytes) -> Iterator[Key]:
    """The keys of every name that stands for what is below it, from a name's own key."""
    parts = name.split(b".")[:-1]
    for count in range(1, len(parts) + 1):
        yield Key(Found.BELOW, b".".join(parts[:count]) + b".")


def _host_of(url: str) -> bytes | None:
    """The key of the host in a canonical URL; addresses as addresses."""
    authority = without_scheme(url)[1].partition("/")[0].rpartition("@")[2]
    host = authority if authority.endswith("]") else authority.rpartition(":")[0] or authority
    address = canonical(Kind.ADDRESS, host)
    if address is not None:
        return packed(address)
    name = canonical(Kind.HOST, host)
    return None if name is None else backwards(name)


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)


def _hashed(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
