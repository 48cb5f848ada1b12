"""Every read about mutual assistance: through threads, and so through release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import permutations
from typing import TypeAlias

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.parties.models import AgreementKind, AgreementParty, Member
from commonwatch.base.parties.queries import dates_of
from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import roots, threads
from commonwatch.capabilities.assistance import catalogue, ledger, rules
from commonwatch.capabilities.assistance.allocation import Proposal, propose
from commonwatch.capabilities.assistance.catalogue import CapabilityView, span
from commonwatch.capabilities.assistance.clocks import ENDED
from commonwatch.capabilities.assistance.facts import machine, skills
from commonwatch.capabilities.assistance.ledger import Ledger
from commonwatch.capabilities.assistance.models import Ignored
from commonwatch.capabilities.assistance.pairing import Facts, Law, NeedLine, Supply
from commonwatch.capabilities.assistance.standing import RequestView
from commonwatch.core.errors import NotFound
from commonwatch.core.law.agreements import standing
from commonwatch.core.stix.response import assistance as stix

MOST = 2_000  # requests or capabilities that a proposal or a ledger looks at
YEAR_US = 365 * 86_400 * MICROSECONDS
PURPOSE = "mutual-assistance"  # the word by which an agreement allows it; one that names no purposes allows it as well
Listed: TypeAlias = list[tuple[int, RequestView]]
PROMISES = (AgreementKind.CODE_OF_CONDUCT,)
SILENT_ON_IT = (AgreementKind.NON_DISCLOSURE,)


def requests(
    reader: Reader, now_us: int, after: int | None = None, limit: int = MOST, *, is_open: bool = False
) -> Listed:
    """The requests that a reader may have, the one that changed last first, each with its place in the list."""
    found: Listed = []
    while len(found) < limit:
        some = roots(reader, [stix.REQUEST], after, limit)
        parts = threads(reader, [root.id for root in some])
        for root in some:
            view = rules.fold(parts.get(root.id, ()), machine(), now_us)
            if view is not None and not (is_open and view.state in ENDED):
                found.append((root.seq, view))
        if len(some) < limit:
            break
        after = some[-1].seq
    return found[:limit]


def request(reader: Reader, identity: str, now_us: int) -> RequestView:
    """One of them; raises NotFound."""
    view = rules.fold(threads(reader, [identity]).get(identity, ()), machine(), now_us)
    if view is None:
        raise NotFound("request-unknown", f"There is no request {identity}.", "See `commonwatch assist list`.")
    return view


def capabilities(
    reader: Reader, now_us: int, after: int | None = None, limit: int = MOST
) -> list[tuple[int, CapabilityView]]:
    """What members can give, as far as a reader may know, what changed last first."""
    found = roots(reader, [stix.CAPABILITY], after, limit)
    parts = threads(reader, [root.id for root in found])
    views = ((root.seq, catalogue.fold(parts.get(root.id, ()), now_us)) for root in found)
    return [(seq, view) for seq, view in views if view is not None]


def capability(reader: Reader, identity: str, now_us: int) -> CapabilityView:
    """One of them; raises NotFound."""
    view = catalogue.fold(threads(reader, [identity]).get(identity, ()), now_us)
    if view is None:
        raise NotFound(
            "capability-unknown", f"There is no capability {identity}.", "See `commonwatch assist catalogue list`."
        )
    return view


def account(reader: Reader, now_us: int, since_us: int | None = None) -> Ledger:
    """Who helped whom within a time, a year where none is given."""
    return _account(requests(reader, now_us), now_us, since_us)


def _account(found: Listed, now_us: int, since_us: int | None = None) -> Ledger:
    since = now_us - YEAR_US if since_us is None else since_us
    return ledger.ledger((view for _, view in found), skills(), since_us=since, until_us=now_us + 1)


def proposal(reader: Reader, now_us: int, only: str = "", listed: Listed | None = None) -> Proposal:
    """Who should help whom with everything that is open, or with one request. Pairs that somebody ignored are left out.

    `listed`: what `requests` gave, for who has asked for it already; with many requests reading them is most of the work.
    """
    listed = requests(reader, now_us) if listed is None else listed
    views = [view for _, view in listed]
    stock = [view for _, view in capabilities(reader, now_us)]
    found = _account(listed, now_us)
    day = datetime.fromtimestamp(now_us / MICROSECONDS, UTC).date()
    wanted = [view for view in views if only in ("", view.id)]
    if only and not wanted:
        raise NotFound("request-unknown", f"There is no request {only}.", "See `commonwatch assist list`.")
    lines = needs_of(wanted, now_us)
    supplies = [*supplies_of(stock, now_us), *offered(wanted)]
    involved = {line.member for line in lines} | {supply.member for supply in supplies}
    facts = Facts(
        law=law_between(involved, day),
        balance={(share.member, share.kind): share.balance for share in found.shares},
        load=ledger.going(found.shares),
        ignored=frozenset(Ignored.objects.values_list("need", "supply")),
    )
    return propose(lines, supplies, facts)


def needs_of(views: Iterable[RequestView], now_us: int) -> list[NeedLine]:
    """What is still missing of open requests."""
    words = skills().by_id
    return [
        NeedLine(
            id=f"{view.id}/{covered.need.id}",
            request=view.id,
            member=view.author,
            skill=covered.need.skill,
            kind=words[covered.need.skill].kind if covered.need.skill in words else "people",
            quantity=covered.missing,
            urgency=view.content.urgency,
            languages=covered.need.languages,
            utc_offset=covered.need.utc_offset,
            on_site=covered.need.on_site,
            begins_us=max(span(covered.need.begins, "")[0], now_us),
            ends_us=_end(covered.need, now_us),
            title=view.content.name,
            soon=not covered.need.begins,
        )
        for view in views
        if view.state not in ENDED
        for covered in view.needs
        if covered.missing
    ]


def supplies_of(views: Iterable[CapabilityView], now_us: int) -> list[Supply]:
    """What is free in the catalogue: of each the least that is free at any time from now on."""
    words = skills().by_id
    return [
        Supply(
            id=view.id,
            member=view.author,
            skill=view.content.skill,
            kind=words[view.content.skill].kind if view.content.skill in words else "people",
            quantity=view.free("", ""),
            languages=view.content.languages,
            utc_offset=view.content.utc_offset,
            on_site=view.content.on_site,
            begins_us=span(view.content.begins, "")[0],
            ends_us=span("", view.content.ends)[1],
            ready_us=now_us + view.content.notice_hours * 3_600 * MICROSECONDS,
            title=view.content.name,
        )
        for view in views
        if not view.ended
    ]


def offered(views: Iterable[RequestView]) -> list[Supply]:
    """Offers that wait for an answer and come out of nothing in the catalogue: each is for its own need only."""
    words = skills().by_id
    found = []
    for view in views:
        needs = {covered.need.id: covered.need for covered in view.needs}
        for offer in view.offers:
            if offer.state != "offered":
                continue
            for part in offer.content.parts:
                need = needs.get(part.need)
                if need is None or part.capability_ref is not None:
                    continue
                found.append(
                    Supply(
                        id=f"{offer.id}/{part.need}",
                        member=offer.author,
                        skill=need.skill,
                        kind=words[need.skill].kind if need.skill in words else "people",
                        quantity=part.quantity,
                        languages=offer.content.languages or need.languages,
                        utc_offset=need.utc_offset,
                        on_site=True,
                        only_for=f"{view.id}/{part.need}",
                        title=offer.content.contact.name,
                    )
                )
    return found


def law_between(identities: Iterable[str], on: date) -> Mapping[tuple[str, str], Law]:
    """What on this day lets one member help another: the nearest of one jurisdiction, an agreement in force, a promise."""
    members = {member.identity: member for member in Member.objects.filter(identity__in=set(identities))}
    bound: dict[str, list[tuple[int, str, set[str]]]] = defaultdict(list)
    rows: dict[int, list[AgreementParty]] = defaultdict(list)
    for row in AgreementParty.objects.select_related("agreement", "member").order_by("agreement__name", "pk"):
        if standing(dates_of(row), on).in_force:
            rows[row.agreement_id].append(row)
    for parties in rows.values():
        agreement = parties[0].agreement
        if agreement.kind in SILENT_ON_IT or (agreement.purposes and PURPOSE not in agreement.purposes):
            continue
        inside = {row.member.identity for row in parties if row.member is not None}
        states = {row.country for row in parties if row.country}
        inside |= {identity for identity, member in members.items() if member.country and member.country in states}
        distance = 2 if agreement.kind in PROMISES else 1
        for identity in inside:
            bound[identity].append((distance, f"{agreement.title} is in force for both", inside))
    found: dict[tuple[str, str], Law] = {}
    for helper, helped in permutations(sorted(members), 2):
        near = [(distance, basis) for distance, basis, inside in bound[helper] if helped in inside]
        country = members[helper].country
        if country and country == members[helped].country:
            near.append((0, "Both live under one jurisdiction"))
        if near:
            distance, basis = min(near)
            found[helper, helped] = Law(distance, basis)
    return found


def _end(need: stix.Need, now_us: int) -> int:
    """A need without an end ends, for the catalogue, when it begins: whoever is there then can help."""
    begins, ends = span(need.begins, need.ends)
    return ends if need.ends else max(begins, now_us) + 1
