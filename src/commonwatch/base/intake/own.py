"""What this node's own member writes to partners: marked for whom it is for, signed, asked of release before it goes in.

1. The markings follow from the audience: a TLP level, and one handling marking that names members and communities. Without
any it is for the own member alone.
2. Each member that is named would get it, in full, and somebody of the communities; else nothing is written and each reason is
said. Law must not be found out later.
3. All of it goes in together, on record, and is durable when `write` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from commonwatch.base.audit.record import record
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.journal.values import Transaction
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import signed_as_own
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.collections import collection
from commonwatch.base.release.deciding import definitions_of
from commonwatch.base.release.explain import PUBLIC, Asking, summary
from commonwatch.base.release.publishing import BASIS_MISSING, drafts_of, simulate
from commonwatch.base.release.reader import operator
from commonwatch.core.errors import InvalidInput, NotAllowed
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.handling import NOBODY, handling
from commonwatch.core.policy.scales import TLP_NAMES
from commonwatch.core.stix.extensions import HandlingExtension, PapColour, handling_marking
from commonwatch.core.stix.ids import is_id
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.values import Piece

SOURCE = "own"  # the source under which the node's own objects are counted
COLLECTION = "main"
DEFAULT = "TLP:RED"  # of what bears no TLP marking
_PAP: tuple[PapColour, ...] = ("clear", "green", "amber", "red")
_ORDER = {"": 0, "stripped": 1, "pseudonymised": 2, "full": 3}
_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Audience:
    """Whom objects are for; nobody named is the own member alone.

    `named`: members by name or by STIX identity, which may be of a member that this node does not know. `altered`: that law
    has it pseudonymised or stripped for some is accepted.
    """

    tlp: str = "TLP:AMBER"
    named: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    pap: PapColour | None = None
    altered: bool = False
    also_others: bool = False  # names add to whom the TLP level allows, instead of being all

    def markings(self) -> tuple[str, dict[str, Any]]:
        """The id of the TLP marking, and the handling marking (rule 1); raises InvalidInput or NotFound."""
        if self.tlp not in TLP2:
            raise InvalidInput("marking-unknown", f"{self.tlp} is no TLP level.", "Use TLP:AMBER, for example.")
        own = own_member().identity
        named = {one if is_id(one) else member_named(one).identity for one in self.named} - {own}
        if not named and not self.communities:
            named = {own}
        # Without an audience TLP:AMBER is for every community of the author; TLP:RED is for who is named anyway.
        is_closed = not self.also_others and self.tlp != "TLP:RED"
        communities = tuple(sorted(self.communities)) or ((NOBODY,) if is_closed else ())
        handled = HandlingExtension(named=tuple(sorted(named)), audience=communities, pap=self.pap)
        return TLP2[self.tlp], handling_marking(handled)


class Would(msgspec.Struct, frozen=True):
    """What a member, or the public, would get of objects that are about to be written."""

    member: str
    variant: str  # full, pseudonymised, stripped; empty for nothing
    reason: str
    honours_recall: bool


class Reach(msgspec.Struct, frozen=True):
    """Whom objects would reach, and the sentences that say why they cannot be written."""

    members: tuple[Would, ...]
    refused: tuple[str, ...]

    @property
    def receiving(self) -> tuple[Would, ...]:
        """Who would get something."""
        return tuple(one for one in self.members if one.variant)


def reach(values: Sequence[Mapping[str, Any]], audience: Audience, *, now_us: int) -> Reach:
    """Whom these objects would reach, and what stands in the way."""
    level, handled = audience.markings()
    return _reach(_marked(values, level, handled), handled, audience, now_us)


def write(
    values: Sequence[Mapping[str, Any]],
    audience: Audience,
    *,
    by: By,
    action: str = "",
    detail: Mapping[str, object] | None = None,
    source: str = SOURCE,
) -> tuple[str, ...]:
    """Write whole objects of the own member, by id; raises NotAllowed (rule 2), or InvalidInput for what intake refuses.

    `action` and `detail` go on record for each object.
    """
    level, handled = audience.markings()
    marked = _marked(values, level, handled)
    refused = _reach(marked, handled, audience, by.now_us).refused
    if refused:
        raise NotAllowed(
            "not-shareable",
            f"It cannot be shared so: {' '.join(refused)}",
            "Take out who may not have it, choose another marking, or see `commonwatch why-not`.",
            data={"reasons": list(refused)},
        )
    report = store([handled, *marked], by=by, action=action, detail=detail, source=source)
    kept_out = [finding for result in report.results if not result.is_in for finding in result.findings]
    if kept_out:
        raise InvalidInput(kept_out[0].code, kept_out[0].sentence, kept_out[0].remedy)
    return tuple(str(value["id"]) for value in values)


def store(
    values: Sequence[Mapping[str, Any]],
    *,
    by: By,
    action: str = "",
    detail: Mapping[str, object] | None = None,
    source: str = SOURCE,
) -> Report:
    """Sign and put in marked objects, asking nobody; with an `action` each is on record."""
    from_source = ensure_source(source, DEFAULT)
    slot = collection(operator(by.actor), COLLECTION).slot
    channel = Channel(from_source.pk, DEFAULT, voucher_of(from_source), by.actor, (slot,))

    def on_record(report: Report, _: Transaction) -> None:
        for result in report.results:
            if action and not result.object_id.startswith("marking-definition--"):
                record(by.actor, action, result.object_id, result.kind, detail or {}, now_us=by.now_us)

    pieces = [Piece(orjson.dumps(value), str(value.get("id", ""))) for value in signed_as_own(values, by.now_us)]
    return receive(pieces, channel, by.now_us, on_record).result(_WAIT_SECONDS)


def marked_for(values: Sequence[Mapping[str, Any]], audience: Audience) -> list[dict[str, Any]]:
    """The same objects with the markings of the audience, in place of any."""
    return _marked(values, *audience.markings())


def audience_of(markings: Sequence[str]) -> Audience:
    """The audience that the markings of an object say, for a further version of it or an answer on the same terms."""
    definitions = definitions_of([ClassAttributes(markings=tuple(markings))])
    said = handling(markings, definitions, DEFAULT)
    own = own_member().identity
    called = dict(Member.objects.filter(identity__in=said.named).values_list("identity", "name"))
    named = tuple(called.get(one, one) for one in said.named if one not in (own, NOBODY))
    communities = tuple(name for name in said.audience if name != NOBODY)
    return Audience(TLP_NAMES[said.tlp], named, communities, _PAP[said.pap] if said.pap else None)


def _marked(values: Sequence[Mapping[str, Any]], level: str, handled: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**value, "object_marking_refs": sorted([level, str(handled["id"])])} for value in values]


def _reach(marked: Sequence[Mapping[str, Any]], handled: Mapping[str, Any], audience: Audience, now_us: int) -> Reach:
    """Of several objects the least that each gets, and every sentence once."""
    asking, own = Asking(), own_member()
    drafts = drafts_of([Piece(orjson.dumps(value), str(value.get("id", ""))) for value in marked], "This", now_us)
    members: dict[str, Would] = {}
    refused: dict[str, None] = {}
    for draft in drafts:
        beside = {str(handled["id"]): dict(handled)}
        found = simulate(draft, asking, default=DEFAULT, voucher=own.identity, beside=beside, altered=audience.altered)
        # That nobody but its owner gets it stands in the way only of what is meant for somebody else.
        refused |= {one.sentence: None for one in found.blocking if one.code not in ("audience-empty", BASIS_MISSING)}
        for each in found.reached:
            variant = each.decision.variant or ""
            would = Would(each.member, variant, summary(each.decision), each.honours_recall)
            before = members.get(each.member)
            members[each.member] = would if before is None or _ORDER[variant] < _ORDER[before.variant] else before
    called = dict(Member.objects.filter(identity__in=audience.named).values_list("identity", "name"))
    for name in dict.fromkeys(called.get(one, one) for one in audience.named):
        one = members.get(name)
        if name == own.name or is_id(name):  # whom this node does not know gets nothing from it
            continue
        if one is None:
            refused[f"{name} is no member any more."] = None
        elif not one.variant:
            refused[f"{name} would not get it: {one.reason}."] = None
        elif one.variant != "full" and not audience.altered:
            refused[f"{name} would get it {one.variant}: {one.reason}."] = None
    others = [one for one in members.values() if one.member != own.name and (one.member != PUBLIC or one.variant)]
    if audience.communities and not any(one.variant for one in others):  # an empty group means nobody
        refused[f"Nobody in {', '.join(audience.communities)} would get it."] = None
    return Reach(tuple(others), tuple(refused))
