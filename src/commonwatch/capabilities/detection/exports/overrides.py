"""A person's word that a value goes out although something protects it: `overrides.json` in the folder `exports`, and the audit.

Networks wider than one operator's (0.0.0.0/0) cannot be allowed: no reason is good enough to cut everything off.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from commonwatch.base.audit.record import record
from commonwatch.capabilities.detection.exports.benign import WIDEST
from commonwatch.capabilities.detection.exports.entries import is_plain
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.values import Kind

FILE = "overrides.json"
SHORTEST_REASON = 10
_TRIED = (Kind.ADDRESS, Kind.NETWORK, Kind.URL, Kind.EMAIL, Kind.HOST)


class Override(msgspec.Struct, frozen=True):
    """Who let a value out, why and when (microseconds since 1970)."""

    actor: str
    reason: str
    at_us: int


def overrides(folder: Path) -> Mapping[str, Override]:
    """By canonical value."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=dict[str, Override])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as problem:
        raise InvalidInput(
            "overrides-unreadable", f"{folder / FILE}: {problem}.", "Restore it from a backup, or delete it."
        ) from problem


def allow(folder: Path, text: str, reason: str, *, actor: str, now_us: int) -> str:
    """Let a value out; returns its canonical form."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise InvalidInput("reason-too-short", "That says too little.", "Say why this value must go out.")
    value = canonical_value(text)
    if canonical(Kind.NETWORK, value) and _is_too_wide(value):
        raise InvalidInput("too-wide", f"{value} is wider than any one network.", "Give its parts.")
    with _locked(folder) as held:
        held[value] = Override(actor, reason.strip(), now_us)
        record(actor, "export.allow", value, "done", {"reason": reason.strip()}, now_us=now_us)
    return value


def forbid(folder: Path, text: str, *, actor: str, now_us: int) -> str:
    """Take the word back; raises NotFound."""
    value = canonical_value(text)
    with _locked(folder) as held:
        if value not in held:
            raise NotFound("override-unknown", f"{value} is not allowed.", "`commonwatch block allowed` lists what is.")
        del held[value]
        record(actor, "export.forbid", value, "done", {}, now_us=now_us)
    return value


def canonical_value(text: str) -> str:
    """An address, network, URL or name as exports write it; raises InvalidInput."""
    for kind in _TRIED:
        found = canonical(kind, text)
        if found is not None and is_plain(found) and (kind is not Kind.URL or "/" in text):
            return found
    raise InvalidInput(
        "value-unreadable", "That is no address, network, name, URL or e-mail address.", "Give one value."
    )


def _is_too_wide(text: str) -> bool:
    network = ipaddress.ip_network(text)
    return network.prefixlen < WIDEST[network.version]


@contextmanager
def _locked(folder: Path) -> Iterator[dict[str, Override]]:
    """The overrides, to be changed by one process at a time; written only if nothing went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = dict(overrides(folder))
        yield held
        made = folder / f".{FILE}.new"
        with made.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(held, order="sorted"), indent=1))
            file.flush()
            os.fsync(file.fileno())
        made.replace(folder / FILE)
