"""Transfer regimes: which law asks for a mechanism when personal data leaves its area, and what suffices, on which day.

Law by place holds for whoever lives in a country. An organisation of states lives under its own law, even where it has a
seat: GDPR Art. 45 names such organisations apart from countries, and the European Patent Organisation in Munich needed a
decision of its own. So one that has a country is covered by no rule about places; one without is covered by the groups
recorded of itself (a body of the EU by `eu`). As an exporter it is bound by what is recorded: strict both ways.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from commonwatch.core.errors import InvalidInput

ANYWHERE = "*"  # a regime that lets data go to every country it has not named
DEFAULT_PURPOSE = "network-defence"
ORGANISATION = "international-organisation"
_PLACE = re.compile(r"[A-Z]{2}|[a-z][a-z0-9-]*", re.ASCII)  # a country's code, or a group
_ADVICE = "The form is that of base/parties/data/transfer_regimes.json, which is shipped."


class Scope(StrEnum):
    """Whom in a place an adequacy decision covers."""

    FULL = "full"
    # Universities and civil society are left out of both: the decision on Japan, (EU) 2019/419 Art. 1(2), excepts
    # universities, religious and political bodies; the one on Canada, 2002/2/EC, follows PIPEDA, which governs
    # commercial activities. Neither covers public authorities.
    PRIVATE_SECTOR = "private-sector"
    COMMERCIAL = "commercial"
    PUBLIC_SECTOR = "public-sector"
    CERTIFIED = "certified"  # who has certified itself, as the word in `needs` says; no authority can
    ENTITY = "entity"  # one organisation of states, known by the word in `needs`


_KINDS: Mapping[Scope, frozenset[str]] = {
    Scope.FULL: frozenset({"state-body", ORGANISATION, "company", "university", "civil-society"}),
    Scope.PRIVATE_SECTOR: frozenset({"company"}),
    Scope.COMMERCIAL: frozenset({"company"}),
    Scope.PUBLIC_SECTOR: frozenset({"state-body"}),
    Scope.CERTIFIED: frozenset({"company", "university", "civil-society"}),
    Scope.ENTITY: frozenset({ORGANISATION}),
}


class Jurisdiction(msgspec.Struct, frozen=True):
    """The law a member lives under on a day, and what it has: all that transfer rules ask about."""

    country: str  # alpha-2 code; empty: unknown, or an organisation of states
    kind: str
    groups: frozenset[str] = frozenset()
    safeguards: frozenset[str] = frozenset()  # words of facts of kind `safeguard` that hold on the day

    def within(self, places: Collection[str]) -> bool:
        """Whether its country or one of its groups is among the places, as recorded."""
        return (self.country != "" and self.country in places) or not self.groups.isdisjoint(places)


class Adequacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision that data is protected well enough in a place. `until` is the first day on which it no longer holds."""

    place: str  # a country's code, a group, or ANYWHERE; empty for an entity
    scope: Scope
    source: str
    since: date
    until: date | None = None
    needs: str = ""  # the safeguard that the recipient itself must have: a certificate, or being that entity
    not_for: tuple[str, ...] = ()  # purposes it leaves out
    note: str = ""

    def holds(self, on: date) -> bool:
        """Whether it stands on a day."""
        return self.since <= on and (self.until is None or on < self.until)

    def covers(self, recipient: Jurisdiction, on: date, purpose: str) -> bool:
        """Whether it covers a recipient on a day."""
        return (
            self.holds(on)
            and recipient.kind in _KINDS[self.scope]
            and purpose not in self.not_for
            and self.needs in ("", *recipient.safeguards)
            and (self.scope is Scope.ENTITY or _lives_in(recipient, (self.place,)))
        )


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One law on transfers. Words that suffice stand with the article that says so."""

    id: str
    title: str
    instrument: str
    source: str
    since: date | None  # none: not in force, so it binds nobody
    exporters: tuple[str, ...]  # countries and groups it binds; none: voluntary, others accept its words
    until: date | None = None
    exporter_kinds: tuple[str, ...] = ()  # the only kinds of exporters it binds; empty: all
    purposes: tuple[str, ...] = ()  # the only purposes it governs; empty: all
    yields_to: str = ""  # the regime that governs in its place wherever that one binds
    same_area: tuple[str, ...] = ()  # countries and groups within which no mechanism is needed
    adequacy: tuple[Adequacy, ...] = ()
    safeguards: dict[str, str] = {}  # words of a recipient's facts
    agreement_safeguards: dict[str, str] = {}  # words of an agreement between the two
    derogations: dict[str, str] = {}  # purposes that lift it, for sharing once
    note: str = ""

    def binds(self, exporter: Jurisdiction, on: date, purpose: str = DEFAULT_PURPOSE) -> bool:
        """Whether it is in force for an exporter and a purpose on a day."""
        return (
            self.since is not None
            and self.since <= on
            and (self.until is None or on < self.until)
            and exporter.within(self.exporters)
            and exporter.kind in (self.exporter_kinds or (exporter.kind,))
            and purpose in (self.purposes or (purpose,))
        )


class Regimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every regime that is known, and when and from what the list was made."""

    as_of: date
    sources: tuple[str, ...]
    regimes: tuple[Regime, ...]

    def by_id(self) -> Mapping[str, Regime]:
        """The regimes by their ids."""
        return {regime.id: regime for regime in self.regimes}


class Basis(msgspec.Struct, frozen=True):
    """Why personal data may go to a recipient under a regime."""

    regime: str
    mechanism: str  # same-area, adequacy, safeguard
    reason: str
    source: str


def regimes_of(
    regimes: Regimes, exporter: Jurisdiction, on: date, purpose: str = DEFAULT_PURPOSE
) -> tuple[Regime, ...]:
    """The regimes that bind an exporter for a purpose on a day, in the order of the list."""
    binding = {regime.id: regime for regime in regimes.regimes if regime.binds(exporter, on, purpose)}
    return tuple(regime for regime in binding.values() if regime.yields_to not in binding)


def basis(regime: Regime, recipient: Jurisdiction, on: date, purpose: str = DEFAULT_PURPOSE) -> Basis | None:
    """What of the recipient's own suffices under a regime on a day; None: nothing does.

    1. It lives in the same area. 2. An adequacy decision covers it. 3. It has a safeguard that the regime names.
    Agreements between the two, and derogations, are for the caller, who knows them.
    """
    if _lives_in(recipient, regime.same_area):
        where = recipient.country or "the recipient"
        return Basis(
            regime.id, "same-area", f"On {on} {where} is in the same area as the sender: {regime.title}.", regime.source
        )
    for decision in regime.adequacy:
        if decision.covers(recipient, on, purpose):
            whom = recipient.country if decision.place == ANYWHERE else decision.place or decision.needs
            reason = f"{regime.title}: {whom} is adequate ({decision.scope}) since {decision.since}."
            if decision.until:
                since, until = decision.since, decision.until
                reason = (
                    f"{regime.title}: {whom} is adequate ({decision.scope}) since {since}, until {until} at the latest."
                )
            return Basis(regime.id, "adequacy", reason, decision.source)
    for word, article in regime.safeguards.items():
        if word in recipient.safeguards:
            reason = f"{regime.title}: on {on} the recipient has the safeguard {word}."
            return Basis(regime.id, "safeguard", reason, article)
    return None


def parse_regimes(raw: bytes) -> Regimes:
    """Read a list of transfer regimes; raises InvalidInput with the place of what is wrong."""
    try:
        found = msgspec.json.decode(raw, type=Regimes)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "transfer-regimes", f"The list of transfer regimes cannot be read: {error}.", _ADVICE
        ) from None
    for place, wrong in _mistakes(found):
        raise InvalidInput(
            "transfer-regimes",
            f"In the list of transfer regimes {wrong} ({place}).",
            _ADVICE,
            data={"place": place},
        )
    return found


def _mistakes(found: Regimes) -> Iterator[tuple[str, str]]:
    if not found.regimes:
        yield "$.regimes", "there is no regime"
    ids = [regime.id for regime in found.regimes]
    yielding = {regime.id for regime in found.regimes if regime.yields_to}
    for number, regime in enumerate(found.regimes):
        at, name = f"$.regimes[{number}]", regime.id
        words = regime.safeguards | regime.agreement_safeguards | regime.derogations
        if not name or ids.count(name) > 1:
            yield f"{at}.id", f"the id {name!r} is empty or stands there twice"
        if regime.yields_to and (regime.yields_to not in ids or regime.yields_to in yielding):
            yield f"{at}.yields_to", f"{name} yields to {regime.yields_to}, which is not there or yields itself"
        if not (regime.source.strip() and all(article.strip() for article in words.values())):
            yield f"{at}.source", f"{name} does not say who says so"
        if regime.since and regime.until and regime.until <= regime.since:
            yield f"{at}.until", f"{name} ends before it begins"
        if odd := [place for place in (*regime.exporters, *regime.same_area) if not _PLACE.fullmatch(place)]:
            yield f"{at}.exporters", f"{odd[0]!r} is no place"
        if odd := sorted(set(regime.exporter_kinds) - _KINDS[Scope.FULL]):
            yield f"{at}.exporter_kinds", f"{odd[0]!r} is no kind of member"
        for index, decision in enumerate(regime.adequacy):
            for field, wrong in _mistakes_of(decision):
                yield f"{at}.adequacy[{index}].{field}", f"a decision of {name} {wrong}"


def _mistakes_of(decision: Adequacy) -> Iterator[tuple[str, str]]:
    entity = decision.scope is Scope.ENTITY
    if not decision.source.strip():
        yield "source", "does not say who says so"
    if decision.until and decision.until <= decision.since:
        yield "until", "ends before it begins"
    if bool(decision.needs) != (entity or decision.scope is Scope.CERTIFIED):
        yield "needs", f"has scope {decision.scope} and needs {decision.needs!r}; certified and entity need a word"
    if entity == bool(_PLACE.fullmatch(decision.place) or decision.place == ANYWHERE):
        yield "place", f"has scope {decision.scope} and place {decision.place!r}"


def _lives_in(recipient: Jurisdiction, places: Collection[str]) -> bool:
    if bool(recipient.country) == (recipient.kind == ORGANISATION):
        return False
    return recipient.within(places) or (ANYWHERE in places and recipient.country != "")
