"""Threads as each reader may have them.

1. A part is given as its reader gets it anywhere else: by release, in its current version, on record.
2. What somebody writes in another's name would change what a thread says. So a part counts only where its author signed it or
brought it: others are told apart (`claims`), and no view of a thread is made from them.
3. Who may not have the root has no thread; who may not have a part has a thread without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import orjson

from commonwatch.base.parties.visibility import members
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.sight import Given, Sight, given, meant, sight_of
from commonwatch.base.search.heads import marking_of
from commonwatch.base.threads.follower import catch_up
from commonwatch.base.threads.models import ThreadEntry
from commonwatch.core.stix.ids import format_id, parse_id
from commonwatch.core.stix.times import parse_time

_AT_ONCE = 500


class Part(msgspec.Struct, frozen=True):
    """One object of a thread, as its reader has it. `value` comes from outside: whoever shows it escapes it."""

    id: str
    type: str
    value: dict[str, Any]
    author: str  # STIX identity
    seq: int
    created_us: int
    modified_us: int
    revoked: bool
    derived: bool  # made for this reader: with pseudonyms, or without parts
    marking: str  # strictest TLP
    markings: tuple[str, ...]  # ids of what marks it
    is_authentic: bool  # rule 2


def thread(reader: Reader, root: str) -> tuple[Part, ...]:
    """The root and then its parts in the order in which they were first written; empty where the reader has no such root."""
    return threads(reader, [root]).get(root, ())


def threads(reader: Reader, roots: Iterable[str]) -> dict[str, tuple[Part, ...]]:
    """Several threads, by the root's id; those that the reader does not have are left out."""
    catch_up()
    found: dict[str, tuple[Part, ...]] = {}
    for root, parts in _read(reader, list(dict.fromkeys(roots))).items():
        counted = [part for part in parts if part.is_authentic]
        first = [part for part in counted if part.id == root]
        if first:
            rest = sorted((part for part in counted if part.id != root), key=lambda one: (one.created_us, one.id))
            found[root] = (first[0], *rest)
    return found


def claims(reader: Reader, root: str) -> tuple[Part, ...]:
    """Objects that say they belong to a thread, and that nothing shows to be by whom they name as their author."""
    catch_up()
    return tuple(part for part in _read(reader, [root]).get(root, ()) if not part.is_authentic)


def roots(reader: Reader, kinds: Sequence[str], after: int | None, limit: int) -> list[Part]:
    """Roots of these types whose entry is before `after`, the one that changed last first."""
    catch_up()
    sight = sight_of(reader)
    found: list[Part] = []
    below = after
    while len(found) < limit:
        rows = ThreadEntry.objects.filter(kind__in=kinds)
        rows = rows if below is None else rows.filter(seq__lt=below)
        entries = list(rows.order_by("-seq").values_list("seq", flat=True)[:_AT_ONCE])
        if not entries:
            break
        parts = {part.seq: part for part in _parts(sight, entries)}
        found += [parts[seq] for seq in entries if seq in parts and parts[seq].is_authentic]
        below = entries[-1]
    return found[:limit]


def entries_of(kinds: Sequence[str], most: int) -> int:
    """How many entries there are of these types, up to so many, whoever may see them: by this a page decides how to count."""
    return ThreadEntry.objects.filter(kind__in=kinds)[:most].count()


def part(reader: Reader, identity: str) -> Part | None:
    """One object of any thread, in its current version; None where the reader does not have it."""
    catch_up()
    sight = sight_of(reader)
    rows = ThreadEntry.objects.filter(object_id__in=_known(sight, identity))
    found = [
        one
        for one in _parts(sight, list(rows.values_list("seq", flat=True)))
        if one.id == identity and one.is_authentic
    ]
    return max(found, key=lambda one: one.seq, default=None)


def names(reader: Reader, authors: Iterable[str]) -> dict[str, str]:
    """What people call these authors, by identity; one of whom the reader may not know is called by its identity."""
    wanted = set(authors)
    known = members(reader).filter(identity__in=wanted).values_list("identity", "title", "name")
    found = {identity: title or name for identity, title, name in known}
    return {identity: found.get(identity, identity) for identity in wanted}


def _read(reader: Reader, wanted: Sequence[str]) -> dict[str, list[Part]]:
    sight = sight_of(reader)
    meaning = {known: root for root in wanted for known in _known(sight, root)}
    rows = ThreadEntry.objects.filter(root_id__in=list(meaning)).values_list("seq", "root_id")
    root_of = dict(rows.order_by("seq"))
    found: dict[str, list[Part]] = {}
    for one in _parts(sight, list(root_of)):
        found.setdefault(meaning[root_of[one.seq]], []).append(one)
    return found


def _known(sight: Sight, identity: str) -> list[str]:
    """The ids under which the journal may know what the reader calls so."""
    named = parse_id(identity)
    if named is None:
        return []
    kind, uid = named
    return [format_id(kind, one) for one, _ in meant(sight, uid)]


def _parts(sight: Sight, entries: Sequence[int]) -> list[Part]:
    """These entries as the reader has them; of an object that several brought, the one that counts (rule 2), else the latest."""
    best: dict[str, Part] = {}
    for one in given(sight, entries, "threads").values():
        made = _part(one)
        before = best.get(made.id) if made is not None else None
        if made is not None and (before is None or _weight(made) > _weight(before)):
            best[made.id] = made
    return sorted(best.values(), key=lambda one: one.seq)


def _weight(one: Part) -> tuple[bool, int, int]:
    return one.is_authentic, one.modified_us, one.seq


def _part(one: Given) -> Part | None:
    if not one.raw:  # erased since
        return None
    value = orjson.loads(one.raw)
    author = value.get("created_by_ref")
    marks = value.get("object_marking_refs")
    return Part(
        one.id,
        one.id.rpartition("--")[0],
        value,
        author if isinstance(author, str) else "",
        one.seq,
        _time(value.get("created")) or one.version_us,
        one.version_us,
        one.revoked,
        one.derived,
        marking_of(one.attributes),
        tuple(mark for mark in marks if isinstance(mark, str)) if isinstance(marks, list) else (),
        one.signed or all(each.voucher == author for each in one.attributes.parts()),
    )


def _time(text: object) -> int:
    read = parse_time(text) if isinstance(text, str) else None
    return read[0] if read else 0
