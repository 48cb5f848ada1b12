"""Purge by origin: what a poisoned or expelled member wrote or brought is taken back at once, here and wherever it went from here.

1. Taken back is what the member wrote, by whomever it came, and what it alone brought. What others brought as well stays,
unless that is asked for: they vouch for it. 2. It is hidden as a recalled object is (`recalling`), whoever got it here is sent a
recall, and the exchange with the member's own node is paused. 3. Until the purge is ended, what comes of the member later is
hidden, too. 4. Ending it shows everything again where it stood, save what a peer has recalled meanwhile. 5. Erasing destroys the
bytes of what is hidden, for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import orjson
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.intake.models import Source
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import voucher_of
from commonwatch.base.journal import acts, reading
from commonwatch.base.journal.values import Admission
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME, Member
from commonwatch.base.parties.queries import member_named
from commonwatch.base.release import recalls
from commonwatch.base.release.models import Collection
from commonwatch.base.release.origin import Originated, holders, originated
from commonwatch.capabilities.federation.models import Hidden, Peer, Purge, Purged
from commonwatch.capabilities.federation.rules import hidden, shown
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.stix.ids import format_id, parse_id
from commonwatch.core.stix.values import Piece

AT_ONCE = 500  # objects hidden in one transaction
_EXAMPLES = 3

Progress = Callable[[int], None]


class PurgePlan(msgspec.Struct, frozen=True):
    """What a purge would take back, or has. `kept`: objects that further members brought, by their names."""

    member: str
    objects: int
    authored: int
    types: Mapping[str, int]
    collections: Mapping[str, int]
    recalled_from: Mapping[str, int]
    kept: Mapping[str, int]
    peers_paused: tuple[str, ...]
    examples: tuple[str, ...]


class PurgeState(msgspec.Struct, frozen=True):
    """A purge that goes on. `waiting`: objects that are not hidden yet."""

    reason: str
    actor: str
    made_us: int
    objects: int
    waiting: int
    erased: bool


def state(name: str) -> PurgeState | None:
    """The purge of a member that goes on, if one does."""
    made = _open(_member(name))
    if made is None:
        return None
    rows = made.objects_hidden
    waiting = rows.filter(done=False).count()
    return PurgeState(made.reason, made.actor, made.made_us, rows.count(), waiting, made.erased_us is not None)


def plan(name: str, *, with_others: bool) -> PurgePlan:
    """What a purge would do; nothing is changed."""
    return _plan(_member(name), *_divided(_member(name), with_others=with_others))


def purge(name: str, reason: str, by: By, *, with_others: bool, progress: Progress = lambda _: None) -> PurgePlan:
    """Take back everything of a member. Broken off, the worker goes on with it."""
    found = begin(name, reason, by, with_others=with_others)
    count = 0
    while many := carry_out():
        count += many
        progress(count)
    return found


def begin(name: str, reason: str, by: By, *, with_others: bool) -> PurgePlan:
    """Say that everything of a member is taken back, and stop the exchange with it; the worker does the rest."""
    member = _member(name)
    _check_reason(reason)
    if _open(member) is not None:
        raise Conflict(
            "purge-there",
            f"{name} is purged already.",
            f"To end that: commonwatch federation purge {name} --undo --reason ...",
        )
    taken, kept = _divided(member, with_others=with_others)
    found = _plan(member, taken, kept)
    with transaction.atomic():
        made = Purge.objects.create(
            member=member, reason=reason, actor=by.actor, made_us=by.now_us, with_others=with_others
        )
        Purged.objects.bulk_create([Purged(purge=made, object=one.id) for one in taken], batch_size=1_000)
        Peer.objects.filter(member=member).update(paused=True)
        record(by.actor, "federation.purge", name, "done", {"objects": len(taken), "reason": reason}, now_us=by.now_us)
    return found


def undo(name: str, reason: str, by: By, progress: Progress = lambda _: None) -> int:
    """End a purge and show again what it hid; how many objects. The exchange stays paused until it is resumed."""
    made = _going_on(name)
    _check_reason(reason)
    if made.erased_us is not None:
        raise Conflict("purge-erased", f"What {name} brought has been erased.", "Have it sent again by who has it.")
    with transaction.atomic():
        Purge.objects.filter(pk=made.pk).update(ended_us=by.now_us)  # first: what is shown must not be hidden again
        record(by.actor, "federation.purge-end", name, "done", {"reason": reason}, now_us=by.now_us)
    count = 0
    for rows in _in_pieces(made):
        recalled = set(Hidden.objects.filter(object__in=[row.object for row in rows]).values_list("object", flat=True))
        back = [row for row in rows if row.object not in recalled]
        acts.reclass(_named(back), lambda _, one: shown(one), actor=by.actor, reason=reason, word="show")
        _put_back(back, by)
        Purged.objects.filter(pk__in=[row.pk for row in rows]).delete()
        count += len(back)
        progress(count)
    return count


def erase(name: str, reason: str, by: By, progress: Progress = lambda _: None) -> int:
    """Destroy the bytes of everything a purge hides; how many objects. Cannot be undone."""
    made = _going_on(name)
    _check_reason(reason)
    with transaction.atomic():
        Purge.objects.filter(pk=made.pk).update(erased_us=by.now_us)
        record(by.actor, "federation.purge-erase", name, "done", {"reason": reason}, now_us=by.now_us)
    count = 0
    for rows in _in_pieces(made):
        for kind, uid in _named(rows):
            acts.erase(kind, uid, actor=by.actor, reason=reason)
            count += 1
        progress(count)
    return count


def note(admitted: Sequence[Admission]) -> None:
    """For the follower: what comes of a purged member is to be hidden as well."""
    made = {one.member_id: one for one in Purge.objects.select_related("member").filter(ended_us=None)}
    if not made:
        return
    authors = {one.member.identity: one for one in made.values()}
    sources = {source.pk: made[source.member_id] for source in Source.objects.filter(member__in=made)}  # type: ignore[index]
    for entry in admitted:
        author = orjson.loads(entry.raw).get("created_by_ref")
        found = authors.get(str(author)) or sources.get(entry.source)
        if found is not None:
            Purged.objects.update_or_create(
                purge=found, object=format_id(entry.type, entry.uid), defaults={"done": False}
            )


def carry_out() -> int:
    """Hide the next objects that are to be hidden, and recall them; how many."""
    rows = list(Purged.objects.select_related("purge__member").filter(done=False).order_by("purge", "pk")[:AT_ONCE])
    rows = [row for row in rows if row.purge_id == rows[0].purge_id]
    if not rows:
        return 0
    reason, actor = f"Purged: {rows[0].purge.member.name}", rows[0].purge.actor
    acts.reclass(_named(rows), lambda _, one: hidden(one), actor=actor, reason=reason, word="hide")
    while recalls.send(recalls.OBJECTS):
        pass  # before the objects leave their collections, where the notices of recall stand
    numbers = [row.pk for row in rows]
    acts.withdraw_everywhere(_named(rows), actor=actor, reason=reason, also=lambda stood: _note_done(numbers, stood))
    return len(rows)


def _note_done(numbers: list[int], stood: acts.Stood) -> None:
    """Keep where each object stood, beside what is known of it from before: the command and the worker may both be at it."""
    rows = list(Purged.objects.filter(pk__in=numbers))
    by_object: dict[str, dict[str, list[int]]] = {}
    for seq, slots in stood.items():
        entry = reading.admission(seq)
        by_object.setdefault(format_id(entry.type, entry.uid), {})[str(seq)] = slots
    for row in rows:
        row.stood, row.done = {**row.stood, **by_object.get(row.object, {})}, True
    Purged.objects.bulk_update(rows, ["stood", "done"])


def _put_back(rows: Sequence[Purged], by: By) -> None:
    """Into the collections where they stood, as their own sources' objects."""
    groups: dict[tuple[int, tuple[int, ...]], list[Piece]] = {}
    for row in rows:
        for seq, slots in row.stood.items():
            entry = reading.admission(int(seq))
            if entry.raw:
                groups.setdefault((entry.source, tuple(slots)), []).append(Piece(entry.raw, ""))
    sources = Source.objects.select_related("member").in_bulk([number for number, _ in groups])
    for (number, slots), pieces in groups.items():
        if (source := sources.get(number)) is not None:
            channel = Channel(number, source.default_marking, voucher_of(source), by.actor, slots)
            receive(pieces, channel, by.now_us).result()


def _divided(member: Member, *, with_others: bool) -> tuple[list[Originated], list[Originated]]:
    """What is taken, and what stays because others brought it as well."""
    found = originated(member)
    if with_others:
        return found, []
    others = _vouching(member)
    kept = [one for one in found if not one.authored and not others.keys().isdisjoint(one.sources)]
    staying = {one.id for one in kept}
    return [one for one in found if one.id not in staying], kept


def _vouching(member: Member) -> Mapping[int, str]:
    """Every source that another member vouches for, with that member's name."""
    names = {one.pk: one.member.name if one.member else HOME for one in Source.objects.select_related("member")}
    return {number: name for number, name in names.items() if name != member.name}


def _plan(member: Member, taken: Sequence[Originated], kept: Sequence[Originated]) -> PurgePlan:
    others = _vouching(member)
    titles = dict(Collection.objects.values_list("slot", "title"))
    return PurgePlan(
        member.name,
        len(taken),
        sum(one.authored for one in taken),
        dict(Counter(one.kind for one in taken).most_common()),
        dict(Counter(titles.get(slot, str(slot)) for one in taken for slot in one.slots).most_common()),
        holders(taken, member),
        dict(Counter(name for one in kept for name in {others[n] for n in one.sources if n in others}).most_common()),
        tuple(Peer.objects.filter(member=member).order_by("name").values_list("name", flat=True)),
        tuple(one.id for one in taken[:_EXAMPLES]),
    )


def _member(name: str) -> Member:
    if name == HOME:
        raise InvalidInput("purge-own", "This node's own member is not purged.", "Revoke or erase what is wrong.")
    return member_named(name)


def _open(member: Member) -> Purge | None:
    return Purge.objects.filter(member=member, ended_us=None).first()


def _going_on(name: str) -> Purge:
    made = _open(_member(name))
    if made is None:
        raise NotFound("purge-none", f"Nothing of {name} is purged.", f"commonwatch federation purge {name} --dry-run")
    return made


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("reason-needed", "A purge goes on record with its reason.", "Give --reason.")


def _in_pieces(made: Purge) -> Iterator[list[Purged]]:
    after = 0
    while rows := list(made.objects_hidden.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        after = rows[-1].pk
        yield rows


def _named(rows: Sequence[Purged]) -> list[tuple[str, bytes]]:
    return [named for row in rows if (named := parse_id(row.object)) is not None]
