"""Which rows an act is meant for: those that are ticked, or all that the list's filter lets through, on whatever page.

The form of a list posts the filter it was shown with (`matching`) and the newest row there was then (`all`), so that nothing is
acted upon that could not have been looked at. "All" counts only together with the tick on the whole page.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from commonwatch.base.jobs.many import MOST
from commonwatch.core.errors import InvalidInput

MOST_TICKED = 200  # rows of the longest page


def newest(query: QuerySet[Any]) -> int:
    """The number of the newest row, for `Listing.newest`; 0 where there is none."""
    return int(query.order_by("-pk").values_list("pk", flat=True).first() or 0)


def meant(request: HttpRequest, matching: QuerySet[Any] | None = None) -> list[int]:
    """Their numbers; raises InvalidInput where there are none, or too many for one act."""
    limit = _number(request.POST.get("all", ""))
    if matching is None or limit is None or not request.POST.get("page"):
        return _ticked(request)
    found = list(matching.filter(pk__lte=limit).order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if len(found) > MOST:
        raise InvalidInput(
            "too-many-at-once",
            _("More than %(most)s rows match: nothing was done.") % {"most": f"{MOST:,}"},
            _("Narrow the filter, and act in several parts."),
        )
    return found or _ticked(request)


def moment_asked(request: HttpRequest) -> int:
    """The moment of the act that is taken back, as its address says it; 0 where it says none."""
    return _number(request.GET.get("at", "")) or 0


def _ticked(request: HttpRequest) -> list[int]:
    given = request.POST.getlist("chosen")[:MOST_TICKED]
    numbers = [number for number in map(_number, given) if number is not None]
    if not numbers:
        raise InvalidInput("nothing-ticked", _("Nothing is ticked."), _("Tick the rows that are meant."))
    return numbers


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
