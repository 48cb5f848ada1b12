"""What is written about one notice: its draft, that a person sent it, what came back. The node itself sends nothing, ever."""

from __future__ import annotations

import re
from hashlib import sha256

from django.db import transaction

from commonwatch.base.languages import known_language
from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.case_facts import check_moment, check_text
from commonwatch.capabilities.duties.clockwork import facts_of, law_of
from commonwatch.capabilities.duties.drafting import Draft, draft
from commonwatch.capabilities.duties.keeping import refresh
from commonwatch.capabilities.duties.law import calendars, where
from commonwatch.capabilities.duties.models import CONFIRMED, Duty, Notice, Sending
from commonwatch.capabilities.duties.queries import OVERDUE, notice_numbered, sending_numbered, state_of
from commonwatch.capabilities.duties.writing import add_event, open_for, write_down
from commonwatch.core.errors import Conflict, InvalidInput
from commonwatch.core.law.duties import Stage

LONGEST_TEXT = 200_000
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def made_draft(notice: Notice, now_us: int, language: str = "en") -> Draft:
    """The notice as the facts of the case give it, in a language, with its gaps; one that is late has to say why."""
    duty, there = notice.duty, where(notice.duty.place, calendars())
    late = state_of(notice, now_us) == OVERDUE
    stage, known = _stage(duty, notice), known_language(language)
    return draft(facts_of(duty), law_of(duty), stage, duty.member, notice.local, there, language=known, late=late)


def text_of(notice: Notice, now_us: int, language: str = "en") -> str:
    """The draft as a person left it, else as the facts give it, in a language."""
    return notice.draft or made_draft(notice, now_us, language).text


def save_draft(number: int, text: str, by: By) -> Notice:
    """Keep the draft as a person wrote it; an empty one is made from the facts again."""
    notice = notice_numbered(number)
    duty = open_for(notice.duty_id, CONFIRMED)
    with transaction.atomic():
        notice.draft = _bounded(text)
        notice.save(update_fields=["draft"])
        write_down(duty, by, "drafted", "", {"notice": notice.stage})
    return notice


def sent(number: int, *, at_us: int, how: str, to: str, by: By, text: str = "", language: str = "en") -> Sending:
    """Record that a person sent the notice: when, by which way, to whom. What follows from sending it starts its clocks.

    Without `text` it was the draft, in `language` where no person had changed it.
    """
    notice = notice_numbered(number)
    duty = open_for(notice.duty_id, CONFIRMED)
    if not how.strip() or not to.strip():
        raise InvalidInput("sending-incomplete", "How it was sent and to whom is needed.", "", status=422)
    if at_us > by.now_us:
        raise InvalidInput("sending-future", "A notice cannot have been sent later than now.", "", status=422)
    check_moment(at_us)
    check_text(how + to)
    said = _bounded(text) or text_of(notice, by.now_us, language)
    with transaction.atomic():
        made = Sending.objects.create(
            notice=notice,
            at_us=at_us,
            how=how.strip()[:200],
            to=to.strip()[:300],
            text=said,
            text_sha256=sha256(said.encode()).hexdigest(),
            actor=by.actor,
            recorded_us=by.now_us,
        )
        if notice.sent_us is None:
            notice.sent_us, notice.next_reminder_us = at_us, None
            notice.sequence, notice.changed_us = notice.sequence + 1, by.now_us
            notice.save()
        for event in _stage(duty, notice).sends:
            add_event(duty, event, at_us, f"Sent: {notice.name.replace('_', ' ')}.", by, stated=True)
        late = notice.due_us is not None and at_us > notice.due_us and not notice.is_guide
        about = {"notice": notice.stage, "sending": made.pk, "sha256": made.text_sha256, "late": late}
        write_down(duty, by, "sent", f"{how} to {to}", about)
        refresh(duty, by.now_us)
    return made


def keep_receipt(
    number: int, *, reference: str, receipt: str, at_us: int, by: By, file_name: str = "", file_sha256: str = ""
) -> Sending:
    """Keep what came back: a reference, words, and of a file its name and digest. The file itself is not kept here."""
    sending = sending_numbered(number)
    if sending.receipt_us is not None:
        raise Conflict("receipt-kept", "A receipt of this sending is kept already.", "Record a further sending.")
    if file_sha256 and not _SHA256.fullmatch(file_sha256):
        raise InvalidInput("digest-unreadable", "The digest is no SHA-256.", "Give 64 hexadecimal digits.", status=422)
    if not (reference.strip() or receipt.strip() or file_sha256):
        raise InvalidInput("receipt-empty", "A receipt has a reference, words or a file.", "", status=422)
    check_moment(at_us)
    check_text(reference + file_name)
    with transaction.atomic():
        sending.reference, sending.receipt, sending.receipt_us = reference.strip()[:300], _bounded(receipt), at_us
        sending.receipt_file, sending.receipt_sha256 = file_name[:300], file_sha256
        sending.save()
        about = {"sending": sending.pk, "reference": sending.reference, "sha256": file_sha256}
        write_down(sending.notice.duty, by, "receipt", sending.reference or sending.receipt, about)
    return sending


def _stage(duty: Duty, notice: Notice) -> Stage:
    found = law_of(duty).stage(notice.stage)
    if found is None:
        raise Conflict("stage-gone", "The list of law no longer has this notice.", "See what changed in the list.")
    return found


def _bounded(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise InvalidInput("text-large", f"A notice has up to {LONGEST_TEXT:,} characters.", "", status=413)
    return check_text(text).strip()
