"""What could not be admitted: every finding with its place and remedy, mending it, trying again, letting it go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.intake import quarantine, together
from commonwatch.base.intake.quarantine import Listed
from commonwatch.base.jobs.many import did
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.meant import meant, newest
from commonwatch.console.shell.pages import OPERATOR, done, reason_given, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Act, Column, Empty, Facet, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting
from commonwatch.core.errors import InvalidInput

LONGEST = 1_000_000  # bytes that are shown and mended on a page
STATES = {"held": "waiting", "admitted": "done", "dropped": "off"}
HELD = Table(
    _("Objects in quarantine, the last first"),
    (
        Column("object_id", _("Object"), cells.code, link=True),
        Column("reason", _("Reason"), cells.code),
        Column("finding", _("What is wrong"), told.sentence),
        Column("source", _("From")),
        Column("received", _("Received"), cells.moment),
        Column("state", _("State"), cells.status),
    ),
)
FINDINGS = Table(
    _("What is wrong, and what to do"),
    (
        Column("place", _("Where"), cells.code),
        Column("sentence", _("What is wrong"), told.sentence),
        Column("remedy", _("What to do"), told.sentence),
        Column("code", _("Code"), cells.code, chosen=False),
    ),
)


class HeldFilter(Filter):
    """Which entries."""

    reason = Several(label=_("Reason"), max_length=64)
    everything = forms.BooleanField(label=_("Also those dealt with"))


@shown_to(OPERATOR)
@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """What is held, with the commonest reasons."""
    asked = HeldFilter(request)
    reasons, everything = asked.wanted("reason"), bool(asked.wanted("everything"))

    def following(before: int | None, count: int) -> list[Listed]:
        return quarantine.page(reasons=reasons, everything=everything, limit=count, before=before)[0]

    listing = HELD.paged(
        request,
        by_key(following, lambda one: one.entry.pk, _row),
        total=quarantine.matching(reasons, everything=everything).count(),
        filter=asked,
        facets=[
            Facet(
                "reason",
                _("Reason"),
                [(name, name, number) for name, number in quarantine.reasons_held(everything=everything).items()],
            )
        ],
        acts=[
            Act(_("Try again"), reverse("quarantine-retry-many")),
            Act(_("Let go"), reverse("quarantine-drop"), danger=True),
        ],
        newest=newest(quarantine.matching((), everything=True)),
        empty=Empty(
            _("Nothing is held in quarantine"),
            _("What arrives and cannot be admitted, but may matter, waits here for somebody to mend it."),
        ),
    )
    return listed(request, "console/sharing/quarantine.html", {"held": listing}, "held")


@shown_to(OPERATOR)
@require_safe
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry with its bytes."""
    listed = quarantine.entry(number)
    raw = bytes(listed.entry.raw)
    context = {
        "entry": _row(listed),
        "number": number,
        "is_held": listed.entry.state == "held",
        "resolution": listed.entry.resolution,
        "resolved_by": listed.entry.resolved_by,
        "findings": FINDINGS.listing(request, listed.entry.findings, total=len(listed.entry.findings)),
        "text": raw[:LONGEST].decode("utf-8", "backslashreplace"),
        "is_whole": _is_whole(raw),
        "trail": [(gettext("Quarantine"), reverse("quarantine")), (listed.entry.object_id or str(number), "")],
    }
    return render(request, "console/sharing/quarantine_entry.html", context)


@shown_to(OPERATOR)
@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Judge an entry again, with what was mended in place of its bytes."""
    text = request.POST.get("mended", "")
    mended = text.replace("\r\n", "\n").encode() if text.strip() else None
    result = quarantine.retry(number, mended, actor=acting(request).actor, now_us=now_us())
    if not result.is_in:
        wrong = " ".join(
            f"{one.place or '/'}: {told.told(one.sentence)} {told.told(one.remedy)}" for one in result.findings[:5]
        )
        raise InvalidInput("still-wrong", gettext("It still cannot be admitted."), wrong, status=422)
    done(request, gettext("It is admitted: %(object)s") % {"object": result.object_id})
    return redirect("quarantine")


@shown_to(OPERATOR)
@require_POST
def retry_many(request: HttpRequest) -> HttpResponse:
    """Judge all that are meant again, as they are."""
    numbers, by = _meant(request), acting(request)
    admitted, job = together.retry_all(numbers, actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _admitted(admitted, len(numbers)))
    return redirect("quarantine")


@shown_to(OPERATOR)
@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Decide that all that are meant are not wanted; they stay on record."""
    numbers, reason, by = _meant(request), reason_given(request), acting(request)
    job = together.drop_all(numbers, reason=reason, actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _let_go(len(numbers)))
    return redirect("quarantine")


def _meant(request: HttpRequest) -> list[int]:
    return meant(request, quarantine.matching(HeldFilter(request).wanted("reason"), everything=False))


def _admitted(admitted: int, count: int) -> str:
    sentence = ngettext(
        "%(admitted)s of %(count)s object is admitted now.",
        "%(admitted)s of %(count)s objects are admitted now.",
        count,
    )
    return sentence % {"admitted": f"{admitted:,}", "count": f"{count:,}"}


def _let_go(count: int) -> str:
    return ngettext("%(count)s object is let go.", "%(count)s objects are let go.", count) % {"count": f"{count:,}"}


WORKS = (
    WorkKind(
        together.RETRY,
        _("Held objects are judged again"),
        "quarantine",
        lambda job: _admitted(did(job), len(job.payload["numbers"])),
    ),
    WorkKind(together.DROP, _("Held objects are let go"), "quarantine", lambda job: _let_go(did(job))),
)


def _row(one: Listed) -> dict[str, Any]:
    held = one.entry
    first = held.findings[0] if held.findings else {}
    return {
        "id": held.pk,
        "object_id": held.object_id or gettext("no id can be read"),
        "reason": held.reason,
        "finding": first.get("sentence", ""),
        "source": one.source_name,
        "received": held.received_us,
        "state": STATES.get(held.state, held.state),
        "url": reverse("quarantine-entry", args=[held.pk]),
    }


def _is_whole(raw: bytes) -> bool:
    """Whether what is shown is the whole, so that it can be mended on the page."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return len(raw) <= LONGEST
