"""Which hits belong together: one object, one source, one entity, one day. Pure.

The entity is the host of ours that an event is about, as far as the event tells: of its addresses a private one that is not
what matched, else another one; else the computer that wrote the event. Days are UTC and the event's own, so that live watch
and hunts group alike.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

import msgspec

from commonwatch.capabilities.detection.telemetry.batch import Mapping as LogMapping
from commonwatch.core.patterns.values import Kind, Value

DAY_US = 86_400 * 1_000_000
_LONGEST = 64  # characters of an address: what is longer is none, and is not to be remembered
_COMPUTERS = ("computer", "host_name", "hostname", "host", "agent_name", "device_hostname")


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One entry met one event. `column` and `value` are empty where several columns took part."""

    entry: int
    source: str
    entity: str
    place: str
    record: int
    time_us: int | None
    column: str
    value: str
    kind: Kind | None


def window_us(time_us: int | None, now_us: int) -> int:
    """The start of the event's day."""
    at = now_us if time_us is None else time_us
    return at - at % DAY_US


def key_of(stix_id: str, voucher: str, source: str, entity: str, window: int) -> str:
    """The alert that a hit belongs to."""
    return blake2b("\0".join([stix_id, voucher, source, entity, str(window)]).encode(), digest_size=20).hexdigest()


def event_of(hit: Hit) -> int:
    """The event itself, wherever its file lies by now: seen again, it is not counted again."""
    text = f"{hit.record} {hit.time_us} {hit.value}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def entity_of(mapping: LogMapping, event: Mapping[str, object], column: str) -> str:
    """The host that the event is about; empty where it names none."""
    addresses = [
        text
        for one in mapping.columns
        if one.kind is Kind.ADDRESS and one.name != column
        for text in _texts(event.get(one.name))
    ]
    private = [text for text in addresses if len(text) <= _LONGEST and _is_private(text)]
    computers = [text for name in _COMPUTERS for text in _texts(event.get(name))]
    return next(iter([*private, *computers, *addresses]), "")[:300]


def entity_columns(mapping: LogMapping) -> frozenset[str]:
    """The columns that tell the host."""
    return frozenset(one.name for one in mapping.columns if one.kind is Kind.ADDRESS or one.name in _COMPUTERS)


def matched(values: Iterable[Value], observed: str, kind: Kind | None) -> Value | None:
    """Which of an indicator's values it was that met what was observed."""
    found = list(values)
    plain = observed.lower().rstrip(".")
    for value in found:
        if value.text.lower() == plain or _covers(value, plain):
            return value
    return found[0] if len(found) == 1 else None


def _covers(value: Value, plain: str) -> bool:
    if value.kind is Kind.DOMAIN:
        return plain.endswith(f".{value.text}")
    if value.kind is Kind.ENDPOINT:
        return value.text.startswith((f"{plain}:", f"[{plain}]:"))
    if value.kind is Kind.NETWORK:
        try:
            return ipaddress.ip_address(plain) in ipaddress.ip_network(value.text)
        except ValueError:
            return False
    return False


def _texts(found: object) -> list[str]:
    if isinstance(found, str):
        return [found] if found else []
    if isinstance(found, list):
        return [text for text in found if isinstance(text, str) and text]
    return []


@lru_cache(maxsize=1 << 16)  # hosts of ours, which are few
def _is_private(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text).is_global
    except ValueError:
        return False
