"""What the routes of every room share: who asks, with which role, in which language, and pages with cursors.

1. A route states the role it needs (`auth=READER`), once, where it is declared; composing the API adds nothing to it.
2. Only a bearer token speaks for an account. Cookies, Basic and client certificates are what a browser sends by itself, so that
another site could use them: here they count for nothing. 3. A cursor holds the last key served, signed for this account and
this question: another account's, or one of another question, is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from django.core import signing
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Field, Schema
from ninja.security import HttpBearer

from commonwatch.core.errors import InvalidInput, NotAllowed

MAX_PAGE = 1000
T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Caller(Protocol):
    """The account behind a request, as it acts now."""

    @property
    def account_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def member(self) -> int: ...
    @property
    def member_name(self) -> str: ...
    @property
    def communities(self) -> frozenset[int]: ...
    @property
    def is_at_home(self) -> bool: ...
    @property
    def sees_all(self) -> bool: ...
    @property
    def purpose(self) -> str: ...

    def holds(self, role: str) -> bool:
        """Whether its role includes this one."""


identifiers: list[Callable[[HttpRequest], Caller]] = []  # `base.accounts` registers how a request's account is found


class Bearer(HttpBearer):
    """A route's `auth`: a token whose role includes this one; `at_home`: and whose account belongs to the member that runs the node."""

    def __init__(self, role: str, *, at_home: bool = False) -> None:
        super().__init__()
        self.role = role
        self._at_home = at_home

    def __call__(self, request: HttpRequest) -> Caller:
        found = identifiers[-1](request)
        if not found.holds(self.role):
            raise NotAllowed("role-needed", f"This needs the role {self.role}.", "Ask an administrator of this node.")
        if self._at_home and not found.is_at_home:
            sentence = "This is the business of the member that runs this node."
            raise NotAllowed("other-member", sentence, "Use the node of your own member.")
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Ninja asks for one; `__call__` does the work, because the address counts as well as the token."""
        return self(request)


READER, CONTRIBUTOR, OPERATOR, ADMINISTRATOR = map(Bearer, ("reader", "contributor", "operator", "administrator"))
READER_AT_HOME, CONTRIBUTOR_AT_HOME, OPERATOR_AT_HOME, ADMINISTRATOR_AT_HOME = (
    Bearer(role, at_home=True) for role in ("reader", "contributor", "operator", "administrator")
)


def caller(request: HttpRequest) -> Caller:
    """Who asks; on routes with an `auth` only."""
    return cast(Any, request).auth  # type: ignore[no-any-return]


class Problem(Schema):
    """Every error, as one shape."""

    code: str = Field(description="A stable word.")
    sentence: str = Field(description="What is wrong.")
    advice: str = Field(description="What to do.")
    data: dict[str, Any] = Field({}, description="Facts about it, such as the place.")


class InWords(Schema):
    """In which language something is said."""

    language: str = Field("en", pattern=r"^(en|fr|es|ar|zh-hans|ru)$")


class Asked(Schema):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=MAX_PAGE, description="Most items in one page.")
    cursor: str = Field("", max_length=2000, description="`next` of the page before.")


class Paged(Schema, Generic[T]):
    """One page of a list. Without `next` it is the last."""

    items: list[T]
    next: str | None = None


Following = Callable[[Any, int], Sequence[T]]  # what comes after a key, up to so many


def page(
    request: HttpRequest, asked: Asked, following: Following[T], key: Callable[[T], Any], shown: Callable[[T], Any]
) -> dict[str, Any]:
    """A page of what `following` gives, ordered by `key`."""
    found = following(opened(request, asked.cursor), asked.limit + 1)
    items = found[: asked.limit]
    more = len(found) > asked.limit
    return {"items": [shown(one) for one in items], "next": sealed(request, key(items[-1])) if more else None}


def rows(query: QuerySet[M], field: str) -> Following[M]:
    """From the database, by a unique field; `-field` for the last first."""
    name, step = field.lstrip("-"), "lt" if field.startswith("-") else "gt"

    def following(after: Any, count: int) -> Sequence[M]:
        later = query if after is None else query.filter(**{f"{name}__{step}": after})
        return list(later.order_by(field)[:count])

    return following


def among(found: Iterable[T], key: Callable[[T], Any]) -> Following[T]:
    """From a list that is at hand."""

    def following(after: Any, count: int) -> Sequence[T]:
        later = sorted((one for one in found if after is None or key(one) > after), key=key)
        return later[:count]

    return following


def sealed(request: HttpRequest, key: Any) -> str:
    """The cursor for what comes after a key."""
    return signing.dumps(key, salt=_question(request))


def opened(request: HttpRequest, cursor: str) -> Any:
    """The key in a cursor, None where none was given; raises InvalidInput for one of another account or question."""
    if not cursor:
        return None
    try:
        return signing.loads(cursor, salt=_question(request))
    except signing.BadSignature:
        raise InvalidInput(
            "cursor-invalid",
            "This cursor was not given out for this request.",
            "Repeat the request that gave it with the same filters, or start again without it.",
        ) from None


def _question(request: HttpRequest) -> str:
    """What a cursor is bound to: who asks, and for what."""
    filters = sorted((name, value) for name, value in request.GET.lists() if name not in ("cursor", "limit"))
    return f"{caller(request).account_id}\n{request.path}\n{filters}"
