"""What a reader may know of legal requests: where each stands, which ways there are, what has to be done by when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import names, roots, thread, threads
from commonwatch.capabilities.evidence.legal.instruments import instruments
from commonwatch.capabilities.evidence.legal.rules import Folded, fold
from commonwatch.core.errors import NotFound
from commonwatch.core.law.mutual_assistance import Article, Due, Way, checklist, dues, least_days, ways
from commonwatch.core.law.preservation import Preserved
from commonwatch.core.stix.response.evidence import LEGAL, PRESERVATION, Answer, Legal, Preservation
from commonwatch.core.stix.times import format_time

_AT_ONCE = 200


class ReasonView(msgspec.Struct, frozen=True):
    """Why a way is open or not."""

    code: str
    sentence: str
    source: str
    as_of: date
    verified: bool


class CheckView(msgspec.Struct, frozen=True):
    """One line of the checklist."""

    id: str
    question: str
    source: str
    known: str


class WayView(msgspec.Struct, frozen=True):
    """One way between two members on a day."""

    instrument: str
    title: str
    article: str
    what: str
    answer: str  # may, unknown, may-not
    asks: str
    asked: str
    form: str
    text: str
    reasons: tuple[ReasonView, ...]
    checks: tuple[CheckView, ...]


class DueView(msgspec.Struct, frozen=True):
    """A clock of a request. `least`: it ends at the earliest then."""

    id: str
    what: str
    day: date
    days_left: int
    least: bool
    source: str


class RequestView(msgspec.Struct, frozen=True):
    """A request as a list shows it."""

    id: str
    kind: str  # preservation, legal
    name: str
    by: str
    asked: str
    ours: bool  # we asked
    to_us: bool  # we are asked
    instrument: str
    article: str
    state: str
    sent: str
    until: date | None  # preserved, the last day
    days_left: int | None
    warning: str  # ending, ended, or empty
    seq: int


class SaidView(msgspec.Struct, frozen=True):
    """One answer or step."""

    id: str
    by: str
    at: str
    what: str
    reference: str
    text: str
    grounds: tuple[str, ...]
    preserved_from: str
    preserved_until: str
    items: tuple[str, ...]


class WholeRequest(msgspec.Struct, frozen=True):
    """A request with everything."""

    request: RequestView
    form: str
    fields: dict[str, str]
    offences: tuple[str, ...]
    grounds: tuple[str, ...]
    case: str
    preservation: str  # of the data that are kept for it
    history: tuple[SaidView, ...]
    dues: tuple[DueView, ...]
    checks: tuple[CheckView, ...]
    asks_extension: str  # id of the step that waits for an answer


def today(now_us: int) -> date:
    """The day, in UTC."""
    return datetime.fromtimestamp(now_us / 1_000_000, UTC).date()


def may_ask(asking: str, asked: str, purpose: str, on: date, offences: tuple[str, ...] = ()) -> list[WayView]:
    """Every way for a purpose from one member to another on a day, open ones first; raises NotFound."""
    return [
        way_view(way, offences)
        for way in ways(instruments(), member_named(asking).country, member_named(asked).country, purpose, on)
    ]


def way_view(way: Way, offences: tuple[str, ...]) -> WayView:
    """A way for people and programs."""
    return WayView(
        way.instrument.id,
        way.instrument.title,
        way.article.ref,
        way.article.title,
        way.answer,
        way.article.asks,
        way.article.asked,
        way.article.form,
        way.article.text,
        tuple(ReasonView(one.code, one.sentence, one.source, one.as_of, one.verified) for one in way.reasons),
        _checks(way, offences),
    )


def requests(reader: Reader, after: int | None, limit: int, now_us: int) -> list[RequestView]:
    """Requests, the one that changed last first."""
    whole = threads(reader, [one.id for one in roots(reader, [PRESERVATION, LEGAL], after, limit)])
    folded = [
        (one, parts[0].seq) for parts in whole.values() if (one := fold(part.value for part in parts)) is not None
    ]
    called = names(reader, {who for one, _ in folded for who in (one.author, one.request.requested_ref)})
    held = asked_for(reader)
    return [_view(one, seq, today(now_us), called, held) for one, seq in folded]


def folded_request(reader: Reader, identity: str) -> Folded:
    """One request; raises NotFound."""
    parts = thread(reader, identity)
    folded = fold(part.value for part in parts)
    if folded is None:
        raise NotFound("request-unknown", f"There is no legal request {identity}.", "See `commonwatch legal list`.")
    return folded


def request(reader: Reader, identity: str, now_us: int) -> WholeRequest:
    """One request with everything; raises NotFound."""
    folded = folded_request(reader, identity)
    asked, on = folded.request, today(now_us)
    sides = {folded.author, asked.requested_ref}
    called = names(reader, {one.author for one in folded.history} | sides)
    history = tuple(
        SaidView(
            one.id,
            called[one.author],
            one.at,
            one.content.answer if isinstance(one.content, Answer) else one.content.step,
            one.content.reference if isinstance(one.content, Answer) else "",
            one.content.text if isinstance(one.content, Answer) else one.content.reason,
            one.content.grounds if isinstance(one.content, Answer) else (),
            one.content.preserved_from if isinstance(one.content, Answer) else "",
            one.content.preserved_until if isinstance(one.content, Answer) else one.content.until,
            one.content.item_refs if isinstance(one.content, Answer) else (),
        )
        for one in folded.history
    )
    known = instruments()
    treaty = known.instrument(asked.instrument)
    article = treaty.article(asked.article) if treaty else None
    checks: tuple[CheckView, ...] = ()
    if treaty is not None and article is not None:
        named = tuple(one.id for one in known.offences if one.id in asked.offences)
        checks = _checks(Way(treaty, article, "may", ()), named)
    return WholeRequest(
        _view(folded, thread(reader, identity)[0].seq, on, called, asked_for(reader)),
        asked.form,
        asked.fields,
        asked.offences,
        asked.grounds,
        asked.case_ref or "",
        (asked.preservation_ref or "") if isinstance(asked, Legal) else "",
        history,
        tuple(DueView(one.id, one.what, one.day, (one.day - on).days, one.least, one.source) for one in due(folded)),
        checks,
        folded.asks_extension.id if folded.asks_extension else "",
    )


def due(folded: Folded) -> tuple[Due, ...]:
    """The clocks of a request that run."""
    article = article_of(folded)
    if article is None:
        return ()
    events = {"received": folded.received, "preserved": min((one.since for one in folded.kept), default=None)}
    return dues(article, {name: day for name, day in events.items() if day is not None})


def article_of(folded: Folded) -> Article | None:
    """The article by which it was sent, as it is known now."""
    treaty = instruments().instrument(folded.request.instrument)
    return treaty.article(folded.request.article) if treaty is not None else None


def preservation_of(folded: Folded, on: date, held: frozenset[str]) -> Preserved | None:
    """How long data are kept for a preservation request; None for another. `held`: as of `asked_for`."""
    if not isinstance(folded.request, Preservation):
        return None
    article = article_of(folded)
    return folded.preservation(least_days(article) if article else 0, on, asked_for=folded.id in held)


def asked_for(reader: Reader) -> frozenset[str]:
    """The preservation requests for whose data a request came in and is not decided."""
    found: set[str] = set()
    after: int | None = None
    while page := roots(reader, [LEGAL], after, _AT_ONCE):
        for parts in threads(reader, [one.id for one in page if one.value.get("preservation_ref")]).values():
            folded = fold(part.value for part in parts)
            if folded is not None and folded.received is not None and folded.is_open:
                found.add(str(parts[0].value["preservation_ref"]))
        after = page[-1].seq
    return frozenset(found)


def _view(folded: Folded, seq: int, on: date, called: dict[str, str], held: frozenset[str]) -> RequestView:
    own, asked = own_member().identity, folded.request
    kept = preservation_of(folded, on, held)
    return RequestView(
        folded.id,
        "preservation" if folded.kind == PRESERVATION else "legal",
        asked.name,
        called[folded.author],
        called[asked.requested_ref],
        folded.author == own,
        asked.requested_ref == own,
        asked.instrument,
        asked.article,
        folded.state,
        folded.at,
        kept.until if kept else None,
        kept.left if kept else None,
        kept.state if kept and kept.state in ("ending", "ended") else "",
        seq,
    )


def _checks(way: Way, offences: tuple[str, ...]) -> tuple[CheckView, ...]:
    return tuple(
        CheckView(one.id, one.question, one.source, one.known) for one in checklist(instruments(), way, offences)
    )


def facts_of(
    asking: Member, asked: Member, way: Way, *, now_us: int, person: str, days: int, more: dict[str, str]
) -> dict[str, str]:
    """What is known to fill a form with: from the two members, the way, and what the case gives (`more`)."""
    found = {
        "today": format_time(now_us, 0)[:10],
        "status": "new",
        "asking": f"{asking.title or asking.name} ({asking.country})",
        "asked": f"{asked.title or asked.name} ({asked.country})",
        "both": f"from {asking.title or asking.name} to {asked.title or asked.name}",
        "basis": f"{way.article.ref}, {way.instrument.source}",
        "intent": "A request for mutual assistance to obtain these data will follow.",
        "period": f"{days} days",
        "person": person,
    }
    return found | {name: text for name, text in more.items() if text}
