"""The API of saved views: one's own are made, renamed, shared and removed; those that others of the same member share are listed with them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import READER, Asked, Paged, caller, page, rows
from commonwatch.console.desk import actions, queries
from commonwatch.console.models import SavedView

views = Router(tags=["saved views"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="From the list of views.")]
Name = Annotated[str, Field(min_length=1, max_length=60, description="Yours have different names.")]
Shared = Annotated[bool, Field(description="Whether people of your member see it, too.")]


class View(Schema):
    """A page of the console with its state, under a name."""

    number: int
    name: str
    address: str = Field(description="Path and query of the page.")
    shared: bool
    own: bool = Field(description="Whether it is yours; only then you can change it.")


class ViewIn(Schema):
    """A view to keep."""

    name: Name
    address: str = Field(min_length=1, max_length=2000, description="Path and query of a page of this console.")
    shared: Shared = False


class Change(Schema):
    """What becomes different; what is left out stays."""

    name: Name | None = None
    shared: Shared | None = None


@views.get("/views", response=Paged[View], auth=READER)
def list_views(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Your views, and those that people of your member share, oldest first."""
    found = rows(queries.views(caller(request)), "pk")
    return page(request, asked, found, lambda one: one.pk, lambda one: _shown(request, one))


@views.post("/views", response=View, auth=READER)
def save_view(request: HttpRequest, given: ViewIn) -> dict[str, Any]:
    """Keep a page of the console with its state, such as a filter, under a name."""
    made = actions.save_view(caller(request), given.name, given.address, shared=given.shared, now_us=now_us())
    return _shown(request, made)


@views.patch("/views/{number}", response=View, auth=READER)
def change_view(request: HttpRequest, number: Number, given: Change) -> dict[str, Any]:
    """Give a view of your own another name, share it, or share it no longer."""
    return _shown(request, actions.change_view(caller(request), number, name=given.name, shared=given.shared))


@views.delete("/views/{number}", response=View, auth=READER)
def remove_view(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Remove a view of your own; the answer is what it was."""
    return _shown(request, actions.remove_view(caller(request), number))


def _shown(request: HttpRequest, one: SavedView) -> dict[str, Any]:
    return {
        "number": one.pk,
        "name": one.name,
        "address": one.address,
        "shared": one.shared,
        "own": one.account_id == caller(request).account_id,
    }


routers = (views,)
