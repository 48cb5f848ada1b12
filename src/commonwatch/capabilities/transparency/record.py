"""The log itself: statements become leaves, tiles grow, the checkpoint is signed, all in one transaction.

1. Appends are serial: the row of the head is locked. 2. The checkpoint that is served always belongs to leaves and tiles that are
committed. 3. A batch is one commit and one signature, however many leaves: followers hand over all that came in between two turns.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import transaction

from commonwatch.base.audit.record import record as put_on_record
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.journal.driver import execute_many, fetch, insert_many
from commonwatch.base.keys import files as keyfiles
from commonwatch.capabilities.transparency.models import Head, LogKey, Opening
from commonwatch.core.errors import NotFound
from commonwatch.core.merkle import leaves
from commonwatch.core.merkle.checkpoints import Checkpoint, parse_checkpoint
from commonwatch.core.merkle.hashing import HASH_LENGTH, Edge, Node, Read, leaf_hash
from commonwatch.core.merkle.leaves import Body
from commonwatch.core.merkle.notes import ED25519, Note, parse_note, sign_note, verifier_key
from commonwatch.core.merkle.offline import Proof
from commonwatch.core.merkle.proofs import inclusion_proof
from commonwatch.core.merkle.tiles import ENTRIES, WIDTH, Tile, encode_bundle, reading, tile_of, width_at
from commonwatch.core.signing.keys import SigningKey

_HEAD = 1
_LEAF = {"number": "int8", "entry": "bytea"}
_OPENING = {"number": "int8", "source": "varchar", "key": "int8", "kind": "varchar", "nonce": "bytea", "body": "text"}


@dataclass(frozen=True)
class Statement:
    """What is to be logged, and where it was found."""

    kind: str
    source: str
    key: int
    at_us: int
    body: Body


def append(statements: Sequence[Statement], policies: str) -> list[int]:
    """Log these; their numbers. Durable when the surrounding transaction is."""
    with transaction.atomic():
        head = _locked_head()
        edge = _edge(head)
        openings = [leaves.Opening(one.kind, secrets.token_bytes(leaves.NONCE_LENGTH), one.body) for one in statements]
        entries = [
            leaves.encode_leaf(opening, one.at_us // MICROSECONDS, policies)
            for opening, one in zip(openings, statements, strict=True)
        ]
        numbers = range(edge.size, edge.size + len(entries))
        insert_many("transparency_leaf", _LEAF, list(zip(numbers, entries, strict=True)))
        rows = [
            (number, one.source, one.key, one.kind, opening.nonce, opening.statement.decode())
            for number, one, opening in zip(numbers, statements, openings, strict=True)
        ]
        insert_many("transparency_opening", _OPENING, rows)
        grown, made = edge.extended(map(leaf_hash, entries))
        for level, hashes in made.items():
            _grow(level, edge.size >> 8 * level, hashes)
        _sign(head, grown, [keyfiles.signing_key(keyfiles.LOG)])
    return list(numbers)


def ensure_log() -> Head:
    """The head, with key, origin and an empty checkpoint made at first use."""
    head = Head.objects.filter(pk=_HEAD).first()
    if head is not None:
        return head
    key = keyfiles.signing_key(keyfiles.LOG)
    with transaction.atomic():
        head, made = Head.objects.get_or_create(pk=_HEAD, defaults={"origin": _origin(key)})
        if made:
            LogKey.objects.create(vkey=verifier_key(head.origin, ED25519, key.public.raw).text, from_us=now_us())
            _sign(head, Edge(), [key])
    return head


def origin() -> str:
    """The log's name."""
    rows = fetch("SELECT origin FROM transparency_head WHERE id = %s", [_HEAD])
    return str(rows[0][0]) if rows else ensure_log().origin


def rotate_key(actor: str = "command line", reason: str = "") -> str:
    """A new key for the log; returns its vkey. The checkpoint of the moment is signed by both, the next by the new one alone."""
    with transaction.atomic():
        head = _locked_head()
        old = keyfiles.signing_key(keyfiles.LOG)
        new = keyfiles.prepare(keyfiles.LOG)
        LogKey.objects.filter(until_us=None).update(until_us=now_us())
        vkey = verifier_key(head.origin, ED25519, new.public.raw).text
        LogKey.objects.create(vkey=vkey, from_us=now_us())
        _sign(head, _edge(head), [old, new])
        put_on_record(actor, "log.rotate", head.origin, "done", {"vkey": vkey, "reason": reason}, now_us=now_us())
        keyfiles.adopt(keyfiles.LOG)
    return vkey


def checkpoint() -> bytes:
    """The signed checkpoint as it is served, with what witnesses have cosigned of the very same."""
    return _notes()[0]


def tile(wanted: Tile) -> bytes | None:
    """The bytes of a tile or bundle; None where this log has none of that width."""
    if not 0 < wanted.width <= width_at(ensure_log().size, wanted.level, wanted.number):
        return None
    if wanted.level == ENTRIES:
        first = wanted.number * WIDTH
        query = "SELECT entry FROM transparency_leaf WHERE number >= %s AND number < %s ORDER BY number"
        return encode_bundle([bytes(row[0]) for row in fetch(query, [first, first + wanted.width])])
    return _hashes(wanted.level, wanted.number)[: wanted.width * HASH_LENGTH]


def proof(number: int) -> tuple[bytes, leaves.Opening, Proof]:
    """Entry, opening and proof of a leaf; raises NotFound where there is none, or its opening was erased.

    Under the latest checkpoint that a quorum has cosigned; what is newer, under the log's own.
    """
    note = proving(number)
    size = parse_checkpoint(note.text).size
    query = (
        "SELECT l.entry, o.kind, o.nonce, o.body FROM transparency_leaf l "
        "JOIN transparency_opening o ON o.number = l.number WHERE l.number = %s"
    )
    rows = fetch(query, [number])
    if not rows:
        raise NotFound(
            "leaf-unknown", f"There is no leaf {number} to be opened.", "It is not logged yet, or was erased."
        )
    entry, kind, nonce, body = rows[0]
    opened = leaves.Opening(kind, bytes(nonce), msgspec.json.decode(body))
    path = tuple(inclusion_proof(number, size, reading_of(size)))
    return bytes(entry), opened, Proof(number, path, note, opened.encode())


def reading_of(size: int) -> Read:
    """Reads the subtrees of the log as it was with so many leaves; the tiles of one call in one query."""

    def read(nodes: Sequence[Node]) -> Sequence[bytes]:
        wanted = {tile_of(node, size) for node in nodes}
        if not wanted:
            return []
        named = " OR ".join(["level = %s AND number = %s"] * len(wanted))
        query = f"SELECT level, number, hashes FROM transparency_tile WHERE {named}"
        rows = fetch(query, [part for one in wanted for part in (one.level, one.number)])
        found = {(level, number): bytes(hashes) for level, number, hashes in rows}
        return reading(size, lambda one: found[one.level, one.number][: one.width * HASH_LENGTH])(nodes)

    return read


def numbers_of(source: str, key: int) -> list[int]:
    """The leaves about one row or entry of a source, whose openings are still there."""
    return list(Opening.objects.filter(source=source, key=key).order_by("number").values_list("number", flat=True))


def erase(source: str, keys: Sequence[int]) -> Mapping[int, list[int]]:
    """Destroy the openings of what is to be erased; the leaves that were theirs, by key."""
    found: dict[int, list[int]] = {key: numbers_of(source, key) for key in keys}
    Opening.objects.filter(source=source, key__in=list(keys)).delete()
    return found


def proving(number: int = 0) -> Note:
    """The checkpoint under which this leaf is proven: the latest that a quorum cosigned, if it has it."""
    newest, quorate = _notes()
    if quorate:
        note = parse_note(quorate)
        if number < parse_checkpoint(note.text).size:
            return note
    return parse_note(newest)


def _notes() -> tuple[bytes, bytes]:
    """The checkpoint that is out, with its cosignatures, and the latest that a quorum has cosigned (empty: none)."""
    query = "SELECT h.note, r.note, r.quorate FROM transparency_head h LEFT JOIN transparency_round r ON r.id = h.id"
    rows = fetch(query, [])
    if not rows:
        return bytes(ensure_log().note), b""
    head, asked, quorate = (bytes(part or b"") for part in rows[0])
    same = asked.partition(b"\n\n")[0] == head.partition(b"\n\n")[0]
    return asked if same else head, quorate


def _locked_head() -> Head:
    ensure_log()
    return Head.objects.select_for_update().get(pk=_HEAD)


def _edge(head: Head) -> Edge:
    raw = bytes(head.edge)
    return Edge(head.size, tuple(raw[at : at + HASH_LENGTH] for at in range(0, len(raw), HASH_LENGTH)))


def _grow(level: int, first: int, hashes: Sequence[bytes]) -> None:
    """Put new hashes at the end of a level's tiles."""
    rows, at = [], 0
    while at < len(hashes):
        number, have = divmod(first + at, WIDTH)
        take = hashes[at : at + WIDTH - have]
        before = _hashes(level, number) if have else b""
        rows.append((level, number, before + b"".join(take)))
        at += len(take)
    execute_many(
        "INSERT INTO transparency_tile (level, number, hashes) VALUES (%s, %s, %s) "
        "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
        rows,
    )


def _hashes(level: int, number: int) -> bytes:
    rows = fetch("SELECT hashes FROM transparency_tile WHERE level = %s AND number = %s", [level, number])
    return bytes(rows[0][0]) if rows else b""


def _sign(head: Head, edge: Edge, keys: Sequence[SigningKey]) -> None:
    text = Checkpoint(head.origin, edge.size, edge.root).text
    head.size, head.edge = edge.size, b"".join(edge.hashes)
    head.note = Note(text, tuple(sign_note(text, head.origin, key) for key in keys)).encode()
    head.save()


def _origin(key: SigningKey) -> str:
    """The log's name for ever: the node's public address without its scheme, else one made from the first key."""
    parts = urlsplit(settings.COMMONWATCH.public_url)
    return f"{parts.netloc}{parts.path.rstrip('/')}/tlog" if parts.netloc else f"commonwatch.invalid/{key.public.id}"
