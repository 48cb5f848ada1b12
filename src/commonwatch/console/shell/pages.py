"""What a view of the console declares: who may see it. Everything else follows from the view itself.

1. Strangers are sent to sign in and come back. 2. Who needs a second factor and has none is sent to set one up. 3. A role that
does not reach is refused. 4. What is the node's own member's alone (its telemetry, above all) is not for people of other members
that the node hosts. The navigation asks the view, so that each is stated once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from commonwatch.base.accounts.models import Role
from commonwatch.console.shell.who import identity, looking
from commonwatch.core.errors import InvalidInput, NotAllowed

READER, CONTRIBUTOR, OPERATOR, ADMINISTRATOR = Role.READER, Role.CONTRIBUTOR, Role.OPERATOR, Role.ADMINISTRATOR

View = Callable[..., HttpResponse]


def shown_to(role: Role, *, at_home: bool = False, without_second_factor: bool = False) -> Callable[[View], View]:
    """Only to people whose role includes this one; `at_home`: and who belong to the member that runs the node."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            who = looking(request)
            is_part = (
                "HX-Request" in request.headers
            )  # of a page that stands already: another page would land in its middle
            if who is None:
                refresh = HttpResponse(status=204, headers={"HX-Refresh": "true"})
                return refresh if is_part else redirect_to_login(request.get_full_path())
            if not without_second_factor and lacks_second_factor(request):
                return HttpResponse(status=204) if is_part else redirect("mfa_index")
            if not who.may(role):
                raise NotAllowed("role-needed", f"This needs the role {role.value}; yours is {who.role}.")
            if at_home and not who.is_at_home:
                raise NotAllowed("other-member", "This is the business of the member that runs this node.")
            return view(request, *args, **kwargs)

        guarded.role = role  # type: ignore[attr-defined]
        guarded.at_home = at_home  # type: ignore[attr-defined]
        return guarded

    return decorate


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether the person's role demands a second factor that is not set up."""
    demanded = identity(request).role in settings.COMMONWATCH.second_factor_roles
    return demanded and not is_mfa_enabled(request.user)


def gone_to(request: HttpRequest, address: str) -> HttpResponse:
    """Another page instead of this one, also where only a part of this one was asked for."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def done(request: HttpRequest, sentence: Any, *, undo: str = "") -> None:
    """Say on the next page what was done. `undo` is the address that takes it back when posted to."""
    messages.success(request, str(sentence), extra_tags=undo)  # now: the cookie is written in no language


def reason_given(request: HttpRequest) -> str:
    """The reason that an action's form asks for; raises InvalidInput where there is none."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise InvalidInput("reason-missing", _("A reason is needed."), "", data={"place": "reason"})
    return reason[:2000]
