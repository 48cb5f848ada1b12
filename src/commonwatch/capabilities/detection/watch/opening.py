"""A place of live telemetry as a live input: a file, a folder, standard input, a JetStream subject, a syslog socket."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from commonwatch.capabilities.detection.telemetry.live.source import Live, Position
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise
from commonwatch.capabilities.detection.telemetry.wanted import wanted
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.telemetry.batch import Mapping

_NATS_PORT = 4222
_SYSLOG_PORT = 514


def open_live(
    source: str, place: str, mapping: Mapping | None, position: Position | None, known: Collection[Mapping]
) -> Live:
    """The input, going on from a position; raises InvalidInput where it cannot be told how it is to be read."""
    if place == "-":
        return _standard_input(_needed(mapping, place))
    parts = urlsplit(place)
    opener = _STREAMS.get(parts.scheme)
    if opener is not None:
        return opener(source, parts, mapping or _named("syslog", known, parts), position)
    return _path(Path(place), mapping, position, known)


def _path(path: Path, mapping: Mapping | None, position: Position | None, known: Collection[Mapping]) -> Live:
    if path.is_dir():
        from commonwatch.capabilities.detection.telemetry.live.folder import Folder

        return Folder(path, known, mapping, position=position)
    from commonwatch.capabilities.detection.telemetry.live.growing import Growing

    if mapping is None:
        found = recognise(path, known)
        if isinstance(found, Unrecognised):
            raise InvalidInput("telemetry-unrecognised", f"{path}: {found.reason}.", found.advice)
        mapping = found
    return Growing(path, wanted(mapping), position)


def _standard_input(mapping: Mapping) -> Live:
    from commonwatch.capabilities.detection.telemetry.live.standard import Pipe

    return Pipe(sys.stdin.fileno(), wanted(mapping))


def _nats(source: str, parts: SplitResult, mapping: Mapping, position: Position | None) -> Live:
    from commonwatch.capabilities.detection.telemetry.live.jetstream import JetStream, Subject

    server = f"nats://{parts.hostname}:{parts.port or _NATS_PORT}"
    durable = "commonwatch-" + "".join(char if char.isalnum() else "-" for char in source)
    return JetStream(Subject((server,), parts.path.strip("/"), durable), wanted(mapping), position)


def _syslog(source: str, parts: SplitResult, mapping: Mapping, position: Position | None) -> Live:
    from commonwatch.capabilities.detection.telemetry.live.sockets import Socket

    kind = parts.scheme.rpartition("+")[2]
    port = parts.port if parts.port is not None else _SYSLOG_PORT
    return Socket(parts.hostname or "127.0.0.1", port, wanted(mapping), udp=kind != "tcp", tcp=kind != "udp")


def _needed(mapping: Mapping | None, place: str) -> Mapping:
    if mapping is None:
        raise InvalidInput("mapping-needed", f"{place} cannot be looked at before it is read.", "Name a --mapping.")
    return mapping


def _named(name: str, known: Collection[Mapping], parts: SplitResult) -> Mapping:
    if parts.scheme == "nats":
        return _needed(None, parts.geturl())
    return _needed(next((one for one in known if one.name == name), None), parts.geturl())


_STREAMS: dict[str, Callable[[str, SplitResult, Mapping, Position | None], Live]] = {
    "nats": _nats,
    "syslog": _syslog,
    "syslog+udp": _syslog,
    "syslog+tcp": _syslog,
}
