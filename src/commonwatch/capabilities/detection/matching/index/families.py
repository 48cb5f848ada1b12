"""Where in the index a value stands: its family, and the key under which it is looked up there.

A family is one table of keys. Kinds that are decided from the same field share one, so that the field is looked up once:
addresses and endpoints by the address, hosts and domains by the name. Each row keeps the canonical text of the indicator,
and what a key alone does not decide (port, scheme, whether names below count) is decided on that text.
"""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.core.patterns.canonical import split_endpoint, without_scheme
from commonwatch.core.patterns.values import Kind, Value

ADDRESS = "address"
NETWORK = "network"
NAME = "name"
URL = "url"
FILE_NAME = "file-name"
FILE_PATH = "file-path"

KINDS = tuple(Kind)  # a row names its kind by its place here: append only, stored indexes depend on it
NUMBERS: Mapping[Kind, int] = {kind: number for number, kind in enumerate(KINDS)}
_SHARED: Mapping[Kind, str] = {Kind.ENDPOINT: ADDRESS, Kind.HOST: NAME, Kind.DOMAIN: NAME}
FAMILIES: Mapping[Kind, str] = {kind: _SHARED.get(kind, kind.value) for kind in Kind}

# The kinds of indicators that a column of telemetry may meet; a host column also holds addresses at times.
MEETS: Mapping[Kind, tuple[Kind, ...]] = {kind: (kind,) for kind in Kind} | {
    Kind.ADDRESS: (Kind.ADDRESS, Kind.NETWORK, Kind.ENDPOINT),
    Kind.HOST: (Kind.HOST, Kind.DOMAIN, Kind.ADDRESS, Kind.NETWORK),
    Kind.FILE_PATH: (Kind.FILE_PATH, Kind.FILE_NAME),
}


def key_of(value: Value) -> str:
    """The key of a canonical indicator in its family."""
    if value.kind is Kind.ENDPOINT:
        return split_endpoint(value.text)[0]
    return without_scheme(value.text)[1] if value.kind is Kind.URL else value.text


def agrees(indicator: Value, key: str, scheme: str) -> bool:
    """Whether an indicator found under a key is meant by a value with this scheme ("" where it has none)."""
    if indicator.kind is Kind.URL:
        wanted, rest = without_scheme(indicator.text)
        return rest == key and (not wanted or not scheme or wanted == scheme)
    return key_of(indicator) == key
