"""Rows of the index: documents written whole and taken out whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from commonwatch.base.journal.driver import execute_many, fetch
from commonwatch.base.release.indexing import Copy
from commonwatch.base.search.reading import Reading
from commonwatch.base.search.schema import REVOKED, SEVERAL
from commonwatch.base.search.terms import Term, ensure
from commonwatch.core.parts import parts
from commonwatch.core.stix.ids import parse_id

_COLUMNS = "(doc, uid, type, version, class, producer, flags, confidence, created, labels)"


class Doc(NamedTuple):
    """A document to write."""

    copy: Copy
    least: bool
    several: bool
    reading: Reading

    @property
    def number(self) -> int:
        """Its number: see `schema`."""
        return number_of(self.copy.seq, least=self.least)


class Row(NamedTuple):
    """What is known of a document that is in the index."""

    doc: int
    uid: bytes
    klass: int
    flags: int


def number_of(seq: int, *, least: bool) -> int:
    """A document's number."""
    return seq << 1 | least


def flags_of(copy: Copy, *, several: bool) -> int:
    """A document's flags."""
    return (REVOKED if copy.revoked else 0) | (SEVERAL if several else 0)


def rows_of(uids: Sequence[bytes]) -> list[Row]:
    """The documents of the objects with these UUIDs."""
    found: list[Row] = []
    uid = "uid" if connection.vendor == "sqlite" else "uuid_send(uid)"
    for some in parts(uids):
        keys = [stored(one) for one in some]
        query = f"SELECT doc, {uid}, class, flags FROM search_doc WHERE uid IN ({','.join(['%s'] * len(keys))})"
        found += [Row(doc, bytes(own), klass, flags) for doc, own, klass, flags in fetch(query, keys)]
    return found


def stored(uid: bytes) -> Any:
    """A UUID as the database has it."""
    return _storing()(uid)


def add(docs: Sequence[Doc]) -> None:
    """Write documents; inside a transaction."""
    if not docs:
        return
    store = _storing()
    producers = ensure(Term.PRODUCER, (one.reading.producer for one in docs if one.reading.producer))
    labels = ensure(Term.LABEL, (label for one in docs for label in one.reading.labels))
    ends = {end for one in docs for edge in one.reading.edges for end in (edge.source, edge.target) if end}
    types = ensure(Term.TYPE, map(_type_of, ends))
    kinds = ensure(Term.EDGE, (edge.kind for one in docs for edge in one.reading.edges))
    execute_many(
        f"INSERT INTO search_doc {_COLUMNS} VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
        [
            (
                one.number,
                store(one.copy.uid),
                one.copy.type,
                one.copy.version,
                one.copy.klass,
                producers.get(one.reading.producer, 0),
                flags_of(one.copy, several=one.several),
                one.reading.confidence,
                one.reading.created,
                ",".join([str(labels[label]) for label in one.reading.labels]),
            )
            for one in docs
        ],
    )
    if connection.vendor == "sqlite":
        execute_many(
            "INSERT INTO search_text (rowid, words) VALUES (%s, %s)",
            [(one.number, " ".join(one.reading.words)) for one in docs],
        )
    else:
        execute_many(
            "INSERT INTO search_text (doc, words) VALUES (%s, array_to_tsvector(%s::text[]))",
            [(one.number, one.reading.words) for one in docs],
        )
    keys = sorted([(int(key.kind), key.key, one.number) for one in docs for key in one.reading.keys])
    execute_many("INSERT INTO search_key (kind, key, doc) VALUES (%s, %s, %s)", keys)
    execute_many(
        "INSERT INTO search_edge (doc, n, kind, source, source_type, target, target_type) VALUES (%s,%s,%s,%s,%s,%s,%s)",
        [
            (one.number, n, kinds[edge.kind], *_end(edge.source, types, store), *_end(edge.target, types, store))
            for one in docs
            for n, edge in enumerate(one.reading.edges)
        ],
    )


def remove(docs: Iterable[int]) -> None:
    """Take documents out; inside a transaction."""
    wanted = [(doc,) for doc in docs]
    if not wanted:
        return
    text = (
        "DELETE FROM search_text WHERE rowid = %s"
        if connection.vendor == "sqlite"
        else "DELETE FROM search_text WHERE doc = %s"
    )
    execute_many(text, wanted)
    for table in ("doc", "key", "edge"):
        execute_many(f"DELETE FROM search_{table} WHERE doc = %s", wanted)


def change(rows: Sequence[tuple[int, int, int]]) -> None:
    """(class, flags, document) of documents whose content is the same; inside a transaction."""
    execute_many("UPDATE search_doc SET class = %s, flags = %s WHERE doc = %s", rows)


def _end(identity: str, types: Mapping[str, int], store: Callable[[bytes], Any]) -> tuple[Any, int | None]:
    """UUID and type of an end; nothing for none."""
    named = parse_id(identity) if identity else None
    return (None, None) if named is None else (store(named[1]), types[named[0]])


def _storing() -> Callable[[bytes], Any]:
    """`stored` for many: asking Django for the database costs more than the rest."""
    return bytes if connection.vendor == "sqlite" else lambda uid: UUID(bytes=uid)


def _type_of(identity: str) -> str:
    return identity[:-38]
