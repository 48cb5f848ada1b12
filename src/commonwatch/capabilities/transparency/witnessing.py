"""The node as witness of its peers' logs, and the policy by which it believes checkpoints itself."""

from __future__ import annotations

from hashlib import sha256

from django.db import transaction

from commonwatch.base.audit.record import record as put_on_record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.capabilities.transparency import keyfiles, record
from commonwatch.capabilities.transparency.models import Cosigned, Evidence, LogKey, TrustPolicy, WatchedLog
from commonwatch.core.errors import Conflict
from commonwatch.core.merkle.checkpoints import Checkpoint, cosign, parse_checkpoint
from commonwatch.core.merkle.notes import COSIGNATURE, ED25519, VerifierKey, parse_note, parse_vkey, verifier_key
from commonwatch.core.merkle.policies import Policy, parse_policy
from commonwatch.core.merkle.witness import Answer, Request, judge, parse_request


def watch(vkey: str, actor: str, now_us: int) -> VerifierKey:
    """Witness the log with this key from now on; raises InvalidInput or Conflict."""
    key = parse_vkey(vkey)
    if key.kind != ED25519:
        raise Conflict("key-kind", "That is a witness's key, not a log's.", "Ask for the key of the log.")
    _, made = WatchedLog.objects.get_or_create(
        vkey=key.text, defaults={"origin": key.name, "added_us": now_us, "added_by": actor}
    )
    if not made:
        raise Conflict("log-watched", f"{key.name} is witnessed already.", "See `commonwatch witness list`.")
    put_on_record(actor, "log.watch", key.name, "done", {"vkey": key.text}, now_us=now_us)
    return key


def witness_key() -> VerifierKey:
    """This node's own key as a witness, for its peers' policies."""
    secret = keyfiles.signing_key(keyfiles.WITNESS)
    return verifier_key(f"{record.ensure_log().origin}/witness", COSIGNATURE, secret.public.raw)


def add_checkpoint(body: bytes, now_us: int) -> Answer:
    """Answer a log that asks for a cosignature: what is answered with 200 is committed before."""
    request = parse_request(body)
    if isinstance(request, Answer):
        return request
    origin = request.checkpoint.origin
    keys = [parse_vkey(one) for one in WatchedLog.objects.filter(origin=origin).values_list("vkey", flat=True)]
    if not keys:
        return judge(request, keys, None)
    with transaction.atomic():
        row = _locked(origin)
        answer = judge(request, keys, _last(row))
        if answer.suspect and answer.broken is not None:
            _keep(origin, answer.broken.code, bytes(row.note), request.note.encode(), now_us)
        if answer.status == 200:
            answer = _cosigned(row, request, now_us)
    return answer


def last_cosigned(origin_hash: str) -> bytes | None:
    """The last checkpoint that we cosigned of the log with this SHA-256 of its origin, for monitors."""
    row = Cosigned.objects.filter(pk=origin_hash).first()
    return bytes(row.note) if row is not None and row.note else None


def set_policy(text: bytes, actor: str, now_us: int) -> Policy:
    """Believe checkpoints by this policy file from now on; raises InvalidInput with the line at fault."""
    policy = parse_policy(text)
    TrustPolicy.objects.create(text=text.decode("latin-1"), set_us=now_us, actor=actor)
    put_on_record(actor, "log.policy", "", "done", {"sha256": sha256(text).hexdigest()}, now_us=now_us)
    return policy


def policy() -> Policy:
    """The policy in force; before one was set: our own log, without witnesses."""
    latest = TrustPolicy.objects.order_by("-pk").first()
    return parse_policy(latest.text.encode("latin-1") if latest is not None else own_policy())


def own_policy() -> bytes:
    """A policy file that believes this node's log by its own word alone."""
    record.ensure_log()
    lines = [f"log {vkey}" for vkey in LogKey.objects.order_by("pk").values_list("vkey", flat=True)]
    return ("\n".join([*lines, "quorum none"]) + "\n").encode()


def _locked(origin: str) -> Cosigned:
    name = sha256(origin.encode()).hexdigest()
    Cosigned.objects.get_or_create(pk=name)
    return Cosigned.objects.select_for_update().get(pk=name)


def _last(row: Cosigned) -> Checkpoint | None:
    return parse_checkpoint(parse_note(bytes(row.note)).text) if row.note else None


def _cosigned(row: Cosigned, request: Request, now_us: int) -> Answer:
    text = request.note.text
    signature = cosign(text, witness_key().name, keyfiles.signing_key(keyfiles.WITNESS), now_us // MICROSECONDS)
    row.note, row.at_us = request.note.adding([signature]).encode(), now_us
    row.save()
    return Answer(200, body=signature.line)


def _keep(origin: str, code: str, cosigned: bytes, shown: bytes, now_us: int) -> None:
    """Keep both signed checkpoints, once."""
    name = sha256(cosigned + b"\0" + shown).hexdigest()
    made = {"origin": origin, "code": code, "cosigned": cosigned, "shown": shown, "at_us": now_us}
    Evidence.objects.get_or_create(digest=name, defaults=made)
