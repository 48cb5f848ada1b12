"""Tokens of service accounts: what each may do, from where, until when; making and revoking them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts import actions
from commonwatch.base.accounts.models import Account, Role, Token
from commonwatch.base.accounts.queries import tokens as tokens_of
from commonwatch.base.clock import now_us
from commonwatch.base.edge import rows
from commonwatch.base.jobs import together
from commonwatch.base.jobs.many import did
from commonwatch.console.administration.choosing import ROLES, members_field
from commonwatch.console.shell import cells, changing
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.meant import meant, newest
from commonwatch.console.shell.pages import ADMINISTRATOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Act, Column, Empty, Filter, Listing, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, PURPOSES

TOKENS = Table(
    _("Tokens, the last first"),
    (
        Column("account", _("Account"), link=True),
        Column("label", _("Token")),
        Column("hint", _("Begins with"), cells.code),
        Column("role", _("Role"), cells.status),
        Column("state", _("State"), cells.status),
        Column("purpose", _("Reads for"), cells.code),
        Column("networks", _("Only from"), cells.code),
        Column("expires", _("Expires"), cells.moment),
        Column("last_used", _("Used last"), cells.moment),
        Column("created", _("Made"), cells.moment, chosen=False),
    ),
)


class TokenFilter(Filter):
    """Which tokens."""

    account = forms.CharField(label=_("Account"), max_length=100)
    everything = forms.BooleanField(label=_("Also those that no longer work"))


class TokenForm(forms.Form):
    """A token to make."""

    account = forms.CharField(label=_("Service account"), max_length=100, help_text=_("It is made if it is new."))
    member = forms.ChoiceField(
        label=_("Acts for"),
        help_text=_("It sees what that member may see. For an account that is there already, its own."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, help_text=_("Each role includes those before it."))
    purpose = forms.ChoiceField(
        label=_("Reads for"),
        choices=[(one, one) for one in PURPOSES],
        initial=DEFAULT_PURPOSE,
        help_text=_("Law and agreements may give more or less for another purpose."),
    )
    expires = forms.CharField(
        label=_("Expires"),
        max_length=40,
        initial="365d",
        help_text=_("A date (2027-01-31), a time (90d, 12h, 1y), or never."),
    )
    networks = forms.CharField(
        label=_("Only from these networks"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"}),
        help_text=_("One a line, such as 192.0.2.0/24; empty: from anywhere."),
    )
    label = forms.CharField(
        label=_("Name of the token"),
        max_length=100,
        required=False,
        help_text=_("To tell several of one account apart."),
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["member"] = members_field(self.fields["member"])


@shown_to(ADMINISTRATOR)
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """Those that work; all of them when asked for."""
    asked = TokenFilter(request)
    found = tokens_of(asked.wanted("account").strip(), everything=bool(asked.wanted("everything")), now_us=now_us())
    listing = TOKENS.paged(
        request,
        by_key(rows(found, "-pk"), lambda one: one.pk, _row),
        total=found.count(),
        filter=asked,
        acts=[Act(_("Revoke"), reverse("tokens-revoke"), danger=True)],
        newest=newest(Token.objects.all()),
        empty=Empty(
            _("No token works here"),
            _("Programs that read or write here, over TAXII or the API, each need a token."),
            _("Make a token"),
            reverse("token-new"),
        ),
    )
    return listed(request, "console/administration/tokens.html", {"tokens": listing}, "tokens")


@shown_to(ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Make a token; the answer holds its secret, and no other page does."""
    form = TokenForm(request.POST or None, initial={"account": request.GET.get("account", "")})
    if request.method == "POST" and form.is_valid():
        try:
            made = _made(form.cleaned_data, acting(request).actor)
        except CommonwatchError as problem:
            form.add_error(None, str(problem))
        else:
            shown = {"token": _row(made.token), "secret": made.secret, "back": reverse("tokens")}
            return render(request, "console/administration/token.html", shown)
    context = {"form": form, "title": _("Make a token"), "label": _("Make the token"), "back": reverse("tokens")}
    return render(request, "console/administration/form.html", context, status=422 if form.errors else 200)


@shown_to(ADMINISTRATOR)
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """Make all that are meant useless at once; of several, it is asked first, because none comes back."""
    working = tokens_of(TokenFilter(request).wanted("account").strip(), everything=False, now_us=now_us())
    numbers, reason, by = meant(request, working), reason_given(request), acting(request)
    if len(numbers) > 1 and not changing.is_sure(request):
        sentence = ngettext(
            "%(count)s token stops working at once. Whatever uses it needs a new one.",
            "%(count)s tokens stop working at once. Whatever uses them needs new ones.",
            len(numbers),
        )
        return changing.asked(request, _("Revoke tokens"), sentence % {"count": f"{len(numbers):,}"}, reverse("tokens"))
    count, job = together.revoke_all(numbers, reason=reason, actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _revoked(count))
    return redirect("tokens")


def _revoked(count: int) -> str:
    return ngettext("%(count)s token is revoked.", "%(count)s tokens are revoked.", count) % {"count": f"{count:,}"}


WORKS = (WorkKind(together.REVOKE, _("Tokens are revoked"), "tokens", lambda job: _revoked(did(job))),)


def of_account(request: HttpRequest, account: Account) -> Listing:
    """The tokens of one account, for its page."""
    found = tokens_of(account.name, everything=True, now_us=now_us()).order_by("-pk")
    nothing = Empty(_("It has no token"), _("Programs that act for it each need one."))
    return TOKENS.listing(request, [_row(one) for one in found], bare=True, empty=nothing)


def _made(given: dict[str, Any], actor: str) -> actions.NewToken:
    now, role = now_us(), Role(given["role"])
    expires_us = actions.expiry(given["expires"], now)
    known = Account.objects.filter(name=given["account"]).exists()
    member = "" if known else given["member"]
    account = actions.ensure_account(given["account"], role, member, actor=actor, now_us=now)
    return actions.create_token(
        account,
        given["label"] or actions.free_token_name(account),
        role,
        expires_us=expires_us,
        networks=given["networks"].split(),
        actor=actor,
        now_us=now,
        purpose=given["purpose"],
    )


def _row(one: Token) -> dict[str, Any]:
    is_over = one.expires_us is not None and one.expires_us <= now_us()
    state = "revoked" if one.revoked_us is not None else "expired" if is_over else "active"
    return {
        "id": one.pk,
        "account": one.account.name,
        "label": one.name,
        "hint": f"{one.hint}…",
        "role": one.role,
        "state": state if one.account.is_active else "off",
        "purpose": one.purpose,
        "networks": " ".join(one.networks),
        "expires": one.expires_us,
        "last_used": one.last_used_us,
        "created": one.created_us,
        "url": reverse("account", args=[one.account_id]),
    }
