"""Every write about asking for help and giving it. What members say is an object of their own; nothing here changes another's.

An act is allowed where the state of the thread, as the own member has it, lets its side take it: the same list of steps by which every
node folds the thread afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.intake.own import Audience, reach, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.threads.queries import Part, part, thread
from commonwatch.base.threads.writing import Values, answering, as_own, made, parts_of
from commonwatch.capabilities.assistance import catalogue, rules
from commonwatch.capabilities.assistance.facts import form_named, machine, skills
from commonwatch.capabilities.assistance.forms import Form, gaps
from commonwatch.capabilities.assistance.models import Ignored
from commonwatch.capabilities.assistance.saying import stands
from commonwatch.capabilities.assistance.standing import OfferView, Possible, RequestView
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.stix.ids import is_id
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import format_time

HOUR_US = 3_600 * MICROSECONDS


@dataclass(frozen=True)
class Asked:
    """A filled form, with what is needed as units that can be offered and counted."""

    form: str
    name: str
    contact: stix.Contact
    answers: Mapping[str, str]
    needs: Sequence[stix.Need] = ()
    urgency: str = "routine"
    asked: Sequence[str] = ()  # members by name, or by identity
    case: str = ""
    expires: str = ""
    hours: Mapping[str, int] = field(default_factory=dict)  # acknowledge, answer, deliver; else those of the form


@dataclass(frozen=True)
class Given:
    """What an offer says."""

    contact: stix.Contact
    parts: Sequence[stix.Part] = ()
    terms: str = ""
    costs: str = ""
    basis: str = ""
    languages: Sequence[str] = ()
    deliver_by: str = ""
    expires: str = ""


@dataclass(frozen=True)
class Said:
    """What an answer says besides its act."""

    reason: str = ""
    terms: str = ""
    parts: Sequence[stix.Part] = ()
    automatic: bool = False


def drafted(asked: Asked, by: By) -> dict[str, object]:
    """The request that would be sent; raises InvalidInput with every gap of the form, or what else is wrong with it."""
    form = form_named(asked.form)
    found = gaps(form, asked.answers)
    if found:
        raise InvalidInput(
            "form-gaps",
            f"The form {form.id} cannot be sent yet: {' '.join(gap.sentence for gap in found)}",
            " ".join(gap.remedy for gap in found[:3]),
            data={"gaps": msgspec.to_builtins(found)},
        )
    names = [need.id for need in asked.needs]
    if len(set(names)) != len(names):
        raise InvalidInput("needs-twice", "Two needs have the same name.", "Number them: n1, n2 and so on.")
    for need in asked.needs:
        skills().named(need.skill)
        _ordered(need.begins, need.ends)
    answers = {name: text.strip() for name, text in asked.answers.items() if text.strip()}
    content = stix.Request(
        name=asked.name.strip(),
        form=form.id,
        contact=asked.contact,
        answers=answers,
        needs=tuple(asked.needs),
        urgency=asked.urgency,  # type: ignore[arg-type]
        acknowledge_by=_due(form, asked, "acknowledge", by),
        answer_by=_due(form, asked, "answer", by),
        deliver_by=_due(form, asked, "deliver", by),
        expires=asked.expires,
        asked_refs=tuple(sorted({one if is_id(one) else member_named(one).identity for one in asked.asked})),
        case_ref=asked.case or None,
    )
    return made(stix.REQUEST, content, by)


def request(asked: Asked, audience: Audience, by: By) -> str:
    """Ask for help. Whoever is asked by name gets it, or it is not sent."""
    value = drafted(asked, by)
    said = {"form": asked.form, "to": [*audience.named, *audience.communities]}
    return write([value], with_asked(asked, audience), by=by, action="assistance.request", detail=said)[0]


def with_asked(asked: Asked, audience: Audience) -> Audience:
    """The audience with those that are asked by name; a community is there without being named."""
    named = tuple(dict.fromkeys((*audience.named, *(() if audience.communities else asked.asked))))
    return Audience(audience.tlp, named, audience.communities, audience.pap, audience.altered, audience.also_others)


def offer(root: str, given: Given, by: By, audience: Audience | None = None) -> str:
    """Offer help with a request."""
    parts = parts_of(root, by)
    view = _folded(parts, by)
    _may(view, "offer", root)
    needs = {covered.need.id for covered in view.needs}
    for one in given.parts:
        if one.need not in needs:
            raise InvalidInput("need-unknown", f"The request has no need {one.need}.", "See `commonwatch assist show`.")
        if one.capability_ref is not None and _capability(one.capability_ref, by).author != own_member().identity:
            raise NotAllowed("capability-other", "That capability is another member's.", "Offer what is your own.")
    content = stix.Offer(
        request_ref=view.id,
        contact=given.contact,
        parts=tuple(given.parts),
        terms=given.terms,
        costs=given.costs,
        basis=given.basis,
        languages=tuple(given.languages),
        deliver_by=given.deliver_by,
        expires=given.expires,
        follows_refs=view.latest,
    )
    value = made(stix.OFFER, content, by)
    return write([value], audience or answering(parts[0]), by=by, action="assistance.offer", detail={"request": root})[
        0
    ]


def answer(root: str, about: str, act: stix.Act, said: Said, by: By, audience: Audience | None = None) -> str:
    """Acknowledge, refuse, accept, begin, wait, deliver, dispute, confirm, close or withdraw."""
    parts = parts_of(root, by)
    view = _folded(parts, by)
    possible = _may(view, act, about)
    if possible.needs_reason and not said.reason.strip():
        raise InvalidInput("reason-needed", "This act needs a reason.", "Give --reason: the other side acts on it.")
    offered = view.offer(about)
    agreed = tuple(said.parts)
    if act == "accept" and offered is not None:
        agreed = agreed or offered.content.parts
    content = stix.Answer(
        request_ref=view.id,
        about_ref=about,
        act=act,
        by=by.actor,
        automatic=said.automatic,
        reason=said.reason.strip(),
        terms=said.terms or (offered.content.terms if act == "accept" and offered is not None else ""),
        parts=agreed,
        follows_refs=view.latest,
    )
    value = made(stix.ANSWER, content, by)
    held = _holding(view, offered, agreed, by) if act == "accept" and offered is not None else []
    to = audience or answering(parts[0], *((offered.author,) if offered is not None else ()))
    for values, whom in held:
        refused = reach(values, whom, now_us=by.now_us).refused
        if refused:
            raise NotAllowed(
                "not-shareable", f"The reservation cannot be shared: {' '.join(refused)}", "Ask its owner."
            )
    written = write([value], to, by=by, action=f"assistance.{act}", detail={"about": about, "reason": said.reason})[0]
    for values, whom in held:
        write(values, whom, by=by, action="assistance.reserve", detail={"for": about})
    return written


def add_capability(content: stix.Capability, audience: Audience, by: By) -> str:
    """Put into the catalogue what the own member can give."""
    skills().named(content.skill)
    _ordered(content.begins, content.ends)
    value = made(stix.CAPABILITY, content, by)
    said = {"skill": content.skill, "quantity": content.quantity}
    return write([value], audience, by=by, action="assistance.capability", detail=said)[0]


def end_capability(identity: str, reason: str, by: By) -> None:
    """Take one's own out of the catalogue; what was reserved of it stays on record."""
    parts = parts_of(identity, by)
    view, root = _capability(identity, by), parts[0]
    if view.author != own_member().identity:
        raise NotAllowed("capability-other", "That capability is another member's.", "Only its author can end it.")
    if root.revoked:
        raise Conflict("capability-ended", "It was taken out already.", "Nothing is to be done.")
    value = {**root.value, "revoked": True, "modified": format_time(max(by.now_us, root.modified_us + 1_000), 3)}
    write([value], answering(root), by=by, action="assistance.capability-end", detail={"reason": reason})


def reserve(identity: str, quantity: int, begins: str, ends: str, reason: str, by: By) -> str:
    """Hold some of a capability, one's own or another's. Where there is not enough, it is contested and its owner decides."""
    view = _capability(identity, by)
    if view.ended:
        raise Conflict(
            "capability-ended", "It is not in the catalogue any more.", "See `commonwatch assist catalogue list`."
        )
    _ordered(begins, ends)
    content = stix.Reservation(
        capability_ref=identity,
        act="reserve",
        quantity=quantity,
        begins=begins,
        ends=ends,
        by=by.actor,
        reason=reason,
        follows_refs=view.latest,
    )
    return _about_capability(content, by)


def release(reservation: str, reason: str, by: By) -> str:
    """Give back what was reserved; its owner refuses it by the same act."""
    return _decide(reservation, "release", reason, by)


def allot(reservation: str, reason: str, by: By) -> str:
    """Decide, as the owner, that this reservation stands: it goes before those that nobody decided on."""
    return _decide(reservation, "allot", reason, by)


def ignore(need: str, supply: str, reason: str, by: By) -> None:
    """Decide against a proposed pair; it is not proposed here again."""
    if not reason.strip():
        raise InvalidInput("reason-needed", "To ignore a proposal needs a reason.", "Give one: others ask later.")
    with transaction.atomic():
        Ignored.objects.update_or_create(
            need=need, supply=supply, defaults={"reason": reason.strip(), "by": by.actor, "at_us": by.now_us}
        )
        said = {"supply": supply, "reason": reason.strip()}
        record(by.actor, "assistance.ignore", need, "done", said, now_us=by.now_us)


def reconsider(need: str, supply: str, by: By) -> None:
    """Let an ignored pair be proposed again."""
    with transaction.atomic():
        gone, _ = Ignored.objects.filter(need=need, supply=supply).delete()
        if not gone:
            raise NotFound("pair-not-ignored", "That pair is not ignored.", "Nothing is to be done.")
        record(by.actor, "assistance.reconsider", need, "done", {"supply": supply}, now_us=by.now_us)


def _folded(parts: Sequence[Part], by: By) -> RequestView:
    view = rules.fold(parts, machine(), by.now_us)
    if view is None:
        raise NotFound(
            "request-unknown", f"{parts[0].id} is no request that can be read.", "See `commonwatch assist list`."
        )
    return view


def _may(view: RequestView, act: str, about: str) -> Possible:
    possible = rules.possible(view, own_member().identity, machine())
    found = next((one for one in possible if (one.act, one.about) == (act, about)), None)
    if found is None:
        raise Conflict(
            "act-not-now",
            f"{stands(view.state)} That cannot be done now.",
            "See what can be done: commonwatch assist show.",
            data={"state": view.state, "possible": msgspec.to_builtins(possible)},
        )
    return found


def _holding(
    view: RequestView, offered: OfferView, agreed: Sequence[stix.Part], by: By
) -> list[tuple[Values, Audience]]:
    """The reservations that an acceptance makes, each for those who see the capability; else for its owner."""
    needs = {one.need.id: one.need for one in view.needs}
    found: list[tuple[Values, Audience]] = []
    for one in agreed:
        need = needs.get(one.need)
        if one.capability_ref is None or need is None:
            continue
        content = stix.Reservation(
            capability_ref=one.capability_ref,
            act="reserve",
            quantity=one.quantity,
            begins=need.begins,
            ends=need.ends,
            for_ref=offered.id,
            by=by.actor,
        )
        seen = thread(as_own(by), one.capability_ref)
        audience = answering(seen[0]) if seen else Audience("TLP:AMBER", (offered.author,))
        found.append(([made(stix.RESERVATION, content, by)], audience))
    return found


def _decide(reservation: str, act: str, reason: str, by: By) -> str:
    view, row = _reservation(reservation, by)
    own = own_member().identity
    if act == "allot" and view.author != own:
        raise NotAllowed("capability-other", "Only its owner decides on it.", "Ask the owner.")
    if own not in (view.author, row.author):
        raise NotAllowed("reservation-other", "The reservation is another member's.", "Ask who made it, or the owner.")
    content = stix.Reservation(
        capability_ref=view.id,
        act=act,  # type: ignore[arg-type]
        quantity=row.quantity,
        about_ref=reservation,
        by=by.actor,
        reason=reason,
        follows_refs=view.latest,
    )
    return _about_capability(content, by)


def _about_capability(content: stix.Reservation, by: By) -> str:
    root = parts_of(content.capability_ref, by)[0]
    value = made(stix.RESERVATION, content, by)
    said = {"capability": content.capability_ref, "quantity": content.quantity, "reason": content.reason}
    return write([value], answering(root), by=by, action=f"assistance.{content.act}", detail=said)[0]


def _capability(identity: str, by: By) -> catalogue.CapabilityView:
    view = catalogue.fold(thread(as_own(by), identity), by.now_us)
    if view is None:
        raise NotFound(
            "capability-unknown", f"There is no capability {identity}.", "See `commonwatch assist catalogue list`."
        )
    return view


def _reservation(identity: str, by: By) -> tuple[catalogue.CapabilityView, catalogue.Held]:
    found = part(as_own(by), identity)
    root = found.value.get("capability_ref") if found is not None else None
    view = catalogue.fold(thread(as_own(by), str(root)), by.now_us) if root else None
    row = next((one for one in view.held if one.id == identity), None) if view is not None else None
    if view is None or row is None:
        raise NotFound(
            "reservation-unknown", f"There is no reservation {identity}.", "See `commonwatch assist catalogue list`."
        )
    return view, row


def _due(form: Form, asked: Asked, what: str, by: By) -> str:
    hours = asked.hours.get(what, getattr(form, f"{what}_hours"))
    if not 0 <= hours <= 24 * 366:
        raise InvalidInput(
            "hours-odd",
            f"A clock of {hours} hours is too long, or runs backwards.",
            "Give a number from 0, which sets none.",
        )
    return format_time(by.now_us + hours * HOUR_US, 0) if hours else ""


def _ordered(begins: str, ends: str) -> None:
    start, end = catalogue.span(begins, ends)
    if start >= end:
        raise InvalidInput("times-order", f"It ends ({ends}) before it begins ({begins}).", "Correct one of the two.")


def possible_now(view: RequestView) -> tuple[Possible, ...]:
    """What the own member may do about a request now."""
    return rules.possible(view, own_member().identity, machine())
