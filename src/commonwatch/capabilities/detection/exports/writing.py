"""Values as lines of each format. Pure and deterministic: the same entries give the same bytes, in the same order.

Comments hold only what the node itself writes. Values are canonical and printable ASCII (`entries`), and each writer refuses, with a
reason, what its own syntax could take for something else.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from commonwatch.capabilities.detection.exports.benign import host_of
from commonwatch.capabilities.detection.exports.entries import Entry, LeftOut
from commonwatch.capabilities.detection.exports.forms import ADDRESSES, NAMES
from commonwatch.core.patterns.canonical import without_scheme
from commonwatch.core.patterns.values import Kind

SIDS = range(1_000_000, 2_000_000)  # Suricata's range for local rules
CATEGORY = "commonwatch"
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_BARE = re.compile(r"[A-Za-z0-9/._?=&%~+,-]+")  # in a Suricata content without escaping
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet takes for a formula (CWE-1236)


@dataclass(frozen=True)
class Written:
    """Files by name, and what a writer could not write."""

    files: Mapping[str, bytes]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Head:
    """What every file says first; `serial` grows with every change (seconds since 1970)."""

    lines: tuple[str, ...]
    serial: int

    def comment(self, mark: str) -> list[str]:
        """As comment lines."""
        return [f"{mark} {line}" for line in self.lines]


def lines(rows: Iterable[str]) -> bytes:
    """Rows as lines."""
    return "".join([f"{row}\n" for row in rows]).encode("ascii")


def is_name(text: str, most: int = 253) -> bool:
    """Whether a name can stand in a zone or hosts file: labels and length of RFC 1035, no dash at either end."""
    return len(text) <= most and all(_LABEL.fullmatch(label) for label in text.split("."))


def plain_list(entries: Sequence[Entry], head: Head, name: str) -> Written:
    """One value a line."""
    left = [
        _left(one, "a spreadsheet would take it for a formula")
        for one in entries
        if one.value.text.startswith(_FORMULA)
    ]
    kept = [one.value.text for one in entries if not one.value.text.startswith(_FORMULA)]
    return Written({name: lines([*head.comment("#"), *kept])}, tuple(left))


def hosts(entries: Sequence[Entry], head: Head, name: str) -> Written:
    """A hosts file that leads names nowhere, over both protocols; it cannot hold what is below a name."""
    good, left = _names(entries, 253)
    rows = [f"{nowhere} {one.value.text}" for one in good for nowhere in ("0.0.0.0", "::")]  # noqa: S104 - a target
    return Written({name: lines([*head.comment("#"), *rows])}, left)


def rpz(entries: Sequence[Entry], head: Head, name: str) -> Written:
    """A response policy zone: NXDOMAIN for names, and for answers with addresses."""
    addresses = [one for one in entries if one.value.kind in ADDRESSES]
    # Room for the zone's own name: 60 octets.
    good, left = _names([one for one in entries if one.value.kind in NAMES], 190)
    start = [
        "$TTL 300",
        f"@ IN SOA localhost. root.localhost. {head.serial % 2**32} 3600 600 604800 300",
        "@ IN NS localhost.",
    ]
    rows = []
    for one in good:
        rows.append(f"{one.value.text} IN CNAME .")
        if one.value.kind is Kind.DOMAIN:
            rows.append(f"*.{one.value.text} IN CNAME .")
    rows += [f"{_trigger(one.value.text)}.rpz-ip IN CNAME ." for one in addresses]
    return Written({name: lines([*head.comment(";"), *start, *dict.fromkeys(rows)])}, left)


def _trigger(text: str) -> str:
    """An address or network as the name that RPZ knows it by: prefix, then parts backwards."""
    network = ipaddress.ip_network(text)
    if network.version == 4:
        parts = str(network.network_address).split(".")
    else:
        short = str(network.network_address)
        if short.startswith("::"):
            short = "zz" + short[1:]
        elif short.endswith("::"):
            short = short[:-1] + "zz"
        parts = short.replace("::", ":zz:").split(":")
    return ".".join([str(network.prefixlen), *reversed(parts)])


_ZEEK: Mapping[Kind, str] = {
    Kind.ADDRESS: "Intel::ADDR",
    Kind.NETWORK: "Intel::SUBNET",
    Kind.HOST: "Intel::DOMAIN",
    Kind.DOMAIN: "Intel::DOMAIN",
    Kind.URL: "Intel::URL",
    Kind.EMAIL: "Intel::EMAIL",
    Kind.MD5: "Intel::FILE_HASH",
    Kind.SHA1: "Intel::FILE_HASH",
    Kind.SHA256: "Intel::FILE_HASH",
    Kind.FILE_NAME: "Intel::FILE_NAME",
    Kind.USER_AGENT: "Intel::SOFTWARE",
    Kind.CERTIFICATE: "Intel::CERT_HASH",
}


def zeek(entries: Sequence[Entry], head: Head, name: str) -> Written:
    """Zeek's intelligence framework: tab-separated, URLs without scheme."""
    rows, left = [], []
    for one in entries:
        text = without_scheme(one.value.text)[1] if one.value.kind is Kind.URL else one.value.text
        if text.startswith(("#", "-")) or "\\" in text:
            left.append(_left(one, "Zeek would take it for a comment, an absent value or an escape"))
            continue
        rows.append("\t".join([text, _ZEEK[one.value.kind], "commonwatch", one.indicators[0]]))
    columns = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc"
    return Written({name: lines([columns, *head.comment("#"), *dict.fromkeys(rows)])}, tuple(left))


@dataclass(frozen=True)
class _Set:
    """A dataset of Suricata: its kinds, and the buffers it is asked in."""

    name: str
    kinds: frozenset[Kind]
    buffers: tuple[tuple[str, str, str], ...]  # protocol, buffer with its transformations, what the message says


_SETS = (
    _Set("names", NAMES, (("dns", "dns.query; to_lowercase", "name asked for"), ("tls", "tls.sni; to_lowercase", "TLS server name"), ("http", "http.host", "HTTP host"))),
    _Set("ja3", frozenset({Kind.JA3}), (("tls", "ja3.hash", "TLS client fingerprint"),)),
)  # fmt: skip
_DIGESTS = {Kind.MD5: "filemd5", Kind.SHA1: "filesha1", Kind.SHA256: "filesha256"}
_WITH_FILES = ("http", "smtp", "smb", "ftp-data", "nfs")  # protocols that Suricata takes files from


def suricata(entries: Sequence[Entry], head: Head, name: str) -> Written:
    """Alert rules with datasets for names and fingerprints, lists of file digests, reputation for addresses and networks, and a
    rule for each URL. Names are matched as a whole.
    """
    files: dict[str, bytes] = {}
    rules: dict[str, str] = {}
    for each in _SETS:
        file = f"commonwatch-{each.name}.lst"
        if texts := _texts(entries, each.kinds):
            files[file] = lines([b64encode(text.encode()).decode() for text in texts])
            for protocol, buffer, what in each.buffers:
                rules[f"set {each.name} {protocol}"] = _alert(
                    protocol,
                    f"{what} of an indicator",
                    f"{buffer}; dataset:isset,cw-{each.name},type string,load {file};",
                )
    for kind, keyword in _DIGESTS.items():
        file = f"commonwatch-{kind.value}.lst"
        if texts := _texts(entries, frozenset({kind})):
            files[file] = lines(texts)
            for protocol in _WITH_FILES:
                rules[f"{keyword} {protocol}"] = _alert(protocol, "file of an indicator", f"{keyword}:{file};")
    _reputation(entries, files, rules)
    left = _url_rules(entries, rules)
    sids = allocated(rules)
    rows = [f"{rules[key]} sid:{sids[key]}; rev:1;)" for key in sorted(rules, key=sids.__getitem__)]
    files[name] = lines([*head.comment("#"), *rows])
    return Written(files, tuple(left))


def _alert(protocol: str, message: str, options: str) -> str:
    return f'alert {protocol} any any -> any any (msg:"Commonwatch {message}"; {options}'


def _texts(entries: Sequence[Entry], kinds: frozenset[Kind]) -> list[str]:
    return sorted({one.value.text for one in entries if one.value.kind in kinds})


def _reputation(entries: Sequence[Entry], files: dict[str, bytes], rules: dict[str, str]) -> None:
    listed = [one for one in entries if one.value.kind in ADDRESSES]
    if not listed:
        return
    files["commonwatch-categories.txt"] = lines([f"1,{CATEGORY},Addresses and networks of indicators"])
    # Suricata's reputation is 1 to 127; an author who says nothing is taken for half sure.
    scores = [max(1, (50 if one.confidence is None else one.confidence) * 127 // 100) for one in listed]
    files["commonwatch-reputation.list"] = lines(
        [f"{one.value.text},1,{score}" for one, score in zip(listed, scores, strict=True)]
    )
    for side in ("src", "dst"):
        rules[f"reputation {side}"] = _alert("ip", f"address of an indicator ({side})", f"iprep:{side},{CATEGORY},>,0;")


def _url_rules(entries: Sequence[Entry], rules: dict[str, str]) -> list[LeftOut]:
    left = []
    for one in entries:
        if one.value.kind is not Kind.URL:
            continue
        scheme, rest = without_scheme(one.value.text)
        if scheme not in ("", "http"):
            left.append(_left(one, f"requests over {scheme} cannot be read on the wire"))
            continue
        host = host_of(rest)
        path = rest[len(rest.partition("/")[0]) :] or "/"
        rules[one.value.text] = _alert(
            "http",
            "URL of an indicator",
            f'http.host; content:"{escaped(host)}"; bsize:{len(host)}; '
            f'http.uri.raw; content:"{escaped(path)}"; bsize:{len(path)}; reference:url,stix/{one.indicators[0]};',
        )
    return left


def escaped(text: str) -> str:
    """A text as the content of a rule: everything that could end it, or mean something in it, in hexadecimal."""
    return "".join([each if _BARE.fullmatch(each) else f"|{ord(each):02x}|" for each in text])


def allocated(keys: Iterable[str]) -> dict[str, int]:
    """A rule number for each key from the key's own digest, so that it stays the same in every export; where two keys come to
    the same number, the first in order has it and the other takes its next digest."""
    taken: dict[int, str] = {}
    for key in sorted(keys):
        turn = 0
        while (number := _number(key, turn)) in taken:
            turn += 1
        taken[number] = key
    return {key: number for number, key in taken.items()}


def _number(key: str, turn: int) -> int:
    digest = sha256(f"{turn} {key}".encode()).digest()
    return SIDS[int.from_bytes(digest[:8], "big") % len(SIDS)]


def _names(entries: Sequence[Entry], most: int) -> tuple[list[Entry], tuple[LeftOut, ...]]:
    good = [one for one in entries if is_name(one.value.text, most)]
    left = [
        _left(one, "it is no name that the format can hold") for one in entries if not is_name(one.value.text, most)
    ]
    return good, tuple(left)


def _left(one: Entry, reason: str) -> LeftOut:
    return LeftOut(one.indicators[0], one.value.text, "syntax", reason)


Writer = Callable[[Sequence[Entry], Head, str], Written]
WRITERS: Mapping[str, Writer] = {
    "suricata": suricata,
    "zeek": zeek,
    "rpz": rpz,
    "hosts": hosts,
    "addresses": plain_list,
    "names": plain_list,
    "urls": plain_list,
    "hashes": plain_list,
}
