"""Evidence that is added from a page: first what is said of it, then its content, which is sealed while it comes.

The content is the body of a request of its own, and nobody but its view reads that body. Django would put a file into a folder before
a view sees it; and the token against requests of other sites stands in the body, so that looking for it would read everything. In its
place stands the address: it is a secret of the session in which what is said of the item waits.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from commonwatch.base.clock import now_us
from commonwatch.base.intake.own import Audience, Reach
from commonwatch.capabilities.evidence import actions
from commonwatch.capabilities.evidence.actions import Adding, Collected
from commonwatch.capabilities.evidence.receiving import BIT, all_came, announced
from commonwatch.console.response.asking import AudienceForm, reaches
from commonwatch.console.shell.pages import CONTRIBUTOR, done, gone_to, shown_to
from commonwatch.console.shell.told import RefusalsOn, error_told, told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import CommonwatchError, InvalidInput, NotFound
from commonwatch.core.stix.times import format_time

_WAITING = "evidence-waiting"  # in the session
_MOST_WAITING = 10
_AROUND = 64 * 2**10  # of a body: what stands around the file


class Said(msgspec.Struct, frozen=True):
    """What was said of an item whose content is still to come."""

    collected: Collected
    audience: Audience
    recipients: tuple[str, ...]


class ItemForm(AudienceForm):
    """What a person says about a thing that was collected."""

    name = forms.CharField(label=_("What it is"), max_length=500)
    basis = forms.CharField(label=_("Legal basis"), max_length=500, help_text=_("The law, order or consent."))
    collected_by = forms.CharField(label=_("Collected by"), max_length=500)
    collected_at = forms.CharField(label=_("When (UTC)"), max_length=40, help_text=_("As 2026-11-29T10:15:00Z."))
    tool = forms.CharField(label=_("With what"), max_length=500, required=False)
    method = forms.CharField(label=_("How"), max_length=2_000, required=False)
    place = forms.CharField(label=_("Where, or from which system"), max_length=500, required=False)
    description = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=20_000
    )
    case = forms.CharField(label=_("Id of the case"), max_length=300, required=False)
    request = forms.CharField(label=_("Id of the legal request that it answers"), max_length=300, required=False)
    recipients = forms.CharField(
        label=_("Public keys of those who may open it"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=_("One a line, as age1... or ssh-ed25519 ...; those of the node's settings are added."),
    )
    field_order = (
        "name", "basis", "collected_by", "collected_at", "tool", "method", "place", "description", "case", "request",
        "recipients", "members", "communities", "tlp", "altered",
    )  # fmt: skip

    @property
    def said(self) -> Said:
        """The same, as the action takes it."""
        given = {name: self.cleaned_data[name] for name in Collected.__dataclass_fields__}
        lines = [line.strip() for line in self.cleaned_data["recipients"].splitlines()]
        return Said(Collected(**given), self.audience, tuple(line for line in lines if line))


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def say(request: HttpRequest) -> HttpResponse:
    """Say what it is; its content comes next."""
    first = {
        "collected_by": identity(request).name,
        "collected_at": format_time(now_us(), 0),
        "tlp": "TLP:AMBER+STRICT",
        "case": request.GET.get("case", "")[:300],
    }
    form = ItemForm(identity(request), request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            would = _looked(form.said, request)
            if not would.refused:
                return redirect("evidence-content-new", _wait(request, form.said))
            for sentence in would.refused:
                form.add_error(None, told(sentence))
    context = {"form": form, "trail": [(gettext("Evidence"), reverse("evidence")), (gettext("Add evidence"), "")]}
    return render(request, "console/response/evidence_new.html", context, status=422 if form.errors else 200)


def _unread(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Nobody reads the body of this view's requests but the view: once reading has begun, Django parses none of it."""

    @wraps(view)
    def begun(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.read(0)
        return view(request, *args, **kwargs)

    return csrf_exempt(begun)


@_unread
@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def content(request: HttpRequest, waiting: str) -> HttpResponse:
    """Choose the file; posted to, it is sealed while it comes."""
    found = request.session.get(_WAITING, {}).get(waiting)
    if found is None:
        raise NotFound(
            "evidence-waiting", gettext("Nothing waits here for its content."), gettext("Say first what it is.")
        )
    said = msgspec.convert(found, Said)
    if request.method == "POST":
        return _received(request, waiting, said)
    context = {
        "said": said,
        "reaches": reaches(_looked(said, request)),
        "most": settings.COMMONWATCH.max_evidence_bytes,
        "trail": [
            (gettext("Evidence"), reverse("evidence")),
            (gettext("Add evidence"), reverse("evidence-new")),
            (said.collected.name, ""),
        ],
    }
    return render(request, "console/response/evidence_content.html", context)


def _received(request: HttpRequest, waiting: str, said: Said) -> HttpResponse:
    try:
        made = _sealed(request, said)
    except CommonwatchError as problem:
        messages.error(request, str(error_told(problem)))
        return gone_to(request, reverse("evidence-content-new", args=[waiting]))
    kept = {name: one for name, one in request.session[_WAITING].items() if name != waiting}
    request.session[_WAITING] = kept
    done(request, gettext("It is sealed and on record. Keep your own copy until you have opened the sealed one."))
    return gone_to(request, reverse("evidence-item", args=[made]))


def _sealed(request: HttpRequest, said: Said) -> str:
    length = announced(request, _AROUND)
    with actions.adding(said.collected, said.audience, said.recipients, acting(request)) as item:
        body = _Body(request)
        stream: Any = body  # the parser takes any file, and only reads
        try:
            MultiPartParser(request.META, stream, [_Sealing(item)]).parse()
        except MultiPartParserError:
            raise InvalidInput(
                "upload-unreadable", gettext("The upload cannot be read."), gettext("Choose the file again.")
            ) from None
        all_came(body.came, length)
        return item.kept()


class _Body:
    """The body, and how much of it came."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.came = 0

    def read(self, size: int) -> bytes:
        bit = self._request.read(size)
        self.came += len(bit)
        return bit


class _Sealing(FileUploadHandler):
    """Hands a file on as it comes. Of several the first is meant: the form has one field."""

    chunk_size = BIT

    def __init__(self, item: Adding) -> None:
        super().__init__()
        self._item = item
        self._files = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._files += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._files == 1:
            self._item.content.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Nothing is kept of it here."""


def _looked(said: Said, request: HttpRequest) -> Reach:
    return actions.prepared(said.collected, said.audience, said.recipients, acting(request))[1]


def _wait(request: HttpRequest, said: Said) -> str:
    """Keep what was said until its content comes; the secret under which it waits."""
    name = secrets.token_urlsafe(24)
    waiting = {**request.session.get(_WAITING, {}), name: msgspec.to_builtins(said)}
    request.session[_WAITING] = dict(list(waiting.items())[-_MOST_WAITING:])
    return name
