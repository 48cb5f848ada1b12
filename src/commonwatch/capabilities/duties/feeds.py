"""Addresses of the calendar: made, revoked, and who may read by one."""

from __future__ import annotations

import secrets
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from commonwatch.base.audit.record import record
from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.case_facts import check_text
from commonwatch.capabilities.duties.models import Feed
from commonwatch.core.errors import InvalidInput, NotFound

_TOKEN_BYTES = 24


def make_feed(label: str, by: By) -> tuple[Feed, str]:
    """A new address; it is in this answer and nowhere else."""
    if not check_text(label).strip():
        raise InvalidInput("feed-unlabelled", "A calendar's address needs a label.", "Say who reads it.", status=422)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        made = Feed.objects.create(
            label=label.strip()[:200], token_sha256=_digest(token), actor=by.actor, made_us=by.now_us
        )
        record(by.actor, "duty.calendar", f"calendar {made.pk}", "done", {"label": made.label}, now_us=by.now_us)
    return made, settings.COMMONWATCH.public_url.rstrip("/") + reverse("duties-calendar", args=[token])


def revoke_feed(number: int, by: By) -> Feed:
    """End an address; raises NotFound."""
    found = Feed.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("feed-unknown", f"There is no calendar {number}.", "See `commonwatch duties calendar list`.")
    with transaction.atomic():
        if found.revoked_us is None:
            found.revoked_us = by.now_us
            found.save(update_fields=["revoked_us"])
            record(by.actor, "duty.calendar-revoked", f"calendar {found.pk}", "done", {}, now_us=by.now_us)
    return found


def feeds() -> list[Feed]:
    """Every address that was made, newest first."""
    return list(Feed.objects.order_by("-pk"))


def is_open(token: str) -> bool:
    """Whether somebody may read by this token."""
    return Feed.objects.filter(token_sha256=_digest(token), revoked_us=None).exists()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
