"""What a member itself may use on its own node: its grants entry by entry, for parts that match, count or learn.

Not for serving: nothing leaves by this. It is the same answer all the same, from the same grants: an object that is not
granted, or stands in no collection, is not given; a variant is given as the variant.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from commonwatch.base.clock import now_us
from commonwatch.base.journal import schema
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.rows import classes_of, placements_of, slots
from commonwatch.base.release.access import recipient_key
from commonwatch.base.release.deciding import current_worlds, definitions_of, withheld_of
from commonwatch.base.release.models import Epoch, Recipient
from commonwatch.base.release.schema import VARIANT
from commonwatch.base.release.worlds import day_of, world
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.decision import obligations_of
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, VARIANTS
from commonwatch.core.policy.handling import handling
from commonwatch.core.policy.variants import Derivation, derive
from commonwatch.core.policy.world import World, resolved
from commonwatch.core.stix.ids import format_id

_MOST_PARAMETERS = 1_000


class Terms(msgspec.Struct, frozen=True):
    """What goes with a release class for one member. `granted` False: it gets nothing of the class."""

    granted: bool
    tlp: int = 0  # CLEAR, GREEN, AMBER, AMBER+STRICT, RED
    pap: int = 0  # CLEAR, GREEN, AMBER, RED
    obligations: tuple[str, ...] = ()
    author: str = ""  # identity ids: who wrote it, as it says
    voucher: str = ""  # the member that brought it
    owner: str = ""  # name of the member answerable


class HeldEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry as a member has it. `raw` is empty where it has not."""

    seq: int
    id: str
    version_us: int
    klass: int
    revoked: bool
    placed: bool
    erased: bool
    raw: bytes


def epoch() -> int:
    """The number of the latest change of the world: while it stays the same, so do the terms of a class, save where a
    marking-definition comes late."""
    return Epoch.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def held_entries(identity: str, member: int, seqs: Sequence[int]) -> dict[int, HeldEntry]:
    """These entries as the member (by number, and by STIX identity) has them. Unknown entries are left out."""
    found: dict[int, HeldEntry] = {}
    number = _recipient(member)
    placed = {seq for _, seq, _ in placements_of(seqs, slots())}
    uid = "v.uid" if connection.vendor == "sqlite" else "uuid_send(v.uid)"
    query = (
        f"SELECT v.seq, t.name, {uid}, v.version, v.class, v.marks, v.raw, g.code FROM journal_version v "
        "JOIN journal_type t ON t.id = v.type LEFT JOIN release_grant g ON g.class = v.class AND g.recipient = %s "
        "WHERE v.seq IN "
    )
    for chunk in parts(seqs, _MOST_PARAMETERS):
        rows = fetch(f"{query}({','.join(['%s'] * len(chunk))})", [number, *chunk])
        coded = [row[4] for row in rows if row[7]]
        classes = classes_of(sorted(set(coded))) if coded else {}
        for seq, kind, own, version, klass, marks, raw, code in rows:
            given = b"" if code is None or seq not in placed else bytes(raw)
            if given and code:
                given = derive(given, _derivation(classes[klass], code, identity))
            found[seq] = HeldEntry(
                seq,
                format_id(kind, bytes(own)),
                version,
                klass,
                bool(marks & schema.REVOKED),
                seq in placed,
                bool(marks & schema.ERASED),
                given,
            )
    return found


def entries_of(identity: str) -> list[int]:
    """Every entry of an object, latest version first."""
    kind, _, uid = identity.partition("--")
    key: Any = UUID(uid).bytes if connection.vendor == "sqlite" else UUID(uid)
    rows = fetch(
        "SELECT v.seq FROM journal_version v JOIN journal_type t ON t.id = v.type WHERE v.uid = %s AND t.name = %s "
        "ORDER BY v.version DESC, v.spec DESC, v.seq DESC",
        [key, kind],
    )
    return [seq for (seq,) in rows]


def terms_of(member: int, classes: Iterable[int]) -> dict[int, Terms]:
    """What goes with each of these classes for the member (by number), as the current epoch has it."""
    wanted = sorted(set(classes))
    number = _recipient(member)
    granted: set[int] = set()
    for chunk in parts(wanted, _MOST_PARAMETERS):
        marks = ",".join(["%s"] * len(chunk))
        rows = fetch(f"SELECT class FROM release_grant WHERE recipient = %s AND class IN ({marks})", [number, *chunk])
        granted |= {klass for (klass,) in rows}
    attributes = classes_of(wanted)
    asking = _asking()
    name = _name(member)
    definitions = definitions_of(attributes.values())
    return {
        klass: _terms(asking, name, attributes[klass], definitions, granted=klass in granted)
        for klass in wanted
        if klass in attributes
    }


def _recipient(member: int) -> int:
    return Recipient.objects.filter(member_id=member, purpose=DEFAULT_PURPOSE).values_list("pk", flat=True).first() or 0


def _name(member: int) -> str:
    found = Recipient.objects.filter(member_id=member).values_list("member__name", flat=True).first()
    return found or ""


def _derivation(attributes: ClassAttributes, code: int, identity: str) -> Derivation:
    return Derivation(VARIANTS[code & VARIANT], withheld_of(attributes, code), recipient_key(identity))


def _terms(
    asking: tuple[World, Engine], name: str, attributes: ClassAttributes, definitions: Any, *, granted: bool
) -> Terms:
    """Of several parts, the strictest of each."""
    world, engine = asking
    recipient = world.recipient(name)
    parts = attributes.parts()
    facts = [
        resolved(world, part, handling([*part.markings, *part.granular], definitions, part.default)) for part in parts
    ]
    duties = {duty.word for one in facts for duty in obligations_of(engine, recipient, one, world.question)[0]}
    return Terms(
        granted,
        max(one.tlp for one in facts),
        max(one.pap for one in facts),
        tuple(sorted(duties)),
        parts[0].author,
        parts[0].voucher,
        facts[0].owner,
    )


class _Asked:
    """An engine for the world that serves, kept while the epoch lasts: to make one costs tens of milliseconds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.world: World | None = None
        self.engine: Engine | None = None


_asked = _Asked()


def _asking() -> tuple[World, Engine]:
    worlds = current_worlds()
    serving = worlds.worlds[DEFAULT_PURPOSE] if worlds is not None else world(day_of(now_us()), DEFAULT_PURPOSE)
    with _asked.lock:
        if _asked.world is not serving or _asked.engine is None:
            _asked.world, _asked.engine = serving, Engine(serving.book)
        return serving, _asked.engine
