"""What of cases stands elsewhere: what waits, what the search box finds, and the way into a case from what happened."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import taking_part
from commonwatch.capabilities.incidents.actions.writing import called, opened
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.console.response.cases import may_act
from commonwatch.console.shell.areas import Hit, Notice

MOST_HITS, MOST_NOTICES = 5, 10
MOST_LOOKED_AT = 50  # open cases, by pages that show what waits


def begun_from(who: Identity, known: dict[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """For a page about something that happened: where a case is begun from it, and where it is put into one that is open."""
    if not may_act(who):
        return "", []
    lines = queries.cases(reader_of(who), queries.Wanted(open_only=True), None, MOST_HITS)
    own, words_of = queries.own_identity(), urlencode({name: one for name, one in known.items() if one})
    entry = urlencode(
        {"name": known.get("name", ""), "at": known.get("detected", ""), "source": known.get("source", "")}
    )
    into = [
        (line.case.name, f"{reverse('case-write', args=[line.case.id, 'entry'])}?{entry}")
        for line in lines
        if own in line.case.involved()
    ]
    return f"{reverse('case-new')}?{words_of}", into


def find_cases(who: Identity, text: str) -> list[Hit]:
    """Cases by a part of their name, description or reference."""
    lines = queries.cases(reader_of(who), queries.Wanted(text=text), None, MOST_HITS)
    return [Hit(line.case.name, reverse("case", args=[line.case.id]), gettext("Case")) for line in lines]


def due(who: Identity) -> list[Notice]:
    """Our tasks that should have been done."""
    own, now = queries.own_identity(), now_us()
    return _notices(
        who,
        lambda case: [
            Notice(
                gettext("%(task)s in %(case)s is late.") % {"task": task.name, "case": case.name},
                reverse("case", args=[case.id]),
                "bad",
            )
            for task in case.tasks
            if task.owner == own and task.is_late(now)
        ],
    )


def waiting(who: Identity) -> list[Notice]:
    """Cases of which we were told and said nothing, leads offered to us, entries that a newcomer has not."""
    own = queries.own_identity()

    def of_case(case: Case) -> list[Notice]:
        address, said = reverse("case", args=[case.id]), []
        if case.lead != own and own in case.involved() and not _is_told(case, own):
            said.append(
                gettext("%(case)s was reported to us, and we have not said that we saw it.") % {"case": case.name}
            )
        if any(offer.to == own for offer in case.offers):
            said.append(gettext("The lead of %(case)s is offered to us.") % {"case": case.name})
        came_later = any(one.since_us > case.created_us for one in case.participants)
        if came_later and own in case.involved() and (missing := _missing(who, case)):
            members = ", ".join(called(missing))
            said.append(
                gettext("%(members)s came later to %(case)s and has not what we wrote before.")
                % {"members": members, "case": case.name}
            )
        return [Notice(sentence, address) for sentence in said]

    return _notices(who, of_case)


def _is_told(case: Case, own: str) -> bool:
    return case.author == own or any(slot[1:] == ("acknowledged", own) for slot in case.heads)


def _missing(who: Identity, case: Case) -> list[str]:
    return list(taking_part.unshared(opened(case.id, By(who.name, now_us()))))


def _notices(who: Identity, of_case: Callable[[Case], list[Notice]]) -> list[Notice]:
    if not who.is_at_home:
        return []
    lines = queries.cases(reader_of(who), queries.Wanted(open_only=True), None, MOST_LOOKED_AT)
    return [notice for line in lines for notice in of_case(line.case)][:MOST_NOTICES]
