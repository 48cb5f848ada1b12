"""What a reader's grants mean for finding a page: as whom it reads, and which of the ways of finding pages suits it."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.journal import reading
from commonwatch.base.journal.driver import fetch
from commonwatch.base.release.models import Recipient
from commonwatch.base.release.reader import Reader
from commonwatch.core.policy.facts import DEFAULT_PURPOSE

NOBODY = 0  # a recipient without any grant


class Access(msgspec.Struct, frozen=True, gc=False):
    """`recipient` is the number under which grants know the reader; None for those who run the node: no grant is asked."""

    recipient: int | None
    coded: bool = False  # some grants give variants, or withhold parts
    extra: bool = False  # its order holds places of its own
    sparse: bool = False  # it sees so little that pages are found from its grants
    key: bytes = b""  # of its derived objects
    reader: str = ""  # the account, for the record; empty where nothing leaves by it
    epoch: int = 0


EVERYTHING = Access(None)
_SPARSE = 40  # sees less than a fortieth of what there is
_STATE = (
    "SELECT r.id, r.served_us, r.visible, r.placements, m.identity, "
    "EXISTS (SELECT 1 FROM release_grant g WHERE g.recipient = r.id AND g.code <> 0), "
    "EXISTS (SELECT 1 FROM release_extra e WHERE e.recipient = r.id), (SELECT max(id) FROM release_epoch) "
    "FROM release_recipient r LEFT JOIN parties_member m ON m.id = r.member_id WHERE r.purpose = %s AND r.member_id "
)


def access_of(reader: Reader) -> Access:
    """The reader's access now. Before the first page is served to a member, that it is served is on record."""
    if reader.sees_all:
        return Access(None, reader=reader.name)
    return access_for(reader.member, reader.purpose, reader.name)


def access_for(member: int | None, purpose: str = DEFAULT_PURPOSE, reader: str = "") -> Access:
    """The access of a member, or of the public, for a purpose."""
    rows = fetch(f"{_STATE} IS NULL", [purpose]) if member is None else fetch(f"{_STATE} = %s", [purpose, member])
    if not rows:
        return Access(NOBODY, reader=reader)
    number, served, visible, placements, identity, coded, extra, epoch = rows[0]
    if served is None:
        Recipient.objects.filter(pk=number, served_us=None).update(served_us=now_us())
        return access_for(member, purpose, reader)  # grants may have changed before the mark was set
    sparse = visible * _SPARSE < placements
    key = recipient_key(identity or "public")
    return Access(number, bool(coded), bool(extra), sparse, key, reader, epoch or 0)


def everybody_was_served() -> None:
    """In a restored database: anybody may have been served since the backup, and has then to be told what to drop."""
    Recipient.objects.filter(served_us=None).update(served_us=now_us())


def end_of_journal() -> int:
    """A number that has grown whenever there may be anything new for anybody."""
    return reading.head()


def recipient_key(identity: str) -> bytes:
    """The secret from which a recipient's pseudonyms and derived ids are made: the same as long as the node's secret key."""
    return blake2b(identity.encode(), key=str(settings.SECRET_KEY).encode()[:64], person=b"recipient").digest()[:32]
