"""The one way of writing a value of each kind. Indicators and telemetry meet only in this form.

Not a check that a value is dangerous, exists or is public: `plain` says that of lists. Rules:

1. Only what is certain: two texts become one where every reader of the log would take them for the same thing.
2. Addresses are written as the standard library writes them; an IPv4 address inside IPv6 (RFC 4291, 2.5.5.2) is that IPv4
   address; a zone is dropped. Networks lose their host bits.
3. Names are lower-case A-labels without the final dot, mapped as browsers do (UTS 46, not transitional). Lengths are not
   checked, only the number of labels: an over-long name below a bad domain is still below it.
4. URLs: scheme and host in lower case, no default port, no fragment, no dot segments, escapes in upper case and none for
   unreserved characters (RFC 3986, 6.2.2); backslashes and characters outside ASCII as browsers send them (WHATWG URL). A
   URL without a scheme is canonical, too: the log or the list did not say it.
5. Digests are lower-case hexadecimal; file names and paths, e-mail addresses and registry keys are lower case, because
   the systems they come from do not tell them apart by case.
6. None: the text is no value of the kind.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

import idna

from commonwatch.core.patterns.values import Kind, Value

LONGEST = 8192  # what is longer is nobody's value: bounds the work on one hostile field
MOST_LABELS = 127  # of a name of 255 octets (RFC 1035, 3.1); bounds the look-ups of one hostile name
_LONGEST_UNICODE_NAME = 1024  # mapping is not linear in every version of the library
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_NUMBER_AT_END = re.compile(r"(?:.*\.)?[0-9]+", re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_PORT = re.compile(r"[0-9]{1,7}")
_PORTS = {"http": "80", "ws": "80", "https": "443", "wss": "443", "ftp": "21"}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_HIVES = {
    "hkey_local_machine": "hklm",
    "hkey_current_user": "hkcu",
    "hkey_users": "hku",
    "hkey_classes_root": "hkcr",
    "hkey_current_config": "hkcc",
}


def canonical(kind: Kind, text: str) -> str | None:
    """The canonical text, or None where it is no value of the kind."""
    return _WAYS[kind](text) if len(text) <= LONGEST else None


def observed(kind: Kind, text: str) -> Value | None:
    """What a field of telemetry of this kind holds: host fields may hold an address, or a port behind either."""
    written = canonical(kind, text)
    if written is not None:
        return Value(kind, written)
    if kind is not Kind.HOST:
        return None
    bare = text.strip()
    host, colon, port = bare.rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in host or host[-1:] == "]"):
        bare = host
    for taken in (Kind.ADDRESS, Kind.HOST):
        written = canonical(taken, bare)
        if written is not None:
            return Value(taken, written)
    return None


def without_scheme(url: str) -> tuple[str, str]:
    """Scheme ("" for none) and rest of a canonical URL: what logs and lists leave out cannot tell URLs apart."""
    scheme, mark, rest = url.partition("://")
    return (scheme, rest) if mark and "/" not in scheme else ("", url)


def split_endpoint(endpoint: str) -> tuple[str, str]:
    """Address and port of a canonical endpoint."""
    address, _, port = endpoint.rpartition(":")
    return address.strip("[]"), port


def _address(text: str) -> str | None:
    bare = text.strip()
    if bare[:1] == "[" and bare[-1:] == "]":
        bare = bare[1:-1]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _network(text: str) -> str | None:
    base, slash, length = text.strip().partition("/")
    try:  # a zone, as in fe80::1%eth0, means something on one machine only
        return str(ipaddress.ip_network(f"{base.partition('%')[0]}{slash}{length}", strict=False))
    except ValueError:
        return None


def _endpoint(text: str) -> str | None:
    host, _, port = text.strip().rpartition(":")
    address = _address(host)
    if address is None or (":" in host and host[:1] != "[") or not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        return None
    return f"[{address}]:{int(port)}" if ":" in address else f"{address}:{int(port)}"


def _name(text: str) -> str | None:
    name = text.strip()
    if not name.isascii():
        mapped = _mapped(name)
        if mapped is None:
            return None
        name = mapped
    name = name.lower().removesuffix(".")
    if name.count(".") >= MOST_LABELS or not _NAME.fullmatch(name) or _NUMBER_AT_END.fullmatch(name):
        return None
    return name


def _mapped(name: str) -> str | None:
    """A name with characters outside ASCII as browsers look it up."""
    if len(name) > _LONGEST_UNICODE_NAME:
        return None
    try:
        labels = idna.uts46_remap(name, std3_rules=False, transitional=False).split(".")
        return ".".join(each if each.isascii() else "xn--" + each.encode("punycode").decode("ascii") for each in labels)
    except (idna.IDNAError, UnicodeError):
        return None


def _url(text: str) -> str | None:
    bare = text.strip("".join(map(chr, range(0x21)))).translate({9: None, 10: None, 13: None})
    known = _SCHEME.fullmatch(bare)
    scheme, rest = (known[1].lower(), known[2]) if known else ("", bare)
    if scheme and scheme not in _PORTS:
        return f"{scheme}://{_escaped(rest)}"
    rest, mark, query = rest.partition("#")[0].partition("?")
    rest = rest.replace("\\", "/")
    authority, slash, path = (rest.lstrip("/") if scheme else rest).partition("/")
    place = _authority(scheme, authority)
    if place is None:
        return None
    whole = place + _without_dots(_escaped(slash + path) or "/") + mark + _escaped(query)
    return f"{scheme}://{whole}" if scheme else whole


def _authority(scheme: str, text: str) -> str | None:
    user, at, place = text.rpartition("@")
    host, port = place, ""
    if not place.endswith("]") and ":" in place:
        host, _, port = place.rpartition(":")
        if (port or not scheme) and (not _PORT.fullmatch(port) or int(port) > 65535):
            return None
        port = str(int(port)) if port else ""
    name = _name(host)
    if name is None:
        address = _address(host)
        if address is None or (":" in address) != (host[:1] == "["):
            return None
        name = f"[{address}]" if ":" in address else address
    behind = f":{port}" if port and port != _PORTS.get(scheme) else ""
    return _escaped(user) + at + name + behind


def _escaped(text: str) -> str:
    """Escapes in their one form; what may not stand in a URL is escaped."""
    if "%" in text:
        text = _ESCAPE.sub(_escape, text)
    return quote(text, safe=_PRINTABLE, errors="replace")


def _escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    if "/." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")[1:]
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _digest(*lengths: int) -> Callable[[str], str | None]:
    pattern = re.compile("|".join(f"[0-9a-f]{{{length}}}" for length in lengths))

    def digest(text: str) -> str | None:
        bare = text.strip().lower()
        return bare if pattern.fullmatch(bare) else None

    return digest


_CERTIFICATE = _digest(40, 64)
_JA4 = re.compile(r"[a-z][0-9a-z]{9}_[0-9a-f]{12}_[0-9a-f]{12}")
_HEX = re.compile(r"[0-9a-f]{1,64}")


def _ja4(text: str) -> str | None:
    bare = text.strip().lower()
    return bare if _JA4.fullmatch(bare) else None


def _certificate(text: str) -> str | None:
    return _CERTIFICATE(text.replace(":", "").replace(" ", ""))


def _serial(text: str) -> str | None:
    """Without leading zeros: some logs keep the octet that holds the sign."""
    bare = text.strip().lower().removeprefix("0x").replace(":", "").replace(" ", "")
    return (bare.lstrip("0") or "0") if _HEX.fullmatch(bare) else None


def _email(text: str) -> str | None:
    local, at, domain = text.strip().removeprefix("<").removesuffix(">").rpartition("@")
    name = _name(domain)
    if not at or name is None or not local or any(character.isspace() for character in local):
        return None
    return f"{local.lower()}@{name}"


def _file_name(text: str) -> str | None:
    return text.replace("\\", "/").rpartition("/")[2].strip().lower() or None


def _lower(text: str) -> str | None:
    return text.strip().lower() or None


def _registry_key(text: str) -> str | None:
    bare = text.strip().lower().rstrip("\\")
    bare = bare.replace("\\registry\\machine\\", "hklm\\", 1) if bare.startswith("\\registry\\machine\\") else bare
    hive, mark, rest = bare.partition("\\")
    return _HIVES.get(hive, hive) + mark + rest or None


def _as_it_is(text: str) -> str | None:
    return text.strip() or None


_WAYS: Mapping[Kind, Callable[[str], str | None]] = {
    Kind.ADDRESS: _address,
    Kind.NETWORK: _network,
    Kind.ENDPOINT: _endpoint,
    Kind.HOST: _name,
    Kind.DOMAIN: _name,
    Kind.URL: _url,
    Kind.MD5: _digest(32),
    Kind.SHA1: _digest(40),
    Kind.SHA256: _digest(64),
    Kind.SHA512: _digest(128),
    Kind.IMPHASH: _digest(32),
    Kind.JA3: _digest(32),
    Kind.JA3S: _digest(32),
    Kind.JA4: _ja4,
    Kind.CERTIFICATE: _certificate,
    Kind.CERTIFICATE_SERIAL: _serial,
    Kind.EMAIL: _email,
    Kind.FILE_NAME: _file_name,
    Kind.FILE_PATH: _lower,
    Kind.REGISTRY_KEY: _registry_key,
    Kind.USER_AGENT: _as_it_is,
    Kind.MUTEX: _as_it_is,
}
