"""Cases out and in: as STIX, as the reader may have them, and as VERIS records with what they lose."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import orjson

from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.parties.actions import By
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import Reader, operator
from commonwatch.base.search.history import originals
from commonwatch.base.threads.queries import thread
from commonwatch.capabilities.incidents.actions.entries import Damage, add_impact
from commonwatch.capabilities.incidents.actions.opening import Invited, Report, report
from commonwatch.capabilities.incidents.queries import case as case_of
from commonwatch.capabilities.incidents.queries import seen
from commonwatch.capabilities.incidents.rules import veris
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.stix.split import split

SOURCE = "cases"
MOST_BYTES = 64 * 1024 * 1024
_WAIT_SECONDS = 60.0


class Imported(msgspec.Struct, frozen=True):
    """What became of a file. `case`: the one that was begun, or that is in it."""

    case: str
    taken: int
    refused: tuple[str, ...]
    lost: tuple[veris.Loss, ...] = ()


def as_stix(reader: Reader, case: str) -> bytes:
    """A bundle of the case with all that belongs to it and the objects it is linked with, as the reader may have them."""
    parts = thread(reader, case)
    if not parts:
        raise NotFound("case-unknown", f"There is no case {case}.", "See `commonwatch case list`.")
    links = case_of(reader, case).links
    objects = [orjson.dumps(part.value) for part in parts] + originals(reader, links)
    bundle = uuid.uuid5(uuid.NAMESPACE_URL, f"{case} {len(objects)} {parts[-1].modified_us}")
    return b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (str(bundle).encode(), b",".join(objects))


def as_veris(reader: Reader, case: str) -> tuple[dict[str, Any], tuple[veris.Loss, ...]]:
    """The case as a VERIS record as the reader's track sees it, and what is lost."""
    return veris.to_veris(seen(reader, case))


def take_in(raw: bytes, tlp: str, with_: tuple[Invited, ...], by: By) -> Imported:
    """A STIX bundle that holds a case, or a VERIS record, from which a case of our own is begun; raises InvalidInput."""
    if len(raw) > MOST_BYTES:
        raise InvalidInput("file-large", f"The file has more than {MOST_BYTES:,} bytes.", "Import it in parts.")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidInput("json-expected", "This is no JSON.", "Give a STIX bundle or a VERIS record.") from None
    if isinstance(value, dict) and value.get("type") == "bundle":
        return _stix(raw, value, tlp, by)
    return _veris(value, tlp, with_, by)


def _stix(raw: bytes, value: dict[str, Any], tlp: str, by: By) -> Imported:
    """Objects of others stay theirs: they come in as any import does, and count as theirs where they signed them."""
    inside = value.get("objects")
    found = (
        [one.get("id") for one in inside if isinstance(one, dict) and one.get("type") == "incident"]
        if isinstance(inside, list)
        else []
    )
    if not found or not isinstance(found[0], str):
        raise InvalidInput(
            "incident-missing", "The bundle holds no incident.", "Import intelligence with `commonwatch import`."
        )
    source = ensure_source(SOURCE, tlp)
    slot = collection(operator(by.actor), "main").slot
    channel = Channel(source.pk, tlp, voucher_of(source), by.actor, (slot,))
    done = receive(split(raw).pieces, channel, by.now_us).result(_WAIT_SECONDS)
    refused = tuple(finding.sentence for result in done.results if not result.is_in for finding in result.findings)
    return Imported(found[0], sum(result.is_in for result in done.results), refused)


def _veris(value: Any, tlp: str, with_: tuple[Invited, ...], by: By) -> Imported:
    draft, lost = veris.from_veris(value)
    case = report(
        Report(
            name=draft.name,
            description=draft.description,
            rsit=draft.rsit,
            severity=draft.level or "",
            determination=draft.determination,
            reference=draft.reference,
            with_=with_,
            tlp=tlp,
            times=draft.times,
        ),
        by,
    )
    for category in draft.impacts:
        add_impact(case, _impact(category), by)
    return Imported(case, 1 + len(draft.impacts), (), lost)


def _impact(category: str) -> Damage:
    """That VERIS says there was one, and nothing of how grave."""
    if category == "confidentiality":
        return Damage("confidentiality", "suspected-loss", "From a VERIS record.")
    if category == "integrity":
        return Damage("integrity", "potential-modification", "From a VERIS record.")
    return Damage("availability", "1", "From a VERIS record: how much is not known.")
