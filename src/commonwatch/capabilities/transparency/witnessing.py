"""The node as witness of its peers' logs."""

from __future__ import annotations

from hashlib import sha256

from django.db import transaction

from commonwatch.base.audit.record import record as put_on_record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.journal.driver import fetch
from commonwatch.base.keys import files as keyfiles
from commonwatch.base.outbound import check_url
from commonwatch.capabilities.transparency import keeping, record
from commonwatch.capabilities.transparency.models import Cosigned, Seen, Suspect, WatchedLog
from commonwatch.core.errors import Conflict, NotFound
from commonwatch.core.merkle.checkpoints import Checkpoint, cosign, parse_checkpoint
from commonwatch.core.merkle.evidence import Evidence, found
from commonwatch.core.merkle.notes import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_vkey,
    verifier_key,
)
from commonwatch.core.merkle.witness import Answer, Request, is_fork, judge, parse_request

_TRIES = 5
_KNOWN = (
    "SELECT w.vkey, c.note, h.origin FROM transparency_watched w "
    "LEFT JOIN transparency_cosigned c ON c.origin_hash = %s "
    "LEFT JOIN transparency_head h ON h.id = 1 WHERE w.origin = %s"
)
# One statement, so that of two requests for a log that were judged by the same checkpoint, one is judged again.
_REPLACE = (
    "INSERT INTO transparency_cosigned (origin_hash, note, at_us) VALUES (%s, %s, %s) "
    "ON CONFLICT (origin_hash) DO UPDATE SET note = excluded.note, at_us = excluded.at_us "
    "WHERE transparency_cosigned.note = %s RETURNING 1"
)


def watch(vkey: str, actor: str, now_us: int, url: str = "") -> VerifierKey:
    """Witness the log with this key from now on, and look at it where it is served; raises InvalidInput or Conflict.

    Given again with another address, the address is replaced.
    """
    key = parse_vkey(vkey)
    if key.kind != ED25519:
        raise Conflict("key-kind", "That is a witness's key, not a log's.", "Ask for the key of the log.")
    url = check_url(url).rstrip("/") if url else ""
    with transaction.atomic():
        row, made = WatchedLog.objects.get_or_create(
            vkey=key.text, defaults={"origin": key.name, "url": url, "added_us": now_us, "added_by": actor}
        )
        if not made and url in ("", row.url):
            raise Conflict("log-watched", f"{key.name} is witnessed already.", "See `commonwatch witness list`.")
        WatchedLog.objects.filter(pk=row.pk).update(url=url)
        put_on_record(actor, "log.watch", key.name, "done", {"vkey": key.text, "url": url}, now_us=now_us)
    return key


def unwatch(origin: str, actor: str, now_us: int) -> None:
    """Witness this log no longer; raises NotFound. What was cosigned of it stays: it may never be contradicted."""
    with transaction.atomic():
        if not WatchedLog.objects.filter(origin=origin).delete()[0]:
            raise NotFound("log-unwatched", f"{origin} is not witnessed.", "See `commonwatch witness list`.")
        Seen.objects.filter(pk=origin_hash(origin)).delete()
        Suspect.objects.filter(pk=origin_hash(origin)).delete()
        put_on_record(actor, "log.unwatch", origin, "done", {}, now_us=now_us)


def witness_key() -> VerifierKey:
    """This node's own key as a witness, for its peers' policies."""
    secret = keyfiles.signing_key(keyfiles.WITNESS)
    return verifier_key(f"{record.origin()}/witness", COSIGNATURE, secret.public.raw)


def add_checkpoint(body: bytes, now_us: int) -> Answer:
    """Answer a log that asks for a cosignature: what is answered with 200 is committed before."""
    request = parse_request(body)
    if isinstance(request, Answer):
        return request
    name = origin_hash(request.checkpoint.origin)
    for _ in range(_TRIES):
        rows = fetch(_KNOWN, [name, request.checkpoint.origin])
        cosigned = bytes(rows[0][1] or b"") if rows else b""
        answer = judge(request, [parse_vkey(vkey) for vkey, _, _ in rows], _last(cosigned))
        if answer.status != 200:
            if answer.suspect and cosigned:
                _suspect(parse_note(cosigned), request, now_us)
            return answer
        signature = _signature(request, rows[0][2] or record.origin(), now_us)
        note = request.note.adding([signature]).encode()
        if fetch(_REPLACE, [name, note, now_us, cosigned]):
            return Answer(200, body=signature.line)
    return Answer(503, body="That log asks for many cosignatures at once.\n")


def last_cosigned(name: str) -> bytes | None:
    """The last checkpoint that we cosigned of the log with this SHA-256 of its origin, for monitors."""
    row = Cosigned.objects.filter(pk=name).first()
    return bytes(row.note) if row is not None and row.note else None


def origin_hash(origin: str) -> str:
    """The name of a log in the witness protocol."""
    return sha256(origin.encode()).hexdigest()


def _last(cosigned: bytes) -> Checkpoint | None:
    return parse_checkpoint(parse_note(cosigned).text) if cosigned else None


def _signature(request: Request, own: str, now_us: int) -> NoteSignature:
    secret = keyfiles.signing_key(keyfiles.WITNESS)
    return cosign(request.note.text, f"{own}/witness", secret, now_us // MICROSECONDS)


def _suspect(cosigned: Note, request: Request, now_us: int) -> None:
    """Two roots of one size are evidence at once. All else may be a wrong proof or an old checkpoint that somebody sends who is not
    the log: the next look at the log shows it.
    """
    if is_fork(parse_checkpoint(cosigned.text), request.checkpoint):
        evidence = found(cosigned, request.note, lambda nodes: [], now_us // MICROSECONDS)
        assert isinstance(evidence, Evidence)  # noqa: S101 - of a fork
        keeping.keep(evidence, now_us)
        return
    shown = {"note": request.note.encode(), "at_us": now_us}
    Suspect.objects.update_or_create(pk=origin_hash(request.checkpoint.origin), defaults=shown)
