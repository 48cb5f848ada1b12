"""Plain lists, one value a line, as they are published: what each line says, and what it must not be taken for.

1. A line is an address, a network, an address with its port, a name, a URL (also without its scheme), an e-mail address or a
   digest. What stands behind the value (a count, a remark after `#`, `;` or a tab) is passed over; so is what a hosts file
   writes before a name. Lines that begin with `#`, `//` or `;` are remarks.
2. Defanged values are read as what they mean: `hxxp://`, `[.]`, `(dot)`, `[:]`, `[at]`.
3. A name means itself and every name below it, also where it is written `*.example.org` or `.example.org`; with a port it
   means that host alone, and the port is not looked at.
4. Never taken: a public suffix (https://publicsuffix.org), under which strangers live; an address or network that is not
   public; a network so wide that it is no indicator. Each is said, with its line.
5. Of a CSV file one column is read, by its name or its place. The rest of the line is nobody's indicator.
"""

from __future__ import annotations

import csv
import functools
import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from publicsuffixlist import PublicSuffixList

from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.values import Kind, Value
from commonwatch.core.stix.values import Finding

LONGEST_LINE = 16_384
WIDEST_IPV4, WIDEST_IPV6 = 12, 24  # prefix lengths: a shorter one is a part of the internet, not of an adversary
_DIGESTS = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256, 128: Kind.SHA512}
_REMARK = re.compile(r"\s+(?:#|//|;)|\t")
_DEFANGED = (
    (re.compile(r"\bh(?:xx|\*\*|__)p(s?)(?=\[?:)", re.IGNORECASE), r"http\1"),
    (re.compile(r"\s*[\[({]\s*(?:\.|dot)\s*[\])}]\s*", re.IGNORECASE), "."),
    (re.compile(r"\[(:|://|/)\]"), r"\1"),
    (re.compile(r"\s*[\[({](?:@|at)[\])}]\s*", re.IGNORECASE), "@"),
    (re.compile(r"\\\."), "."),
)
_HOSTS_FILE = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+(\S+)")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_NAME_AND_PORT = re.compile(r"([^\s:/]+):[0-9]{1,5}")


class Line(NamedTuple):
    """What one line gave: a value, or a finding that says why none, or both where the value needs a word."""

    number: int  # from 1
    value: Value | None
    finding: Finding | None = None


def read_lines(lines: Iterable[str], column: str | int | None = None, delimiter: str = ",") -> Iterator[Line]:
    """Every line that is not blank and not a remark; with `column`, that column of a CSV file (its name, or its place from 0)."""
    for number, text in _texts(lines, column, delimiter):
        bare = text.strip().strip("\ufeff")
        if not bare or bare.startswith(("#", "//", ";")):
            continue
        if len(bare) > LONGEST_LINE:
            yield Line(
                number, None, _finding(number, "line-too-long", "The line is too long for a value.", "Leave it out.")
            )
        else:
            yield _line(number, bare)


def refanged(text: str) -> str:
    """A defanged value as it was meant."""
    for pattern, meant in _DEFANGED:
        text = pattern.sub(meant, text)
    return text


def _texts(lines: Iterable[str], column: str | int | None, delimiter: str) -> Iterator[tuple[int, str]]:
    if column is None:
        yield from enumerate(lines, 1)
        return
    rows = csv.reader(lines, delimiter=delimiter)
    place = column if isinstance(column, int) else -1
    for row in rows:
        if place < 0:
            names = [name.strip().strip("\ufeff").lower() for name in row]
            if str(column).lower() not in names:
                found = ", ".join(names) or "none"
                yield rows.line_num, f"\0no column {column}; there are: {found}"
                return
            place = names.index(str(column).lower())
        elif place < len(row):
            yield rows.line_num, row[place]


def _line(number: int, text: str) -> Line:
    if text[0] == "\0":
        return Line(number, None, _finding(number, "column-missing", f"The file has {text[1:]}.", "Name one of these."))
    hosts = _HOSTS_FILE.match(text)
    bare = hosts[1] if hosts else refanged(_REMARK.split(text, maxsplit=1)[0].strip().strip("\"'"))
    value = _value(bare)
    if value is None:
        return Line(
            number,
            None,
            _finding(
                number,
                "line-unread",
                f"{_shown(bare)} is no value that a list may hold.",
                "Correct the line or leave it out.",
            ),
        )
    return _judged(number, value, bare)


def _value(text: str) -> Value | None:
    """The value that a text is, the strictest reading first."""
    digest, mark, _ = text.partition(";")
    if mark and _HEX.fullmatch(digest):
        text = digest
    if _HEX.fullmatch(text):
        return _as(_DIGESTS.get(len(text), Kind.DOMAIN), text)
    for kind in (Kind.ADDRESS, Kind.ENDPOINT):
        value = _as(kind, text)
        if value is not None:
            return value
    address, slash, length = text.partition("/")
    if slash and length.isascii() and length.isdigit() and canonical(Kind.ADDRESS, address) is not None:
        return _as(Kind.NETWORK, text)
    if slash and address:
        return _as(Kind.URL, text)
    if "@" in text:
        return _as(Kind.EMAIL, text)
    with_port = _NAME_AND_PORT.fullmatch(text)
    if with_port:
        return _as(Kind.HOST, with_port[1])
    return _as(Kind.DOMAIN, text.removeprefix("*").removeprefix(".")) if "." in text.strip(".") else None


def _as(kind: Kind, text: str) -> Value | None:
    written = canonical(kind, text)
    return None if written is None else Value(kind, written)


def _judged(number: int, value: Value, text: str) -> Line:
    """The line with its value, unless nobody can have meant that value."""
    kind, written = value
    if kind in (Kind.ADDRESS, Kind.NETWORK, Kind.ENDPOINT):
        why = _not_public(kind, written)
        if why:
            return Line(number, None, _finding(number, "address-not-public", f"{written} {why}.", "Leave it out."))
    if kind in (Kind.DOMAIN, Kind.HOST) and _suffixes().is_public(written):
        return Line(
            number,
            None,
            _finding(
                number,
                "public-suffix",
                f"{written} is a public suffix: unrelated people register names below it.",
                "Name the host that is meant.",
            ),
        )
    if kind is Kind.HOST:
        note = f"{_shown(text)} is taken as the host {written}: ports of names are not matched."
        return Line(number, value, _finding(number, "port-passed-over", note, "Give the address and port, if known."))
    return Line(number, value)


def _not_public(kind: Kind, text: str) -> str:
    """Why an address is nobody's indicator; "" where it may be one."""
    if kind is Kind.NETWORK:
        network = ipaddress.ip_network(text)
        if not network.network_address.is_global or not network.broadcast_address.is_global:
            return "is not a public network"
        widest = WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6
        return f"is wider than /{widest}" if network.prefixlen < widest else ""
    bare = text.rpartition(":")[0].strip("[]") if kind is Kind.ENDPOINT else text
    address = ipaddress.ip_address(bare)
    return "" if address.is_global and not address.is_multicast else "is not a public address"


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def _finding(number: int, code: str, sentence: str, remedy: str) -> Finding:
    return Finding(code, "note", f"/{number}", sentence, remedy)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "…")
