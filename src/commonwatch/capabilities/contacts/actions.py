"""Every write about contacts. A contact is written by the member it speaks for; a ping by who asks; an answer by the contact's member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.intake.own import Audience, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import own_member
from commonwatch.base.threads.queries import part, roots, thread
from commonwatch.base.threads.writing import answering, as_own, checked, made, parts_of
from commonwatch.capabilities.contacts import hours, profile, rules
from commonwatch.capabilities.contacts.rules import ContactView, PingView
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.stix.ordering import content_of
from commonwatch.core.stix.response import contacts as stix
from commonwatch.core.stix.times import format_time

MINUTE_US = 60 * MICROSECONDS
DEFAULT_MINUTES = 60
MOST_MINUTES = 60 * 24 * 30


def nominate(content: stix.Contact, audience: Audience, by: By) -> str:
    """Say who is reached in which matter. It counts as confirmed on the day it is made."""
    _check(content)
    confirmed = msgspec.structs.replace(content, confirmed=format_time(by.now_us, 0))
    value = made(stix.CONTACT, confirmed, by)
    said = {"name": content.name, "roles": list(content.roles)}
    return write([value], audience, by=by, action="contact.nominate", detail=said)[0]


def change(identity: str, content: stix.Contact, by: By) -> None:
    """Correct one of our own contacts; that counts as a confirmation."""
    _check(content)
    confirmed = msgspec.structs.replace(content, confirmed=format_time(by.now_us, 0))
    _version(identity, checked(confirmed), "contact.change", {}, by)


def confirm(identity: str, by: By) -> None:
    """Say that one of our own contacts still holds: due once a year."""
    view = _own(identity, by)
    confirmed = msgspec.structs.replace(view.content, confirmed=format_time(by.now_us, 0))
    _version(identity, checked(confirmed), "contact.confirm", {}, by)


def end(identity: str, reason: str, by: By) -> None:
    """Take one of our own contacts back."""
    if not reason.strip():
        raise InvalidInput("reason-needed", "To end a contact needs a reason.", "Give one, for the record.")
    _own(identity, by)
    _version(identity, {"revoked": True}, "contact.end", {"reason": reason.strip()}, by)


def ping(
    identity: str,
    by: By,
    *,
    text: str = "",
    minutes: int = DEFAULT_MINUTES,
    escalates: bool = False,
    after: str = "",
) -> str:
    """Ask whether anybody is there. Only the contact's member gets it."""
    if not 1 <= minutes <= MOST_MINUTES:
        raise InvalidInput("minutes-odd", f"{minutes} minutes are no time to answer in.", "Give a number from 1.")
    view = _contact(identity, by)
    if view.ended:
        raise Conflict("contact-ended", "That contact was taken back.", "See `commonwatch contact list`.")
    content = stix.Ping(
        contact_ref=identity,
        text=text.strip(),
        by=by.actor,
        answer_by=format_time(by.now_us + minutes * MINUTE_US, 0),
        escalates=escalates,
        ping_ref=after or None,
    )
    own = own_member().identity
    audience = Audience("TLP:AMBER", () if view.author == own else (view.author,))
    said = {"contact": identity, "minutes": minutes, "after": after}
    return write([made(stix.PING, content, by)], audience, by=by, action="contact.ping", detail=said)[0]


def answer(identity: str, by: By, *, text: str = "", automatic: bool = False) -> str:
    """Answer a ping of one of our own contacts; `automatic` where the node does so by itself."""
    view, sent = pinged(identity, by)
    own = own_member().identity
    if view.author != own:
        raise NotAllowed("contact-other", "That ping is for another member's contact.", "Its own people answer it.")
    if (sent.automatic_us if automatic else sent.answered_us) is not None:
        raise Conflict("ping-answered", "It is answered already.", "Nothing is to be done.")
    content = stix.Pong(contact_ref=view.id, ping_ref=sent.id, by=by.actor, automatic=automatic, text=text.strip())
    audience = Audience("TLP:AMBER", () if sent.author == own else (sent.author,))
    said = {"ping": identity, "automatic": automatic}
    return write([made(stix.PONG, content, by)], audience, by=by, action="contact.answer", detail=said)[0]


def set_profile(content: stix.Profile, audience: Audience, by: By, *, whole: bool = True) -> str:
    """Say what our team is, after RFC 2350. Given again, it is a later version; not `whole`: other sections stay as they were."""
    odd = sorted(set(content.sections) - set(profile.SECTIONS))
    if odd:
        raise InvalidInput(
            "section-unknown", f"RFC 2350 has no section {odd[0]}.", "See `commonwatch contact profile`."
        )
    before = _own_profile(by)
    if before is None:
        value = made(stix.PROFILE, content, by)
        return write([value], audience, by=by, action="contact.profile")[0]
    identity, held = before
    kept = {} if whole else held.sections
    sections = {number: text for number, text in {**kept, **content.sections}.items() if text.strip()}
    _version(identity, checked(stix.Profile(content.name or held.name, sections)), "contact.profile", {}, by)
    return identity


def _own_profile(by: By) -> tuple[str, stix.Profile] | None:
    own = own_member().identity
    for root in roots(as_own(by), [stix.PROFILE], None, 100):
        content = content_of(root, stix.CONTENTS) if root.author == own and not root.revoked else None
        if isinstance(content, stix.Profile):
            return root.id, content
    return None


def pinged(identity: str, by: By) -> tuple[ContactView, PingView]:
    """A ping with the contact that it is for; raises NotFound."""
    found = part(as_own(by), identity)
    root = found.value.get("contact_ref") if found is not None else None
    view = rules.fold(thread(as_own(by), root), by.now_us) if isinstance(root, str) else None
    sent = next((one for one in view.pings if one.id == identity), None) if view is not None else None
    if view is None or sent is None:
        raise NotFound("ping-unknown", f"There is no ping {identity}.", "See `commonwatch contact pings`.")
    return view, sent


def _contact(identity: str, by: By) -> ContactView:
    view = rules.fold(thread(as_own(by), identity), by.now_us)
    if view is None:
        raise NotFound("contact-unknown", f"There is no contact {identity}.", "See `commonwatch contact list`.")
    return view


def _own(identity: str, by: By) -> ContactView:
    view = _contact(identity, by)
    if view.author != own_member().identity:
        raise NotAllowed("contact-other", "That contact is another member's.", "Only its member changes it.")
    if view.ended:
        raise Conflict("contact-ended", "It was taken back already.", "Nominate a new one.")
    return view


def _version(identity: str, changes: Mapping[str, Any], action: str, detail: Mapping[str, object], by: By) -> None:
    """A later version of an object of our own, for whom the one before was."""
    root = parts_of(identity, by)[0]
    if root.author != own_member().identity:
        raise NotAllowed("contact-other", "That is another member's.", "Only its member changes it.")
    head = ("type", "spec_version", "id", "created_by_ref", "created", "extensions")
    kept = root.value if "revoked" in changes else {name: root.value[name] for name in head if name in root.value}
    at = format_time(max(by.now_us, root.modified_us + 1_000), 3)
    write([{**kept, **changes, "modified": at}], answering(root), by=by, action=action, detail=detail)


def _check(content: stix.Contact) -> None:
    hours.zone(content.time_zone)
    if not (content.telephone or content.email or content.channel):
        raise InvalidInput(
            "contact-unreachable", "Nobody could reach it.", "Give a telephone number, a mail address or a channel."
        )
    if "round-the-clock" in content.roles and content.hours:
        raise InvalidInput(
            "hours-round-the-clock", "Who is there around the clock has no hours.", "Leave out one of the two."
        )
