"""What the worker does for evidence: asks time-stamping authorities, again where one did not answer; warns of clocks that end."""

from __future__ import annotations

from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler, enqueue
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import operator
from commonwatch.base.stamping.asking import ask
from commonwatch.base.threads.models import ThreadEntry
from commonwatch.capabilities.evidence.legal.actions import warn
from commonwatch.capabilities.evidence.queries import STAMPING, known, stamp_key, stamp_states
from commonwatch.capabilities.evidence.rules import form_of
from commonwatch.capabilities.evidence.writing import on_terms_of, written
from commonwatch.core.errors import NodeUnable, PeerError
from commonwatch.core.signing.canonical import canonical
from commonwatch.core.signing.stamps import encoded
from commonwatch.core.stix.response.evidence import LEGAL, PRESERVATION, STAMP, Stamp

ACTOR = "time stamps"
EVERY_US = 3_600 * 1_000_000
_last_us = 0


def stamp_one(job: Job) -> None:
    """Ask one authority about one act, and write what it said."""
    stamp(str(job.payload["subject"]), str(job.payload["authority"]), By(ACTOR, now_us()))


HANDLERS: dict[str, Handler] = {STAMPING: stamp_one}


def upkeep(now_us: int) -> bool:
    """Once an hour, put on record each warning of a legal clock that is due; whether there was any."""
    global _last_us
    if now_us - _last_us < EVERY_US or not ThreadEntry.objects.filter(kind__in=[PRESERVATION, LEGAL]).exists():
        return False
    _last_us = now_us
    return warn(now_us) > 0


def stamp(subject: str, authority: str, by: By) -> str:
    """The id of the stamp, or of the one that is there already; raises PeerError where the authority does not answer rightly."""
    one = known(operator(by.actor), subject)
    for each in one.chain.stamps:
        if (each.content.subject_ref, each.content.authority) == (subject, authority):
            return each.id
    act = next(act for act in one.chain.every if act.id == subject)
    part = one.part(subject)
    response, told = ask(authority, canonical(form_of(part.value)))
    what = Stamp(one.chain.item.id, subject, act.sha256, authority, encoded(response))
    detail = {"authority": authority, "subject": subject, "serial": told.serial}
    return written(STAMP, what, on_terms_of(part), by, "evidence.stamp", detail)


def ask_missing(identity: str, by: By) -> tuple[list[str], list[str]]:
    """Ask now for every stamp that an item of ours lacks: the ids of those that came, and the sentences of those that did not.

    Those stay asked for: the worker tries them again.
    """
    came, failed = [], []
    for state in stamp_states(known(operator(by.actor), identity)):
        try:
            came.append(stamp(state.subject, state.authority, by))
        except (PeerError, NodeUnable) as error:
            failed.append(error.sentence)
            key = stamp_key(state.subject, state.authority)
            enqueue(STAMPING, key, {"subject": state.subject, "authority": state.authority}, run_at_us=by.now_us)
    return came, failed
