"""One notice: its clock and why, its draft, what a person sent and what came back. The node itself sends nothing."""

from __future__ import annotations

from hashlib import file_digest
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.capabilities.duties import actions, notices, queries
from commonwatch.capabilities.duties.drafting import Draft
from commonwatch.capabilities.duties.law import duties_list
from commonwatch.capabilities.duties.words import recipient_said, stage_said
from commonwatch.console.response import duty_words
from commonwatch.console.response.duty_forms import DraftForm, ExtensionForm, LanguageForm, ReceiptForm, SentForm
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.who import acting, identity


@shown_to(READER, at_home=True)
@require_safe
def notice(request: HttpRequest, number: int) -> HttpResponse:
    """A notice whole."""
    return _page(request, number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def save_draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the draft as it was written."""
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _page(request, number, draft=form)
    notices.save_draft(number, form.cleaned_data["text"], acting(request))
    done(request, _("The draft is kept."))
    return redirect("duty-notice", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def sent(request: HttpRequest, number: int) -> HttpResponse:
    """Record that it was sent."""
    form = SentForm(request.POST, auto_id="sent_%s")
    if not form.is_valid():
        return _page(request, number, sent=form)
    given = form.cleaned_data
    at_us = duty_words.us(given["at"])
    notices.sent(
        number,
        at_us=at_us,
        how=given["how"],
        to=given["to"],
        by=acting(request),
        text=given["text"],
        language=given["language"] or _language(request),
    )
    done(request, _("It is on record as sent. What follows from it has begun."))
    return redirect("duty-notice", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def receipt(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what came back."""
    sending = queries.sending_numbered(number)
    form = ReceiptForm(request.POST, request.FILES, auto_id=f"receipt{number}_%s")
    if not form.is_valid():
        return _page(request, sending.notice_id, receipt=(number, form))
    given, file = form.cleaned_data, form.cleaned_data["file"]
    notices.keep_receipt(
        number,
        reference=given["reference"],
        receipt=given["receipt"],
        at_us=duty_words.us(given["at"]),
        by=acting(request),
        file_name=file.name if file else "",
        file_sha256=file_digest(file, "sha256").hexdigest() if file else "",
    )
    done(request, _("The receipt is kept."))
    return redirect("duty-notice", sending.notice_id)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def extend(request: HttpRequest, number: int) -> HttpResponse:
    """Record more time."""
    form = ExtensionForm(request.POST, auto_id="extension_%s")
    if not form.is_valid():
        return _page(request, number, extension=form)
    given = form.cleaned_data
    actions.extend(number, duty_words.us(given["until"]), given["ground"], acting(request))
    done(request, _("The notice has more time."))
    return redirect("duty-notice", number)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def leave_out(request: HttpRequest, number: int) -> HttpResponse:
    """Say that it is not needed, or that it is after all."""
    found = actions.leave_out(number, reason_given(request), acting(request))
    done(request, _("The notice is not needed.") if found.dropped_why else _("The notice is needed after all."))
    return redirect("duty-notice", number)


def _page(
    request: HttpRequest,
    number: int,
    *,
    draft: Form | None = None,
    sent: Form | None = None,
    extension: Form | None = None,
    receipt: tuple[int, Form] | None = None,
) -> HttpResponse:
    row = queries.notice_numbered(number)
    shown, duty = queries.shown_notice(row, now_us(), duties_list()), queries.shown_duty(row.duty)
    language = _language(request)
    made = notices.made_draft(row, now_us(), language)
    now = timezone.localtime().replace(second=0, microsecond=0)
    may_act = identity(request).may(CONTRIBUTOR) and duty["state"] == "confirmed"
    context: dict[str, Any] = {
        "notice": shown,
        "name": duty_words.stage(shown["name"]),
        "duty": {**duty, "recipient": recipient_said(duty["recipient"])},
        "local": duty_words.there(shown["local"]),
        "steps": [
            (duty_words.sentence(one["sentence"]), duty_words.basis(one["source"]) if one["source"] else "")
            for one in shown["reasons"]
        ],
        "gaps": [duty_words.sentence(one) for one in shown["gaps"]],
        "badge": duty_words.badge(shown["state"]),
        "left": duty_words.left(shown),
        "draft": draft or DraftForm({"text": row.draft or made.text}, language="" if row.draft else language),
        "draft_lines": _lines(row.draft, made),
        "languages": LanguageForm({"language": language}),
        "is_changed": bool(row.draft),
        "made": made,
        "sent": sent or SentForm(initial={"at": now, "to": duty["recipient"], "language": language}, auto_id="sent_%s"),
        "extension": extension or ExtensionForm(auto_id="extension_%s"),
        "sendings": [_sending(one, receipt, now) for one in shown["sendings"]],
        "may_act": may_act,
        "may_leave_out": may_act and not shown["sendings"],
        "trail": [
            (gettext("Duties"), reverse("duties")),
            (duty["instrument"], reverse("duty", args=[duty["duty"]])),
            (stage_said(shown["name"]).text, ""),
        ],
    }
    wrong = any(form is not None for form in (draft, sent, extension, receipt))
    return render(request, "console/response/duty_notice.html", context, status=422 if wrong else 200)


def _language(request: HttpRequest) -> str:
    """Of the draft: as it was chosen, else the reader's."""
    chosen = request.GET.get("language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else get_language() or "en"


def _lines(kept: str, made: Draft) -> list[tuple[str, bool]]:
    """The draft line by line, and whether a line is in English for want of other words."""
    return [
        (line, not kept and number in made.untranslated) for number, line in enumerate((kept or made.text).split("\n"))
    ]


def _sending(one: dict[str, Any], wrong: tuple[int, Form] | None, now: Any) -> dict[str, Any]:
    number = one["sending"]
    form = wrong[1] if wrong and wrong[0] == number else ReceiptForm(initial={"at": now}, auto_id=f"receipt{number}_%s")
    return {**one, "form": form, "address": reverse("duty-receipt", args=[number])}
