"""Which keys a member signs with, and which it signed with when: its statements, taken in order, and the ring made of them.

1. Every statement is judged by `core.signing.history`; what does not follow is refused, and the history stays as it was.
2. A first key counts if somebody vouches that it is the member's: whoever runs this node when two nodes join, or the
partnership. Later ones count by the signature of the key before.
3. Two statements under one number prove that somebody holds a key who should not: both are put on record, the first stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.audit.record import record
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import KeyStatement, MemberKey
from commonwatch.core.errors import IntegrityError, InvalidInput
from commonwatch.core.signing.history import History, KeyRing, Refused, TakenOrRefused, Validity
from commonwatch.core.signing.keys import public_key_of
from commonwatch.core.signing.statements import SignedStatement, Vouched, decode_statement, encode_statement

NOBODY = Vouched()
MOST_STATEMENTS = 10_000  # of one member


def history_of(identity: str) -> History:
    """The statements of a member, as far as they were taken."""
    history = History(identity)
    rows = list(KeyStatement.objects.filter(identity=identity).order_by("number"))
    vouched = Vouched(frozenset(row.digest for row in rows if row.vouched))
    for row in rows:
        taken = history.taking(decode_statement(bytes(row.raw)), vouched)
        if isinstance(taken, Refused):
            raise IntegrityError(
                "key-history",
                f"Statement {row.number} of {identity} does not follow in this node's database: {taken.sentence}",
                "Restore the database from a backup: somebody wrote into it.",
            )
        history = taken
    return history


def statements_of(identity: str) -> tuple[SignedStatement, ...]:
    """What a member said of its keys, in order: what another node needs to know them."""
    rows = KeyStatement.objects.filter(identity=identity).order_by("number").values_list("raw", flat=True)
    return tuple(decode_statement(bytes(raw)) for raw in rows)


def keys_of(identity: str) -> list[Validity]:
    """Every key of a member with its time, oldest first."""
    return [_validity(row) for row in MemberKey.objects.filter(identity=identity).order_by("from_us", "pk")]


def key_ring(key_ids: Iterable[str]) -> KeyRing:
    """The keys with these ids, as far as any member on record has or had them."""
    return KeyRing.of([_validity(row) for row in MemberKey.objects.filter(key_id__in=set(key_ids))])


def take_statements(
    identity: str, statements: Sequence[SignedStatement], by: By, vouched: Vouched = NOBODY
) -> list[Refused]:
    """Take what is new in a member's statements; what was refused, with the reason. What is known already is passed over."""
    if len(statements) > MOST_STATEMENTS:
        raise InvalidInput("statements-many", "That are too many statements of one member.", "Send what is new.")
    refused = []
    with transaction.atomic():
        history = history_of(identity)
        for signed in statements:
            taken = _taken(history, signed, vouched)
            if isinstance(taken, Refused):
                if taken.code != "known":
                    refused.append(taken)
                    _note_refused(identity, taken, by)
                continue
            history = taken
            _keep(signed, vouched=vouched.vouches(signed), by=by)
        _project(history)
    return refused


def _taken(history: History, signed: SignedStatement, vouched: Vouched) -> TakenOrRefused:
    """The history's judgement; and a key has one member: who shows to hold it as well is not its second."""
    taken = history.taking(signed, vouched)
    key = signed.statement.key
    if not isinstance(taken, Refused) and key:
        others = MemberKey.objects.filter(public=key).exclude(identity=history.member)
        if others.exists():
            return Refused("key-of-another", "Another member signs with that key.", signed)
    return taken


def _keep(signed: SignedStatement, *, vouched: bool, by: By) -> None:
    statement = signed.statement
    KeyStatement.objects.create(
        identity=statement.member,
        number=statement.number,
        digest=statement.digest(),
        raw=encode_statement(signed),
        vouched=vouched,
        taken_us=by.now_us,
        taken_by=by.actor,
    )
    detail = {"act": statement.act, "number": statement.number, "reason": statement.reason, "ends": statement.ends}
    record(by.actor, "key.statement", statement.member, "done", detail, now_us=by.now_us)


def _note_refused(identity: str, refused: Refused, by: By) -> None:
    """On record, once: peers send the same again and again."""
    subject = f"{identity} {refused.statement.statement.digest()[:16]}"
    if AuditEntry.objects.filter(action="key.statement", subject=subject, outcome="refused").exists():
        return
    detail = {"code": refused.code, "statement": encode_statement(refused.statement).decode()}
    if refused.other is not None:
        detail["other"] = encode_statement(refused.other).decode()
    record(by.actor, "key.statement", subject, "refused", detail, now_us=by.now_us)


def _project(history: History) -> None:
    for one in history.keys.values():
        MemberKey.objects.update_or_create(
            key_id=one.key.id,
            defaults={
                "identity": one.member,
                "public": one.key.text,
                "from_us": one.from_us,
                "until_us": one.until_us,
                "revoked_since_us": one.revoked_since_us,
                "reason": one.reason,
            },
        )


def _validity(row: MemberKey) -> Validity:
    return Validity(
        row.identity, public_key_of(row.public), row.from_us, row.until_us, row.revoked_since_us, row.reason
    )
