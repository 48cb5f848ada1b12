"""The overview's chart and map: what came in, day by day, and from where. Counted of what the reader may know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.parties.countries import country_facts
from commonwatch.base.parties.visibility import members
from commonwatch.base.release.arrivals import Arrived
from commonwatch.console.shell.figures import Chart, WorldMap

DAYS = 14


def first_day(now_us: int) -> datetime:
    """When the first day that is shown began, where the reader is."""
    today = timezone.localtime(_at(now_us)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1)


def chart(arrived: Sequence[Arrived], now_us: int) -> Chart:
    """Objects that came in, by day of the reader's zone."""
    by_day: Counter[str] = Counter()
    for one in arrived:
        by_day[timezone.localtime(_at(one.hour_us)).date().isoformat()] += one.count
    days = [(first_day(now_us) + timedelta(days=number)).date().isoformat() for number in range(DAYS)]
    total = sum(by_day[day] for day in days)
    busiest = max(days, key=lambda day: by_day[day])
    sentence = ngettext("%(count)s object in %(days)s days", "%(count)s objects in %(days)s days", total) % {
        "count": f"{total:,}",
        "days": DAYS,
    }
    if total:
        # Isolated: a date between words that are written from the right would be turned round.
        sentence += _("; most on %(day)s: %(most)s") % {"day": f"\u2068{busiest}\u2069", "most": f"{by_day[busiest]:,}"}
    rows = [(day, by_day[day]) for day in days]
    return Chart(_("What came in"), sentence, (_("Day"), _("Objects")), rows, "bar")


def world(arrived: Sequence[Arrived], who: Identity) -> WorldMap:
    """The same by the countries of the members that brought it, as far as the reader may know of them."""
    countries = dict(members(who).exclude(country="").values_list("identity", "country"))
    counted: Counter[str] = Counter()
    for one in arrived:
        if place := countries.get(one.voucher):
            counted[place] += one.count
    names = {code: one.name for code, one in country_facts().by_code().items()}
    rows = [(code, names.get(code, code), count) for code, count in counted.most_common()]
    unplaced = sum(one.count for one in arrived) - counted.total()
    sentences = [
        ngettext("Brought by members in %(count)s country", "Brought by members in %(count)s countries", len(rows))
        % {"count": len(rows)}
        if rows
        else "",
        ngettext(
            "%(unplaced)s object by members without a country",
            "%(unplaced)s objects by members without a country",
            unplaced,
        )
        % {"unplaced": f"{unplaced:,}"}
        if unplaced or not rows
        else "",
    ]
    sentence = "; ".join(one for one in sentences if one)
    return WorldMap(_("Where it came from"), sentence, _("Objects"), rows)


def _at(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / MICROSECONDS, tz=timezone.get_current_timezone())
