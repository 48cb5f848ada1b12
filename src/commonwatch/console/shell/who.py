"""Who looks at a page: the account as it acts now, as the API's routes know it, and the person's preferences."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.accounts.models import Account
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.answering import by
from commonwatch.base.release.reader import Reader, reader_of


def remember(request: HttpRequest, who: Identity | None) -> None:
    """Found once for a request, and where `base.edge.caller` looks: cursors of lists are bound to it."""
    cast(Any, request).auth = who


def looking(request: HttpRequest) -> Identity | None:
    """Who looks, or nobody."""
    return getattr(request, "auth", None)


def identity(request: HttpRequest) -> Identity:
    """Who looks, on a page that is `shown_to` somebody."""
    return cast(Any, request).auth  # type: ignore[no-any-return]


def reader(request: HttpRequest) -> Reader:
    """The same, as `base.release` knows it."""
    return reader_of(identity(request))


def acting(request: HttpRequest) -> By:
    """The same, as actions record it: by whom, when."""
    return by(request)


def person(request: HttpRequest) -> Account | None:
    """The account with its preferences, or None where nobody is signed in."""
    return cast(Account, request.user) if looking(request) else None
