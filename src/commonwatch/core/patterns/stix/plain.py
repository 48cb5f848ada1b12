"""Patterns that are mere lists of values: what the indicator index answers without evaluating anything.

1. The whole pattern is brackets joined by OR, without qualifiers; each bracket is comparisons joined by OR; each comparison
   is an equality or an IN, not negated, of a path that names a value of a kind (`core.patterns.values.Kind`); addresses
   may also be ISSUBSET a network.
2. The path must say no more than that the value occurs. `network-traffic:dst_ref.value` also says on which side and
   `email-message:from_ref.value` in which role, which the index does not know: such patterns are evaluated as patterns.
3. An equality with a network (`ipv4-addr:value = '198.51.100.0/24'`) is true only of observations that name this very network
   (9.6.1): unless it has a single address, the index would find more than the author wrote.
4. The texts are those of the pattern; the index makes them canonical as it does with telemetry.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from commonwatch.core.patterns.stix.syntax import (
    AnyOf,
    Bracket,
    Comparison,
    Either,
    Expression,
    Operator,
    Path,
    Pattern,
    Test,
)
from commonwatch.core.patterns.values import Kind, Value

_HASHES = {
    "MD5": Kind.MD5,
    "SHA-1": Kind.SHA1,
    "SHA-256": Kind.SHA256,
    "SHA-512": Kind.SHA512,
    "IMPHASH": Kind.IMPHASH,
    "imphash": Kind.IMPHASH,
}
_KINDS = {
    "domain-name:value": Kind.HOST,
    "url:value": Kind.URL,
    "email-addr:value": Kind.EMAIL,
    "file:name": Kind.FILE_NAME,
    "mutex:name": Kind.MUTEX,
    "windows-registry-key:key": Kind.REGISTRY_KEY,
    "x509-certificate:serial_number": Kind.CERTIFICATE_SERIAL,
    "x509-certificate:hashes.'SHA-1'": Kind.CERTIFICATE,
    "x509-certificate:hashes.'SHA-256'": Kind.CERTIFICATE,
    "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'": Kind.USER_AGENT,
    **{
        Path(kind, ("hashes", name)).text: hash_kind
        for kind in ("file", "artifact")
        for name, hash_kind in _HASHES.items()
    },
}
_FAMILIES = {"ipv4-addr:value": 4, "ipv6-addr:value": 6}


def plain_values(pattern: Pattern) -> tuple[Value, ...] | None:
    """The values of a pattern that is nothing but a list of them; None for every other."""
    found: list[Value] = []
    for test in _tests(pattern.root):
        values = None if test is None else _values(test)
        if values is None:
            return None
        found.extend(values)
    return tuple(dict.fromkeys(found))


def _tests(root: Expression) -> Iterator[Comparison | None]:
    waiting: list[Expression | Test] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Bracket):
            waiting.append(one.test)
        elif isinstance(one, Either):
            waiting.extend(reversed(one.parts))
        elif isinstance(one, Comparison):
            yield one
        elif isinstance(one, AnyOf):
            waiting.extend(reversed(one.tests))
        else:
            yield None


def _values(comparison: Comparison) -> list[Value] | None:
    """The values of one comparison, or None if it is more than values."""
    if comparison.negated or not all(isinstance(constant, str) for constant in comparison.constants):
        return None
    path = comparison.path.text
    texts = [str(constant) for constant in comparison.constants]
    family = _FAMILIES.get(path)
    if comparison.operator is Operator.SUBSET:
        return None if family is None else _listed([_network(text, family) for text in texts])
    if comparison.operator not in (Operator.EQUAL, Operator.IN) or not texts:
        return None
    if family is not None:
        return _listed([_address(text, family) for text in texts])
    kind = _KINDS.get(path)
    return None if kind is None else [Value(kind, text) for text in texts]


def _listed(values: list[Value | None]) -> list[Value] | None:
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _network(text: str, family: int) -> Value | None:
    network = ipaddress.ip_network(text, strict=False)  # the reader lets nothing else pass
    if network.version != family:
        return None
    single = network.prefixlen == network.max_prefixlen
    return Value(Kind.ADDRESS, str(network.network_address)) if single else Value(Kind.NETWORK, str(network))


def _address(text: str, family: int) -> Value | None:
    """An address, also written as a network of one; None for anything else."""
    address, slash, length = text.partition("/")
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return None
    if read.version != family or (slash and length != str(read.max_prefixlen)):
        return None
    return Value(Kind.ADDRESS, str(read))
