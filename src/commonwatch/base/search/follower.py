"""The index as a follower of the journal: what can be found, kept up to date with what is current in any collection.

1. For every object that an entry touches, whatever the entry did, its copies are looked at as they stand now: the current ones
   have documents, others have none. So the order of entries does not matter, and what is made anew is what was kept.
2. Where somebody may get a derived object there is a second document, with what everybody gets (`schema`).
3. A marking-definition that came late may change the TLP level of classes: they are looked up again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from commonwatch.base.journal import followers
from commonwatch.base.journal.driver import execute, execute_many, fetch
from commonwatch.base.journal.values import Act, Admission, Entry
from commonwatch.base.release.epochs import with_definitions
from commonwatch.base.release.indexing import (
    Copy,
    attributes_of,
    bodies,
    copies,
    id_in_least,
    least,
    levels_of,
    may_be_derived,
    objects_of,
)
from commonwatch.base.search import writing
from commonwatch.base.search.reading import Reading, read, within
from commonwatch.base.search.schema import EMPTY
from commonwatch.base.search.writing import Doc, Row
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes


class SearchFollower:
    """Keeps the tables of `schema`."""

    name = "search"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Apply a run of entries; cost grows with the objects in it."""
        admitted = [entry for entry in entries if isinstance(entry, Admission)]
        touched = {entry.uid for entry in admitted}
        touched |= objects_of([entry.target for entry in entries if isinstance(entry, Act)])
        raws = {entry.seq: entry.raw for entry in admitted}
        definitions = {entry.uid for entry in admitted if entry.type == "marking-definition"}
        if definitions:
            _set_levels(with_definitions(definitions, {}), again=True)
        _bring_up(sorted(touched), raws)

    def reset(self) -> None:
        """Forget everything, before a rebuild from entry 0."""
        for statement in EMPTY:
            execute(statement, [])


def behind() -> bool:
    """Whether the journal has entries that cannot be found yet."""
    state = next((one for one in followers.states() if one.name == SearchFollower.name), None)
    return (state.cursor if state is not None else 0) < followers.end()


def _bring_up(uids: Sequence[bytes], raws: Mapping[int, bytes]) -> None:
    """Rule 1."""
    current = [one for one in copies(uids) if one.current]
    classes = attributes_of(one.klass for one in current)
    _set_levels(classes, again=False)
    both = {klass for klass, attributes in classes.items() if may_be_derived(attributes)}
    held = {row.doc: row for row in writing.rows_of(uids)}
    several = _several(current)
    wanted = {
        writing.number_of(one.seq, least=form): one
        for one in current
        for form in ((False, True) if one.klass in both else (False,))
    }
    stale = {doc for doc, row in held.items() if doc not in wanted or _another_form(row, wanted[doc])}
    writing.remove(sorted(stale))
    writing.change(
        [
            (one.klass, flags, doc)
            for doc, one in wanted.items()
            if doc in held and doc not in stale
            if (flags := writing.flags_of(one, several=one.seq in several)) != held[doc].flags
            or one.klass != held[doc].klass
        ]
    )
    fresh = {doc: one for doc, one in wanted.items() if doc not in held or doc in stale}
    missing = bodies([one.seq for one in fresh.values() if one.seq not in raws])
    writing.add(_documents(fresh.values(), {**raws, **missing}, classes, both, set(fresh), several))


def _documents(
    copies: Iterable[Copy],
    raws: Mapping[int, bytes],
    classes: Mapping[int, ClassAttributes],
    both: set[int],
    fresh: set[int],
    several: set[int],
) -> list[Doc]:
    found: list[Doc] = []
    for one in dict.fromkeys(copies):
        raw = raws.get(one.seq, b"")
        if not raw:  # erased since
            continue
        reading = read(raw)
        if writing.number_of(one.seq, least=False) in fresh:
            found.append(Doc(one, False, one.seq in several, reading))
        if one.klass in both and writing.number_of(one.seq, least=True) in fresh:
            found.append(Doc(one, True, one.seq in several, _least(raw, classes[one.klass], reading)))
    return found


def _least(raw: bytes, attributes: ClassAttributes, full: Reading) -> Reading:
    ends = {end for edge in full.edges for end in (edge.target, edge.source) if end}
    return within(read(least(raw, attributes)), full, {end: id_in_least(end) for end in ends})


def _several(current: Iterable[Copy]) -> set[int]:
    """Entries of objects of which more than one copy is current."""
    found: dict[tuple[bytes, int], list[int]] = defaultdict(list)
    for one in current:
        found[one.uid, one.type].append(one.seq)
    return {seq for seqs in found.values() if len(seqs) > 1 for seq in seqs}


def _another_form(row: Row, copy: Copy) -> bool:
    """Whether a document of the least form was made for a class that withheld other parts."""
    return bool(row.doc & 1) and row.klass != copy.klass


def _set_levels(classes: Mapping[int, ClassAttributes], *, again: bool) -> None:
    """Rule 3. Not `again`: only classes that have none yet."""
    known = set() if again else _with_levels(classes)
    levels = levels_of({klass: attributes for klass, attributes in classes.items() if klass not in known})
    execute_many(
        "INSERT INTO search_class (class, level) VALUES (%s, %s) ON CONFLICT (class) DO UPDATE SET level = excluded.level",
        list(levels.items()),
    )


def _with_levels(classes: Iterable[int]) -> set[int]:
    wanted = sorted(classes)
    found: set[int] = set()
    for chunk in parts(wanted):
        rows = fetch(f"SELECT class FROM search_class WHERE class IN ({','.join(['%s'] * len(chunk))})", chunk)
        found |= {klass for (klass,) in rows}
    return found
